"""Puts what is due into the queue: chunks of models to check, and runs that nobody is at."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from autopilot import spec as written
from autopilot.desk import Desk
from autopilot.fleet.lapsing import late
from autopilot.fleet.queues import CHECKS
from autopilot.fleet.schedule import chunk, due_models
from checkpoints.database import Occupied
from graph.errors import NotFound, Paused
from graph.pause import Pause
from graph.policy.pausing import holding
from graph.spec import FleetSpec

CHUNK = 50
"""Models that one job checks, one after the other."""
ALERTS_APART = timedelta(seconds=60)
"""An alert that fires without end asks for one check a minute and no more; for a minute after any other it waits."""


def schedules(file: written.File, pauses: Sequence[Pause] = ()) -> dict[str, str]:
    """Return the schedule of every model that has one and is not held by a pause."""
    return {
        name: model.schedule
        for name, model in file.models.items()
        if model.schedule is not None and not holding(name, model.tags, pauses)
    }


def plan(desk: Desk) -> int:
    """Put a job for every chunk with models that are due, and one for those whose slot is free. Return how many.

    What keeps a slot for nothing is looked at, too, whoever knows its model: it begins, or gives the slot back.
    """
    file, book = desk.office.file, desk.office.book
    for held in late(desk.office, desk.clock.now()):
        book.queue.wake(held.run)
    if file.fleet is not None and desk.office.engine.can >= {"observe"}:
        book.line.keep([*file.models])
    due = due_models(schedules(file, book.pauses()), book.watches.all(), desk.clock.now())
    chunks: dict[int, list[str]] = defaultdict(list)
    for name in sorted(due, key=lambda name: (due[name], name)):
        chunks[chunk(name, -(-len(file.models) // CHUNK))].append(name)
    waiting = [name for name in called(desk) if name not in due]
    jobs = {
        **{f"check:{number}": models for number, models in chunks.items()},
        **({"check:slots": waiting} if waiting else {}),
    }
    return sum(book.queue.put(CHECKS, "check", key, {"models": models}) for key, models in jobs.items())


def called(desk: Desk) -> dict[str, str]:
    """Return the models whose wish for a training could be granted now, with the run that wished it; best first."""
    file, book = desk.office.file, desk.office.book
    if file.fleet is None:
        return {}
    shared = FleetSpec(file.fleet.slots, file.fleet.false_retrains, len(file.models))
    found = book.line.called(shared, desk.clock.now())
    return {name: run for name, run in found.items() if name in file.models}


def answer_alerts(desk: Desk) -> None:
    """Look at alerts, for a worker that swept and may ask for no check."""
    try:
        with desk.office.book.database.locked("sweep", patience_s=0):
            look_at_alerts(desk)
    except Occupied:
        # Who holds it looks, or puts this job again.
        return


def sweep(desk: Desk) -> None:
    """Put what would be forgotten: jobs of workers that died, open runs without a job, alerts nobody looked at.

    Runs of models that are not in the file are left alone: another worker may have another one.
    """
    book = desk.office.book
    try:
        with book.database.locked("sweep", patience_s=0):
            book.queue.take_back()
            _alerts(desk)
            book.queue.sweep(desk.office.file.models)
    except Occupied:
        return


def _alerts(desk: Desk) -> None:
    """Look at alerts, or have somebody do it who may ask for a check."""
    if "observe" in desk.office.engine.can:
        look_at_alerts(desk)
    elif desk.office.book.alerts.waiting():
        desk.office.book.queue.put(CHECKS, "alerts", "alerts", {})


def look_at_alerts(desk: Desk) -> None:
    """Have each model checked that an alert names, once for all of its alerts.

    A check that began after an alert answers it: of a model that is checked all the time none is asked for.
    """
    book, now = desk.office.book, desk.clock.now()
    book.alerts.answered(now)
    for row in book.alerts.waiting():
        model, latest = row["model"], book.runs.latest(row["model"])
        if model not in desk.office.file.models or (latest and _just_begun(latest["started_at"], now)):
            continue
        try:
            book.alerts.taken(model, desk.office.engine.request(model), now)
        except (Paused, NotFound):
            # Its alerts wait, and lead to one check once it goes on; where its entry just went, to none.
            continue


def _just_begun(at: datetime, now: datetime) -> bool:
    # One that lies ahead was begun before the clock was set back: it keeps no alert waiting.
    return timedelta(0) <= now - at < ALERTS_APART
