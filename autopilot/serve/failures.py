"""Writes down what is to be said of retrains that failed, and of a circuit breaker that opened: once per run."""

from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from autopilot import spec as written
from autopilot.desk import Desk
from autopilot.serve.notices import addresses, everybody, link
from autopilot.view import Row
from graph.policy import notifying
from graph.policy.restraint import opened_breaker

_NEWS = timedelta(days=1)
"""What failed longer ago is no news: nobody was here to tell it."""
_MOST = 600


def tell_failures(desk: Desk) -> None:
    """Write down the one message of every run that failed lately; whichever process thinks of it, it is one line."""
    book, now = desk.office.book, desk.clock.now()
    failed = book.runs.failed(now - _NEWS)
    due = [(row, channel, _line(row, channel)) for row in failed for channel in _channels(desk, row)]
    fresh = book.views.unwritten([line for *_, line in due]) if due else set()
    for row, channel, line in due:
        text = failure_text(row, _opened(desk, row), link(desk, str(row["run"]))) if line in fresh else None
        if text:
            book.views.add_line(line, None, channel, text, _called(desk, row, channel), _not_before(desk, row, now))


def _line(row: Row, channel: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"autopilot:failure:{row['run']}:{channel}")


def _entry(desk: Desk, row: Row) -> written.Model | None:
    return desk.office.file.models.get(row["model"])


def _channels(desk: Desk, row: Row) -> list[str]:
    """Return where the model's requests go, if people can be told there; every channel that can tell if not."""
    entry, channels = _entry(desk, row), everybody(desk)
    return [each for each in channels if entry and each in entry.approval.channels] or channels


def _called(desk: Desk, row: Row, channel: str) -> tuple[str, ...]:
    entry = _entry(desk, row)
    if entry is None:
        return ()
    return addresses(desk, channel, [entry.owner] if entry.owner else list(entry.approval.approvers))


def _not_before(desk: Desk, row: Row, now: datetime) -> datetime:
    entry = _entry(desk, row)
    return (notifying.quiet_until(now, entry.notify.rules.quiet) if entry else None) or now


def _opened(desk: Desk, row: Row) -> str | None:
    """Return what the model's circuit breaker says, where this run opened it."""
    entry = _entry(desk, row)
    if entry is None:
        return None
    history, rules = desk.office.book.runs.history(row["model"], entry.registry.model), entry.policy
    return opened_breaker(history, rules.breaker_after, rules.breaker_window, row["updated_at"])


def failure_text(row: Row, opened: str | None, where: str | None) -> str | None:
    """Return what is told of a run that led to nothing; None where that is no failure, such as a deny."""
    model, lines = row["model"], []
    if row["outcome"] == "failed":
        what = "retrain" if row["action"] == "retrain" else "return to an earlier version"
        lines.append(f"The {what} of {model} failed: {_first_line(row['reason'])}")
    if opened:
        lines.append(f"{model} trains nothing for now: {opened}. Somebody should look first.")
    return "\n".join([*lines, where or f"autopilot explain {row['run']}"]) if lines else None


def _first_line(reason: str) -> str:
    return (reason.splitlines() or ["nothing was said"])[0][:_MOST]
