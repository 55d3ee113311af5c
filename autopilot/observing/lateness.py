"""Which models were not checked on time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache

from autopilot import spec as written
from autopilot.cron import late_since
from autopilot.fleet.planner import schedules
from graph.pause import Pause


def overdue(
    file: written.File, checked: Mapping[str, datetime], now: datetime, pauses: Sequence[Pause] = ()
) -> list[str]:
    """Return the models whose schedule came, and whose check did not. `checked` is when each last was.

    One that has a schedule and never was checked is overdue; one without a schedule, or paused, never is.
    """
    came = cache(lambda schedule: late_since(schedule, now))
    scheduled = schedules(file, pauses)
    return [name for name, schedule in scheduled.items() if name not in checked or checked[name] < came(schedule)]
