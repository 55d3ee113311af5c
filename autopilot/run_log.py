"""What becomes of runs, as lines of the log. Each is a row first: the ledger knows, the log tells.

Nobody hears it but where a process that stays has opened its log.
"""

import logging

from graph.errors import AutopilotError
from graph.state import State

_log = logging.getLogger("autopilot.run")
_log.addHandler(logging.NullHandler())


def decided(model: str, run: str, checked: State) -> None:
    """Say what a check found and what is done."""
    verdict, action, reason = (checked.get(key) for key in ("verdict", "action", "reason"))
    _tell(logging.INFO, "decided", model, run, f"{verdict}, {action}: {reason}")


def waits(model: str, run: str, kind: str | None) -> None:
    """Say what a run waits for."""
    _tell(logging.INFO, "waits", model, run, f"waits for {kind or 'somebody'}")


def answered(model: str, run: str, person: str, decision: str, channel: str) -> None:
    """Say who answered what."""
    _tell(logging.INFO, "answered", model, run, f"{person} answers {decision} through {channel}")


def ended(model: str, run: str, outcome: str) -> None:
    """Say how a run ended."""
    _tell(logging.INFO, "ended", model, run, f"ended: {outcome}")


def stood_still(model: str, run: str, error: AutopilotError) -> None:
    """Say why a run does not go on, or could not be made."""
    _tell(logging.WARNING, error.kind, model, run, error.message)


def _tell(level: int, event: str, model: str, run: str, message: str) -> None:
    _log.log(level, "%s", message, extra={"event": event, "model": model, "run": run})
