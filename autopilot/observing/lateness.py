"""Which models were not checked on time."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache

from autopilot import spec as written
from autopilot.observing.cron import latest

GRACE = timedelta(minutes=15)
"""For whoever is to check: it has many to check, and each takes its time."""
Latest = Callable[[str, datetime], datetime]
"""When a schedule came last, up to a time."""


def overdue(file: written.File, checked: Mapping[str, datetime], now: datetime, latest: Latest = latest) -> list[str]:
    """Return the models whose schedule came, and whose check did not. `checked` is when each last was.

    One that has a schedule and never was checked is overdue; one without a schedule never is.
    """
    came = cache(lambda schedule: latest(schedule, now - GRACE))
    scheduled = {name: entry.schedule for name, entry in file.models.items() if entry.schedule}
    return [name for name, schedule in scheduled.items() if name not in checked or checked[name] < came(schedule)]
