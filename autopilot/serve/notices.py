"""What a channel is told of a request: the report's first screen, as values, read from the ledger alone."""

from autopilot import view as views
from autopilot.desk import Desk
from autopilot.fleet.pausing import said
from autopilot.report import brief, reading
from autopilot.report.doubting import doubts
from checkpoints.ledger.views import View
from graph.errors import NotFound
from graph.model import Approval, Json
from graph.policy import approval as gate
from tools import catalogue
from tools.approvals.channel import Notice

_MOST_DOUBTS = 5


def notice(desk: Desk, view: View) -> Notice:
    """Return the request as it stands now. NotFound when it is gone."""
    book = desk.office.book
    approval = book.approvals.of(view.run)
    if approval is None:
        raise NotFound(f"run {view.run} asks for no approval", f"autopilot explain {view.run}")
    found = views.explanation(book, book.runs.row(view.run))
    compared = found["validation"] is not None
    return Notice(
        nonce=view.nonce,
        approval=approval.id,
        run=view.run,
        model=approval.model,
        champion=approval.sealed.champion,
        challenger=approval.sealed.challenger,
        headline=_headline(found),
        numbers=_numbers(found) if compared else (),
        doubts=tuple(doubts(found)[:_MOST_DOUBTS]) if compared else (),
        fingerprint=approval.fingerprint,
        expires_at=approval.expires_at,
        state=approval.state,
        said=". ".join([gate.reason(approval), *paused(desk, view.run)]),
        link=link(desk, view.run),
        trace=found["trace"],
        call=addresses(desk, view.channel, _approvers(desk, approval)),
    )


def paused(desk: Desk, run: str) -> list[str]:
    """Return what is to be said of a request because its model is paused; nothing where it is not, or is decided."""
    book = desk.office.book
    row = book.runs.row(run)
    entry = desk.office.file.models.get(row["model"])
    held = said(book, row["model"], entry.tags if entry else ()) if row["outcome"] is None else None
    return [f"{row['model']} is {held['text']}. What is approved is promoted once that is lifted"] if held else []


def link(desk: Desk, run: str) -> str | None:
    """Return the page of a run; None where no address is configured."""
    url = desk.office.file.inbox.url
    return f"{url.rstrip('/')}/inbox/{run}" if url else None


def everybody(desk: Desk) -> list[str]:
    """Return the channels that have a place for what belongs to no one request."""
    return [each for each in desk.office.file.channels if catalogue.channel(each).tells]


def addresses(desk: Desk, channel: str, people: list[str]) -> tuple[str, ...]:
    """Return how a channel knows these people, those that it knows."""
    known = [desk.office.file.people[name].address(channel) for name in people if name in desk.office.file.people]
    return tuple(each for each in known if each)


def person(desk: Desk, channel: str, who: str) -> str | None:
    """Return whose address in a channel this is; None when it is nobody's."""
    people = desk.office.file.people
    return next((name for name, each in people.items() if each.address(channel) == who), None)


def _approvers(desk: Desk, approval: Approval) -> list[str]:
    entry = desk.office.file.models.get(approval.model)
    return list(entry.approval.approvers) if entry else []


def _headline(found: Json) -> str:
    said = reading.headline(found)
    return f"{said.word}: {said.text}"


def _numbers(found: Json) -> tuple[tuple[str, str], ...]:
    return tuple((each.label, each.text) for each in brief.numbers(found))
