"""Which models were not checked on time."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from autopilot import spec as written
from autopilot.observing.cron import following

GRACE = timedelta(minutes=15)
"""For whoever is to check: it has many to check, and each takes its time."""
Following = Callable[[str, datetime], datetime]
"""When a schedule comes next after a time."""


def overdue(
    file: written.File, checked: Mapping[str, datetime], now: datetime, following: Following = following
) -> list[str]:
    """Return the models whose schedule came again, and whose check did not. `checked` is when each last was.

    One that has a schedule and never was checked is overdue; one without a schedule never is.
    """
    scheduled = {name: entry.schedule for name, entry in file.models.items() if entry.schedule}
    return [
        name
        for name, schedule in scheduled.items()
        if name not in checked or now > following(schedule, checked[name]) + GRACE
    ]
