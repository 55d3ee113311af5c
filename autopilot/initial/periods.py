"""Stretches of time for a first file: which rows are the reference, how often to look, how long to train."""

import math
from datetime import datetime, timedelta

from autopilot.initial.draft import Draft

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
_BUSY = 20_000
"""Rows an hour from which on a day is too much to read, and too long to wait."""
_ENOUGH = 200
"""Rows that one look needs: policy.min_rows."""


def settle(draft: Draft, first: datetime, last: datetime, rows: int) -> None:
    """Take a reference, a window and the training's windows for a log of `rows` rows from `first` to `last`."""
    span = max(last - first, HOUR)
    _window(draft, rows / (span / HOUR))
    _reference(draft, first, span)
    holdout = min(max(round(span / DAY / 8), 1), 14)
    draft.settle("training.window", "90d", "train on the labelled rows of this long before the holdout")
    because = "the newest labelled rows, never trained on: champion and challenger meet there"
    draft.settle("training.holdout", f"{holdout}d", because)


def _window(draft: Draft, hourly: float) -> None:
    """Take a window that holds enough rows to tell something, and not many more."""
    daily = hourly * 24
    if hourly > _BUSY:
        draft.settle("window", "1h", f"one look at the log; it has about {hourly:,.0f} rows an hour")
    elif daily >= _ENOUGH:
        draft.settle("window", "1d", f"one look at the log; it has about {daily:,.0f} rows a day")
    else:
        because = f"one look at the log; it has only about {daily:,.0f} rows a day, and a look needs {_ENOUGH}"
        draft.settle("window", "7d", because, check=7 * daily < _ENOUGH)


def _reference(draft: Draft, first: datetime, span: timedelta) -> None:
    """Take the first third, in whole days: a log is seldom degraded from its beginning."""
    start = first.replace(hour=0, minute=0, second=0, microsecond=0)
    days = max(1, math.floor(span / DAY / 3))
    because = "the first third of the log; rows known to be good, until a promoted version brings its own"
    draft.settle("reference.from", start.date(), because, check=True)
    draft.settle("reference.until", (start + days * DAY).date(), "not included")


def duration(time: timedelta) -> str:
    """Return a duration as the file writes it, rounded up: `3d`, `7h`, `1h` at least."""
    if time > DAY / 2:
        return f"{math.ceil(time / DAY)}d"
    return f"{max(1, math.ceil(time / HOUR))}h"
