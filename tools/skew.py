"""How far a system's clock is from ours: what it dates is by its clock, windows and rules by ours."""

from datetime import datetime, timedelta

from tools.plugins import Finding

MOST = timedelta(seconds=60)


def clock(at: datetime | None, now: datetime, why: str = "deadlines are by its clock") -> Finding:
    """Return what is to be said of a system that answered at `at` by its own clock, None where it does not tell.

    `why` says what depends on it.
    """
    if at is None:
        return Finding("warning", "tells no time, so nothing is known of its clock", "let it send the header Date")
    ahead = at - now
    if abs(ahead) <= MOST:
        return Finding("ok", "its clock agrees with ours within a minute")
    side = "ahead of" if ahead > timedelta(0) else "behind"
    said = f"its clock is {abs(ahead).total_seconds():.0f} s {side} ours"
    return Finding("warning", said, f"set both by NTP: {why}")
