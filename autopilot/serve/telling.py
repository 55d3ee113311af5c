"""Brings each channel up to date with the ledger: shows new requests, changes shown ones, says what is to be said.

What a channel was told is noted after it was told, so a process that dies between the two tells it again: a request is
looked for by its nonce first, an update says the same, and a line is at worst said twice.
"""

from datetime import datetime, timedelta
from functools import partial

from autopilot.desk import Desk
from autopilot.serve.notices import everybody, notice, paused
from checkpoints.ledger.views import Line, View
from graph.errors import AutopilotError, NotFound, Unavailable
from graph.policy import notifying
from tools.approvals.channel import Channel, Notice

_LONGEST_PAUSE = timedelta(minutes=10)
_MOST_TRIES = 150
"""A line that nobody could be told for a day is old news."""


def backoff(tries: int, error: AutopilotError) -> timedelta:
    """Return how long to leave a channel alone: what a person must change is not changed within seconds."""
    if not isinstance(error, Unavailable):
        return _LONGEST_PAUSE
    return min(timedelta(seconds=float(2 ** min(tries, 10))), _LONGEST_PAUSE)


class Teller:
    """Tells one channel. Several processes may run one each: what one is telling the others leave alone."""

    def __init__(self, desk: Desk, kind: str) -> None:
        self._desk = desk
        self._kind = kind

    def turn(self) -> bool:
        """Tell what is due. True when something was."""
        now, views = self._desk.clock.now(), self._desk.office.book.views
        due, lines = views.due(self._kind, now), views.due_lines(self._kind, now)
        for view in due:
            self._bring(view)
        for line in lines:
            with views.locked_line(line):
                if any(each.id == line.id for each in views.due_lines(self._kind, now)):
                    self._say(line)
        return bool(due or lines)

    def _channel(self) -> Channel:
        made = self._desk.office.channels.get(self._kind)
        if made is None:
            raise NotFound(
                f"channels.{self._kind} is no longer in autopilot.yaml", "write it again, or answer elsewhere"
            )
        return made()

    def _bring(self, view: View) -> None:
        book = self._desk.office.book
        with book.views.locked(view):
            view, shown = book.views.one(view.run, view.channel)
            if shown >= view.wanted:
                return
            try:
                self._show(view, notice(self._desk, view))
            except AutopilotError as error:
                book.views.put_off(view, self._desk.clock.now() + backoff(view.tries, error), error.message)

    def _show(self, view: View, told: Notice) -> None:
        views = self._desk.office.book.views
        if view.known:
            self._channel().update(view.known, told)
            self._desk.office.book.boundary(f"{self._kind}.updated")
        elif told.state == "pending":
            later = self._not_before(told)
            if later:
                views.put_off(view, *later)
                return
            self._post(view, told)
            if paused(self._desk, view.run):
                # Not every channel shows how a new request stands: it is said again, as what became of it.
                return
        views.shown(view)

    def _post(self, view: View, told: Notice) -> None:
        book, channel = self._desk.office.book, self._channel()
        known = channel.find(told)
        book.boundary(f"{self._kind}.looked")
        known = known or channel.post(told)
        book.boundary(f"{self._kind}.posted")
        book.views.note(view, known)
        book.boundary(f"{self._kind}.noted")

    def _not_before(self, told: Notice) -> tuple[datetime, str] | None:
        """Return until when, and why, nobody is called to a new request."""
        now, file = self._desk.clock.now(), self._desk.office.file
        entry = file.models.get(told.model)
        quiet = notifying.quiet_until(now, entry.notify.rules.quiet) if entry else None
        if quiet:
            return quiet, "quiet hours"
        digest = file.inbox.digest.rules if file.inbox.digest and self._kind in everybody(self._desk) else None
        if digest and notifying.into_digest(self._desk.office.book.views.posted(self._kind), digest):
            return notifying.next_digest(now, digest), "named in the digest: many others wait"
        return None

    def _say(self, line: Line) -> None:
        views, now = self._desk.office.book.views, self._desk.clock.now()
        try:
            self._spoken(line)
        except AutopilotError as error:
            give_up = partial(views.drop_line, line, f"given up: {error.message}", now)
            later = partial(views.put_off_line, line, now + backoff(line.tries, error), error.message)
            (give_up if line.tries >= _MOST_TRIES else later)()
        else:
            self._desk.office.book.boundary(f"{self._kind}.said")
            views.line_sent(line, now)

    def _spoken(self, line: Line) -> None:
        if line.run is None:
            self._channel().tell(line.id, line.text, line.call)
        elif line.known:
            self._channel().say(line.known, line.id, line.text, line.call)
