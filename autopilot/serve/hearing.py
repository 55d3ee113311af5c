"""Takes answers from channels: whoever is meant by an address answers, by the same rules as anywhere else."""

from uuid import NAMESPACE_URL, uuid5

from autopilot.desk import Desk
from autopilot.serve.notices import notice, person
from checkpoints.ledger.views import View
from graph.errors import AutopilotError, Refused, Unavailable
from graph.model import Answer
from tools import catalogue
from tools.approvals.channel import Heard


def hear(desk: Desk, kind: str) -> None:
    """Read what was answered in a channel that has to be asked for it. What cannot be read of one holds up no other."""
    made = desk.office.channels.get(kind)
    if made is None:
        return
    channel = made()
    for view in desk.office.book.views.heard_from(kind):
        asked_at = desk.clock.now()
        try:
            for heard in channel.heard(view.known or {}, notice(desk, view)):
                take(desk, view, heard)
            desk.office.book.views.heard(view, asked_at)
        except AutopilotError as error:
            # Such as an issue that somebody deleted: it stands in the view's row, and is read again next time.
            desk.office.book.views.failed(view, error.message)


def take(desk: Desk, view: View, heard: Heard, aloud: bool = True) -> str | None:
    """Record one answer, once however often it is heard. Return why it does not count; `aloud` says it there, too.

    Unavailable when it could not be recorded now: it has to be heard again.
    """
    name = person(desk, view.channel, heard.who)
    try:
        _record(desk, view, heard, name)
    except Unavailable:
        raise
    except AutopilotError as error:
        why = f"{error.message}. {error.hint}" if error.hint else error.message
        if aloud:
            _say_once(desk, view, heard, f"An answer by {name or heard.who} does not count: {why}")
        return why
    return None


def _record(desk: Desk, view: View, heard: Heard, name: str | None) -> None:
    approval = desk.office.book.approvals.of(view.run)
    if approval and any((each.person, each.decision) == (name, heard.decision) for each in approval.answers):
        return
    if heard.doubt:
        raise Refused(heard.doubt, "answer again where the request is shown as it was written")
    if name is None:
        raise Refused(
            f"nobody under people in autopilot.yaml has the {view.channel} address {heard.who}",
            _where_to_add_it(view.channel),
        )
    at = min(heard.at, desk.clock.now())
    # A row at once: whoever promotes looks whether what it names has changed, however long that takes.
    desk.office.engine.take(view.run, Answer(name, heard.decision, view.channel, at, heard.comment), look=False)


def _where_to_add_it(channel: str) -> str:
    name = catalogue.channel(channel).person
    return f"add it as {name}: to the person" if name else "this kind of channel knows no people: answer elsewhere"


def _say_once(desk: Desk, view: View, heard: Heard, text: str) -> None:
    line = uuid5(NAMESPACE_URL, f"autopilot:heard:{view.nonce}:{heard.who}:{heard.decision}:{heard.at.isoformat()}")
    desk.office.book.views.add_line(line, view.run, view.channel, text, (), desk.clock.now())
