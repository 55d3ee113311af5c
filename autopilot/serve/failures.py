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


class Failures:
    """Tells of every run once, whichever process thinks of it; of a run that is no news, each process thinks once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._no_news: set[UUID] = set()

    def tell(self) -> None:
        """Write down the one message of every run that failed lately, a line for each of its channels."""
        desk, book = self._desk, self._desk.office.book
        failed = book.runs.failed(desk.clock.now() - _NEWS)
        self._no_news &= {row["run"] for row in failed}
        due = [
            (row, {channel: _line(row, channel) for channel in _channels(desk, row)})
            for row in failed
            if row["run"] not in self._no_news
        ]
        every = [line for _, lines in due for line in lines.values()]
        fresh = book.views.unwritten(every) if every else set()
        for row, lines in due:
            unsaid = {channel: line for channel, line in lines.items() if line in fresh}
            if unsaid:
                self._write(row, unsaid)

    def _write(self, row: Row, lines: dict[str, UUID]) -> None:
        desk = self._desk
        text = failure_text(row, _opened(desk, row), link(desk, str(row["run"])))
        if text is None:
            self._no_news.add(row["run"])
            return
        due = _not_before(desk, row, desk.clock.now())
        for channel, line in lines.items():
            desk.office.book.views.add_line(line, None, channel, text, _called(desk, row, channel), due)


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
