"""Cancel a run: its job is stopped, whoever carries it on meanwhile, and it ends."""

from autopilot import run_log
from checkpoints.database import Row, run_lock
from checkpoints.ledger.book import PostgresLedger
from graph.errors import NotFound, Refused
from graph.model import Json
from graph.policy.outcomes import OVER
from graph.ports import Clock, Parts
from graph.state import training_key

_WHO_KNOWS_IT = "whoever has the model in its file stops the job by itself: put the entry back, or use that file"


def cancel(book: PostgresLedger, parts: Parts, clock: Clock, run: str, by: str) -> None:
    """Stop the run's job and end the run. Refused when it has ended, or its promotion has begun.

    Refused, too, where a job may run that this process does not know how to stop, as the model's entry is gone: an
    ended run would make room for a training beside it. Whoever knows the model stops the job and ends the run.
    """
    row = book.runs.row(run)
    model = row["model"]
    _require_cancellable(book, row, (None,))
    now, reason = clock.now(), f"cancelled by {by}"
    # The reason first: a process that carries the run on meanwhile reads it before its next step.
    book.runs.void(run, reason, now)
    book.runs.audit(by, "cancel", now, model, run, {})
    _stop_job(book, parts, clock, row)
    with book.database.locked(run_lock(run)):
        # A process that carried it on meanwhile may have ended it for this very reason.
        _require_cancellable(book, book.runs.row(run), (None, "cancelled", "voided"))
        # Again: a process that was just starting the job when it was stopped above has started it by now.
        left = _stop_job(book, parts, clock, row)
        if left:
            raise Refused(f"run {run} of {model} may still train, and ends once that is over: {left}", _WHO_KNOWS_IT)
        if book.approval(run):
            book.close_approval(run, "voided", reason, now)
        book.finish(run, "cancelled", reason, now)
        # No job, no price. Afterwards: a run that goes on after all must not train for nothing.
        book.costs.release(run, now)
        run_log.ended(model, run, "cancelled")


def _require_cancellable(book: PostgresLedger, row: Row, allowed: tuple[str | None, ...]) -> None:
    run, model = str(row["run"]), row["model"]
    if row["outcome"] not in allowed:
        raise Refused(f"run {run} of {model} has ended: {row['outcome']}", f"autopilot explain {run}")
    if any(effect["kind"] in ("champion", "previous") for effect in book.effects.of(run)):
        raise Refused(
            f"the promotion of run {run} of {model} has begun",
            f"end it with: autopilot resume {run}, then go back with: autopilot rollback {model}",
        )


def _stop_job(book: PostgresLedger, parts: Parts, clock: Clock, row: Row) -> str | None:
    """Stop the run's training job, known to its row or not: a process may have died before it noted it.

    Return what may still train, where the model's pipeline is not known any more.
    """
    run, model = str(row["run"]), row["model"]
    effect = next((each for each in book.effects.of(run) if each["kind"] == "training"), None)
    if effect is None:
        return None
    try:
        pipeline = parts(model).pipeline
    except NotFound:
        return _left(book.runs.row(run)["job"], effect)
    job = pipeline.cancel(training_key(model, run))
    if job:
        book.note_job(run, job, clock.now())
    return None


def _left(job: Json | None, effect: Row) -> str | None:
    """Return what may still train although its model's entry is gone."""
    if effect["state"] == "intended" or (job and job["state"] in OVER):
        return None
    named = f"job {job['id']} of {job['pipeline']}" if job else "its job, if one was started,"
    return (
        f"its model is not in this configuration, so nothing was stopped but what comes next; {named} carries the key "
        f"{effect['key']}"
    )
