"""The one source of time: the system's, or the one a person set with --now or AUTOPILOT_NOW."""

from datetime import UTC, datetime, timedelta
from time import monotonic

from graph.errors import Misconfigured


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Return the present in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A time that stands still: what a one-shot command with --now sees."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """Return the fixed time."""
        return self._at


class RunningClock:
    """A time that starts where it was set and runs on: what a process that stays sees with --now."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._began = monotonic()

    def now(self) -> datetime:
        """Return the time it has become."""
        return self._at + timedelta(seconds=monotonic() - self._began)


def parse(text: str, source: str) -> datetime:
    """Return an RFC 3339 time as UTC. Misconfigured, naming `source`, when it is none or has no zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Misconfigured(f"{source}: {text!r} is not a time", "write it like 2026-03-01T06:00:00Z") from None
    if at.tzinfo is None:
        raise Misconfigured(f"{source}: {text!r} has no zone", f"write it like {text}Z for UTC")
    return at.astimezone(UTC)
