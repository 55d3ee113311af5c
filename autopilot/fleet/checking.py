"""Checks one model by its schedule: under its lock, once per tick, its failure its own."""

from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from autopilot.defects import defect
from autopilot.desk import Desk
from autopilot.fleet.planner import called
from autopilot.fleet.schedule import due_models, retry_at
from checkpoints.database import Occupied
from checkpoints.ledger.watches import Watch
from graph.errors import AutopilotError, Paused, Unavailable


def check_lock(model: str) -> str:
    """Name the lock under which a model is checked by its schedule."""
    return f"check {model}"


def check_run(model: str, tick: datetime, failures: int) -> str:
    """Return the run of a check: derived, so that whoever repeats it after a crash finds what was decided."""
    return str(uuid5(NAMESPACE_URL, f"autopilot:check:{model}:{tick.isoformat()}:{failures}"))


def check(desk: Desk, model: str) -> None:
    """Check a model if it is due. Who comes while another is at it, or afterwards, leaves it as it is."""
    try:
        with desk.office.book.database.locked(check_lock(model), patience_s=0):
            _check_if_due(desk, model)
    except Occupied:
        return


def _check_if_due(desk: Desk, model: str) -> None:
    """Look again, under the lock, whether it is due: the job may be old, or come twice."""
    entry = desk.office.file.models.get(model)
    watch = desk.office.book.watches.of([model]).get(model, Watch())
    mine = {model: entry.schedule} if entry and entry.schedule else {}
    tick = due_models(mine, {model: watch}, desk.clock.now()).get(model)
    if tick is not None:
        _check(desk, model, tick, watch)
    elif wished := called(desk).get(model):
        _look_again(desk, model, wished)


def _look_again(desk: Desk, model: str, wished: str) -> None:
    """Check a model that waits for a slot as soon as one is free for it: what it wishes is measured anew.

    A check that cannot be made ends the wish, so nobody waits for one that does not come.
    """
    book, run = desk.office.book, str(uuid5(NAMESPACE_URL, f"autopilot:slot:{model}:{wished}"))
    try:
        acting = desk.office.engine.look(model, run)
    except AutopilotError:
        return
    except Exception as error:  # noqa: BLE001 - not hidden: it is the run's failure, and ends no other model's check
        book.finish(run, "failed", defect(error)["message"], desk.clock.now())
        book.unclaim(model)
        return
    if acting:
        book.queue.wake(acting)


def _check(desk: Desk, model: str, tick: datetime, watch: Watch) -> None:
    """Make the check. What nobody outside answered is tried again soon; any other failure waits for the next tick.

    Each failure stands in the run's row, where `status` and `explain` show it.
    """
    book, run = desk.office.book, check_run(model, tick, watch.failures)
    try:
        acting = desk.office.engine.look(model, run)
    except Paused:
        # Still due: it is checked once it goes on.
        return None
    except Unavailable:
        # One that was decided, and cut off then, is taken up under the same id: another would decide the tick again.
        if book.decisions.row(run) is None:
            book.watches.failed(model, retry_at(watch.failures, desk.clock.now()))
        return None
    except AutopilotError:
        return book.watches.done(model, tick)
    except Exception as error:  # noqa: BLE001 - not hidden: it is the run's failure, and ends no other model's check
        book.finish(run, "failed", defect(error)["message"], desk.clock.now())
        book.unclaim(model)
        return book.watches.done(model, tick)
    book.watches.done(model, tick)
    if acting:
        book.queue.wake(acting)
    return None
