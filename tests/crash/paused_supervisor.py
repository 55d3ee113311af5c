"""Runs the supervisor as `python -P -m` does, but lets it stop right before it renames a file to NAME.

It then writes its pid to MARKER and goes on when somebody removes that file.
"""

import os
import runpy
import sys
import time
from typing import Any

NAME, MARKER, _, _, MODULE, FOLDER = sys.argv[1:]


def pause(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "os.rename" and os.path.basename(os.fspath(arguments[1])) == NAME:
        with open(MARKER + ".draft", "w") as file:
            file.write(str(os.getpid()))
        os.rename(MARKER + ".draft", MARKER)
        while os.path.exists(MARKER):
            time.sleep(0.01)


sys.addaudithook(pause)
sys.argv = [MODULE, FOLDER]
runpy.run_module(MODULE, run_name="__main__", alter_sys=True)
