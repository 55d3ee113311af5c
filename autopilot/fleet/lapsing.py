"""A run that was given a slot and cannot begin ends and gives it back: its model's next check stands in line again."""

from collections.abc import Sequence
from datetime import datetime

from autopilot import run_log
from autopilot.bootstrap import Office
from checkpoints.database import Occupied, Row, run_lock
from graph.fleet import Holder
from graph.pause import Pause
from graph.policy import pausing
from graph.policy.slots import BEGINS_WITHIN
from graph.policy.words import moment, span


def late(office: Office, now: datetime) -> list[Holder]:
    """Return the runs that keep a slot for nothing; none where slots are not counted."""
    fleet = office.file.fleet
    return office.book.line.late(now) if fleet is not None and fleet.slots is not None else []


def lapse(office: Office, run: str, now: datetime) -> bool:
    """End this run if it keeps a slot for nothing. False, and nothing changed, where it does not or somebody is at it.

    Under the run's lock, in which a job is asked for: what ends here has not begun, and does not begin.
    """
    if not _mine(office, run, now):
        return False
    try:
        with office.book.database.locked(run_lock(run), patience_s=0):
            found = _mine(office, run, now)
            for held in found:
                _end(office, held, now)
    except Occupied:
        return False
    return bool(found)


def _mine(office: Office, run: str, now: datetime) -> list[Holder]:
    """Return the run if it is late and this process may end it: giving back its money is the trainer's."""
    can = office.engine.can
    return [each for each in late(office, now) if each.run == run and (not each.decided or "train" in can)]


def _end(office: Office, held: Holder, now: datetime) -> None:
    book = office.book
    entry = office.file.models.get(held.model)
    pauses = pausing.holding(held.model, entry.tags if entry else (), book.pauses())
    reason = (
        f"its slot of {moment(held.since)} was given back, because its training did not begin within "
        f"{span(BEGINS_WITHIN)}: {_why(book.runs.row(held.run), pauses)}"
    )
    if held.decided:
        # First: nobody would give it back for a run that has ended. Nothing was asked for, so nothing is to be paid.
        book.costs.release(held.run, now)
    book.finish(held.run, "voided", reason, now)
    run_log.ended(held.model, held.run, "voided")


def _why(row: Row, pauses: Sequence[Pause]) -> str:
    if pauses:
        return "; ".join(pausing.told(each) for each in pauses)
    return row["error"]["message"] if row["error"] else "nobody carried it on"
