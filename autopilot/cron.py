"""When a schedule fires: five fields of cron, in UTC. The library is loaded only where a schedule is looked at."""

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise

_CHANCE = re.compile(r"(?<![a-z])[hr](?![a-z])", re.IGNORECASE)
"""H and R stand for any value: another one each time that they are read."""
_MOST_PATIENCE = timedelta(hours=1)
_MOMENT = timedelta(microseconds=1)
_ANY_MONDAY, _FIRINGS = datetime(2026, 1, 5, tzinfo=UTC), 60


def five_fields(value: str) -> str:
    """Return a schedule as it is written. ValueError where it is none, or names no time that ever comes."""
    from croniter import CroniterError, croniter

    try:
        if len(value.split()) == 5 and not _CHANCE.search(value):
            croniter(value, datetime(2000, 1, 1, tzinfo=UTC)).get_next(datetime)
            return value
    except (CroniterError, KeyError):
        pass
    raise ValueError(f"{value!r} is no schedule; write five fields of cron, in UTC, such as 0 * * * *")


def last(schedule: str, until: datetime) -> datetime:
    """Return when a schedule fired last, `until` included."""
    from croniter import croniter

    # It goes back strictly: a moment later, so that a time of this very moment counts.
    fired: datetime = croniter(schedule, until.astimezone(UTC) + _MOMENT).get_prev(datetime)
    return fired


def late_since(schedule: str, now: datetime) -> datetime:
    """Return the newest firing whose check should have begun by now: a model not checked since then is overdue.

    A check may begin up to half an interval after its time, and never more than an hour: many begin at once.
    """
    newest = last(schedule, now)
    earlier = last(schedule, newest - _MOMENT)
    patience = min(_MOST_PATIENCE, (newest - earlier) / 2)
    return newest if now - newest >= patience else earlier


@cache
def longest_pause(schedule: str) -> timedelta:
    """Return the longest time between two firings, of some dozens: a schedule may leave out nights and weekends."""
    from croniter import croniter

    firing = croniter(schedule, _ANY_MONDAY)
    times = [firing.get_next(datetime) for _ in range(_FIRINGS)]
    pauses: list[timedelta] = [later - earlier for earlier, later in pairwise(times)]
    return max(pauses)
