"""When a model is due. Pure: what was checked and what time it is are arguments.

A model's schedule is five fields of cron, in UTC. Each model comes a little after the time that they name, always by
the same delay, so that a thousand hourly models do not all begin on the hour.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from autopilot.cron import last
from checkpoints.ledger.watches import Watch

_SHARE = 4
"""Of the time between two ticks: over a fourth of it the models are spread, …"""
_LONGEST = timedelta(minutes=15)
"""… and over so much at most."""
_FIRST_RETRY, _LAST_RETRY = timedelta(minutes=1), timedelta(minutes=15)
_RESOLUTION = 2**32


@dataclass(frozen=True, slots=True)
class Ticks:
    """The two newest times of one schedule, as of some moment."""

    newest: datetime
    before: datetime


def ticks(schedule: str, now: datetime) -> Ticks:
    """Return the two newest times that a schedule names, `now` included."""
    newest = last(schedule, now)
    return Ticks(newest, last(schedule, newest - timedelta(microseconds=1)))


def jitter(model: str, period: timedelta) -> timedelta:
    """Return how long after each tick this model comes: derived from its name, so the same in every process."""
    part = zlib.crc32(model.encode()) / _RESOLUTION
    return timedelta(seconds=int(part * min(period / _SHARE, _LONGEST).total_seconds()))


def due(model: str, found: Ticks, watch: Watch, now: datetime) -> datetime | None:
    """Return the tick that the model is to be checked for, or None.

    Always the newest: however many were missed, they are caught up by one check. A new model is checked at once.
    """
    come = found.newest + jitter(model, found.newest - found.before) <= now
    tick = found.newest if come or watch.checked_until is None else found.before
    if watch.checked_until is not None and tick <= watch.checked_until:
        return None
    return None if watch.retry_at is not None and now < watch.retry_at else tick


def due_models(schedules: Mapping[str, str], watches: Mapping[str, Watch], now: datetime) -> dict[str, datetime]:
    """Return the tick of every model that is due. `schedules` has the models that are to be checked."""
    known = {schedule: ticks(schedule, now) for schedule in set(schedules.values())}
    found = {name: due(name, known[each], watches.get(name, Watch()), now) for name, each in schedules.items()}
    return {name: tick for name, tick in found.items() if tick is not None}


def retry_at(failures: int, now: datetime) -> datetime:
    """Return when a check that got no answer is tried again; `failures` counts those before it."""
    return now + min(_FIRST_RETRY * 2.0 ** min(failures, 10), _LAST_RETRY)


def chunk(model: str, chunks: int) -> int:
    """Return which chunk a model belongs to: the same one in every process, as long as there are as many."""
    return zlib.crc32(f"chunk of {model}".encode()) % chunks
