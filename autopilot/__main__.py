"""The entry: parse, find the command, run it, translate errors into exit codes."""

import importlib
import os
import sys
from collections.abc import Sequence

from autopilot import output
from autopilot.cli.parser import parser
from graph.errors import AutopilotError

_ROOMS = {
    "run": "act",
    "resume": "act",
    "cancel": "act",
    "rollback": "act",
    "supervise": "people",
    "approve": "ask",
    "deny": "ask",
    "answer": "ask",
    "runs": "show",
    "status": "fleet",
    "pause": "fleet",
    "unpause": "fleet",
    "explain": "show",
    "report": "show",
    "backtest": "backtest",
    "graph": "show",
    "doctor": "keep",
    "db": "keep",
    "init": "keep",
    "demo": "keep",
    "judge": "judge",
    "serve": "people",
    "work": "work",
    "token": "people",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = parser().parse_args(argv)
    room = importlib.import_module(f"autopilot.cli.{_ROOMS[arguments.command]}")
    try:
        code: int = getattr(room, arguments.command)(arguments)
    except AutopilotError as error:
        return output.failed(error, as_json=arguments.json)
    except KeyboardInterrupt:
        output.say("interrupted; what was started goes on, see: autopilot runs", as_json=True)
        return 1
    except BrokenPipeError:
        # The reader of our output left (`| head`). Pointing stdout elsewhere keeps the interpreter's exit quiet.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


if __name__ == "__main__":
    sys.exit(main())
