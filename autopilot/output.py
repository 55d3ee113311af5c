"""What reaches the user: one JSON document, or text; errors in one line with what to do next."""

import json
import sys
from typing import Any

from graph.errors import AutopilotError, Misconfigured, Refused


def document(value: Any) -> None:
    """Print one JSON document on stdout."""
    json.dump(value, sys.stdout, indent=2, default=str, ensure_ascii=False)
    sys.stdout.write("\n")


def say(text: str, *, as_json: bool = False) -> None:
    """Print people's text: on stdout, or on stderr where stdout belongs to a JSON document."""
    print(text, file=sys.stderr if as_json else sys.stdout, flush=True)


def failed(error: AutopilotError, *, as_json: bool) -> int:
    """Report an error and return its exit code."""
    if as_json:
        document({"error": {"kind": error.kind, "message": error.message, "hint": error.hint}})
    text = error.message + (f"\n  → {error.hint}" if error.hint else "")
    print(f"autopilot: {text}", file=sys.stderr, flush=True)  # noqa: T201
    return code(error)


def code(error: BaseException) -> int:
    """Return the exit code of a command that an error ended."""
    if isinstance(error, Misconfigured):
        return 2
    return 5 if isinstance(error, Refused) else 1
