"""Forks processes that have everything imported already: `python -m tests.crash.fork_server`, told by lines of JSON.

["start", NAME, SHELL, [ARGUMENTS…]] forks a process for a function of `product` and answers its pid;
["poll", PID] answers how that process ended, an exit code or minus a signal's number, or null while it lives.
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


def start(name: str, shell: dict[str, Any], arguments: list[Any]) -> int:
    pid = os.fork()
    if pid == 0:
        run(name, shell, arguments)
    return pid


def poll(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def run(name: str, shell: dict[str, Any], arguments: list[Any]) -> NoReturn:
    """Turn this process into one that a shell would have started, and do what it is for."""
    code = 1
    try:
        become(**shell)
        code = getattr(product, name)(*arguments) or 0
    except BaseException:  # noqa: BLE001 - whatever it was: a forked process must not go on as a second server
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def become(environment: dict[str, str], folder: str, output: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for descriptor, file in ((1, output), (2, f"{output}.err")):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), descriptor)
    sys.stdout, sys.stderr = (os.fdopen(descriptor, "w", closefd=False) for descriptor in (1, 2))


if __name__ == "__main__":
    serve()
