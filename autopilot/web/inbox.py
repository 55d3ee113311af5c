"""What waits for a person and what became of it, as the rows of the inbox."""

from dataclasses import dataclass

from autopilot import view
from autopilot.desk import Desk
from autopilot.report.brief import numbers
from autopilot.report.reading import Figure, Headline, headline
from autopilot.view import Row
from autopilot.web.phrases import either
from graph.codec import dump
from graph.model import Approval, Json, Validation
from graph.policy import approval as gate

PAGE = 25
MOST_WAITING = 100


@dataclass(frozen=True, slots=True)
class Request:
    """One request for approval in a list."""

    run: str
    model: str
    state: str
    """Of the approval: pending, approved, denied, expired, voided."""
    headline: Headline
    number: Figure | None
    asked: str
    until: str
    who: str
    """Who answers, or who did and what they said."""
    reminded: int
    escalated: bool
    outcome: str | None

    @property
    def became(self) -> tuple[str, str]:
        """What became of it in a word, and how, without saying the word again."""
        word = self.outcome or self.state
        return word, self.who.removeprefix(word).removeprefix(":").strip()


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page of it: everything that waits, and a page of what was closed."""

    waiting: list[Request]
    unseen: int
    """How many more wait than are shown."""
    closed: list[Request]
    page: int
    more: bool


def inbox(desk: Desk, page: int) -> Inbox:
    """Return what waits, longest first, and the page of what was closed, newest first."""
    book = desk.office.book
    pending = {str(row["run"]): row for row in book.views.pending()}
    waiting = book.runs.asking(True, MOST_WAITING)
    closed = book.runs.asking(False, PAGE + 1, (page - 1) * PAGE)
    return Inbox(
        waiting=_requests(desk, waiting, pending),
        unseen=max(0, len(pending) - len(waiting)),
        closed=_requests(desk, closed[:PAGE], pending),
        page=page,
        more=len(closed) > PAGE,
    )


def _requests(desk: Desk, rows: list[Row], pending: dict[str, Row]) -> list[Request]:
    book, runs = desk.office.book, [str(row["run"]) for row in rows]
    validations, approvals = book.decisions.validations(runs), book.approvals.of_many(runs)
    found = zip(view.runs(book, rows), runs, strict=True)
    return [
        _request(desk, document, validations.get(run), approvals[run], pending.get(run, {})) for document, run in found
    ]


def _request(desk: Desk, document: Json, validation: Validation | None, approval: Approval, pending: Row) -> Request:
    # What a list shows needs neither the evidence nor the policy, which are long.
    found = {**document, "validation": dump(validation) if validation else None, "policy": None, "evidence": None}
    return Request(
        run=approval.run,
        model=approval.model,
        state=approval.state,
        headline=headline(found),
        number=next(iter(numbers(found)), None),
        asked=view.time(approval.requested_at),
        until=view.time(approval.expires_at),
        who=_who(desk, approval),
        reminded=pending.get("reminded", 0),
        escalated=pending.get("escalated", False),
        outcome=document["outcome"],
    )


def _who(desk: Desk, approval: Approval) -> str:
    if approval.state != "pending":
        return gate.reason(approval)
    entry = desk.office.file.models.get(approval.model)
    if entry is None:
        return "nobody: the model is no longer in autopilot.yaml"
    given = {each.person for each in approval.answers}
    missing = max(1, max(approval.quorum, entry.approval.quorum) - len(given))
    names = [name for name in entry.approval.approvers if name not in given]
    already = f"; approved by {either(sorted(given), 'and')}" if given else ""
    return f"{either(names)}{already}" if missing == 1 else f"{missing} of {either(names, 'and')}{already}"
