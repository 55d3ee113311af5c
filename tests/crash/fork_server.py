"""Forks processes that have everything imported already: `python -m tests.crash.fork_server`, told by lines of JSON.

`["start", NAME, [ARGUMENTS…]]` forks a process for a function of tests.crash.product and answers its pid;
`["poll", PID]` answers how it ended: an exit code, minus a signal's number, or null while it lives.
"""

import json
import os
import sys
import traceback
from typing import Any, NoReturn

from tests.crash import product


def serve() -> None:
    for line in sys.stdin:
        verb, *rest = json.loads(line)
        print(json.dumps(start(*rest) if verb == "start" else poll(*rest)), flush=True)


def start(name: str, arguments: list[Any]) -> int:
    pid = os.fork()
    if pid == 0:
        run(name, arguments)
    return pid


def poll(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def run(name: str, arguments: list[Any]) -> NoReturn:
    code = 1
    try:
        code = getattr(product, name)(*arguments) or 0
    except BaseException:  # whatever it was, the forked process must not go on as a second server
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
