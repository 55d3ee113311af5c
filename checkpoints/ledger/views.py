"""Approval requests as channels show them: what each was told last, and what it still has to be told."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from checkpoints.database import Database, Row
from checkpoints.queries import query
from graph.errors import NotFound
from graph.model import Json

_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class View:
    """One request in one channel. `known` is what the channel calls it; None as long as it was not shown."""

    run: str
    channel: str
    nonce: str
    wanted: int
    known: Json | None
    tries: int


@dataclass(frozen=True, slots=True)
class Line:
    """Something to say, beside a request or by itself."""

    id: str
    run: str | None
    channel: str
    text: str
    call: tuple[str, ...]
    tries: int
    known: Json | None


class Views:
    """What channels were told. One process at a time tells one channel of one run: under the view's lock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, channel: str, now: datetime) -> list[View]:
        """Return what a channel has to be told by now, the longest due first."""
        rows = self._database.rows(query("views", "due"), channel=channel, now=now, limit=_AT_ONCE)
        return [_view(row) for row in rows]

    def locked(self, view: View) -> AbstractContextManager[None]:
        """Hold a view: one process at a time tells one channel of one run."""
        return self._database.locked(f"view {view.run} {view.channel}")

    def locked_line(self, line: Line) -> AbstractContextManager[None]:
        """Hold a line: one process at a time says it."""
        return self._database.locked(f"line {line.id}")

    def one(self, run: str, channel: str) -> tuple[View, int]:
        """Return a view and the revision that was shown last. NotFound when the run is not shown there."""
        row = self._database.row(query("views", "one"), run=run, channel=channel)
        if row is None:
            raise NotFound(f"run {run} is not shown in {channel}", "approval.channels says where requests go")
        return _view(row), row["shown"]

    def by_nonce(self, nonce: str) -> View | None:
        """Return the view with this nonce, if there is one."""
        try:
            row = self._database.row(query("views", "by_nonce"), nonce=UUID(nonce))
        except ValueError:
            return None
        return _view(row) if row else None

    def heard_from(self, channel: str) -> list[View]:
        """Return the requests that wait for an answer and are shown in the channel."""
        return [_view(row) for row in self._database.rows(query("views", "heard_from"), channel=channel)]

    def heard(self, view: View, at: datetime) -> None:
        """Note that everything that was answered there before this time is in the ledger."""
        self._database.execute(query("views", "heard"), run=view.run, channel=view.channel, at=at)

    def unheard(self, run: str, until: datetime) -> list[str]:
        """Return the channels that show the run's request and were not read for answers at this time or later."""
        rows = self._database.rows(query("views", "unheard"), run=run, until=until)
        return [row["channel"] for row in rows]

    def note(self, view: View, known: Json) -> None:
        """Remember what the channel calls the request."""
        self._database.execute(query("views", "known"), run=view.run, channel=view.channel, known=Jsonb(known))

    def shown(self, view: View) -> None:
        """Note that the channel was told everything up to this revision."""
        self._database.execute(query("views", "shown"), run=view.run, channel=view.channel, revision=view.wanted)

    def put_off(self, view: View, until: datetime, why: str) -> None:
        """Try again later."""
        self._database.execute(query("views", "put_off"), run=view.run, channel=view.channel, until=until, failed=why)

    def failed(self, view: View, why: str) -> None:
        """Note what is wrong with a view, without putting anything off."""
        self._database.execute(query("views", "failed"), run=view.run, channel=view.channel, failed=why)

    def of(self, run: str) -> list[Row]:
        """Return where the run's request is shown: channel, wanted, shown, posted, tries, failed."""
        return self._database.rows(query("views", "of_run"), run=run)

    def unposted(self, channel: str) -> list[Row]:
        """Return the requests that wait and were not shown in the channel yet: run, model, expires_at."""
        return self._database.rows(query("views", "unposted"), channel=channel)

    def posted(self, channel: str) -> int:
        """Return how many requests wait in the channel."""
        row = self._database.row(query("views", "posted"), channel=channel)
        return int(row["waiting"]) if row else 0

    def add_line(
        self, line: UUID, run: str | None, channel: str, text: str, call: Sequence[str], due: datetime
    ) -> None:
        """Write down what is to be said; the same id once."""
        values = {"id": line, "run": run, "channel": channel, "text": text, "call": Jsonb(list(call)), "due": due}
        self._database.execute(query("views", "add_line"), **values)

    def unwritten(self, lines: Sequence[UUID]) -> set[UUID]:
        """Return those of these lines that nobody wrote down yet."""
        known = self._database.rows(query("views", "known_lines"), ids=list(lines))
        return set(lines) - {row["id"] for row in known}

    def due_lines(self, channel: str, now: datetime) -> list[Line]:
        """Return what is to be said in a channel by now, where the request it belongs to is shown already."""
        rows = self._database.rows(query("views", "due_lines"), channel=channel, now=now, limit=_AT_ONCE)
        return [_line(row) for row in rows]

    def lines_of(self, run: str) -> list[Row]:
        """Return what was to be said beside the run's request, oldest first: channel, text, due_at, sent_at, failed."""
        return self._database.rows(query("views", "lines_of"), run=run)

    def line_sent(self, line: Line, now: datetime) -> None:
        """Note that it was said."""
        self._database.execute(query("views", "line_sent"), id=line.id, now=now)

    def put_off_line(self, line: Line, until: datetime, why: str) -> None:
        """Try again later."""
        self._database.execute(query("views", "put_off_line"), id=line.id, until=until, failed=why)

    def drop_line(self, line: Line, why: str, now: datetime) -> None:
        """Give it up: it came to nothing, and why."""
        self._database.execute(query("views", "drop_line"), id=line.id, failed=why, now=now)

    def pending(self) -> list[Row]:
        """Return every request that waits: run, model, reminded, escalated, requested_at, expires_at."""
        return self._database.rows(query("views", "pending"))

    def reminded(self, run: str, count: int) -> bool:
        """Count reminders of a request up to this one. False when somebody else just did."""
        return self._database.execute(query("views", "reminded"), run=run, reminded=count) == 1

    def escalated(self, run: str) -> bool:
        """Note that others were called. False when they were before."""
        return self._database.execute(query("views", "escalated"), run=run) == 1


def _view(row: Row) -> View:
    return View(str(row["run"]), row["channel"], str(row["nonce"]), row["wanted"], row["known"], row["tries"])


def _line(row: Row) -> Line:
    run = str(row["run"]) if row["run"] else None
    return Line(str(row["id"]), run, row["channel"], row["text"], tuple(row["call"]), row["tries"], row["known"])
