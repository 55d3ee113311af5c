"""What people answered in an issue: read from its history, in which Jira itself notes who moved it, and when.

The status alone says nothing: it does not say whose it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from graph.model import Json
from graph.policy.words import moment
from tools.approvals.channel import Decided, Heard
from tools.approvals.jira_document import lines, shown

_AROUND = timedelta(minutes=10)
"""How far from an answer its comment may have been written."""
_LONGEST_COMMENT = 2_000
_CONTENT = ("summary", "description")
Part = Literal["status", "content", "project"]


@dataclass(frozen=True, slots=True)
class Change:
    """One change of what matters here. `before` and `after` are ids where Jira has some, `into` is a status' name."""

    at: datetime
    who: str
    is_app: bool
    part: Part
    field: str
    before: str
    after: str
    into: str


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue as it stands, with all its changes, oldest first."""

    project: str
    status: str
    """Its id: names differ from language to language."""
    creator: str
    created: datetime
    shown: str
    """The digest of what its reader goes by."""
    changes: tuple[Change, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the history ends where the status stands; it does not when somebody moved it while it was read."""
        moves = [change for change in self.changes if change.part == "status"]
        return not moves or moves[-1].after == self.status


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment that somebody wrote."""

    at: datetime
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What counts as an answer, and what was shown."""

    project: str
    approved: Sequence[str]
    denied: Sequence[str]
    shown: str

    def decision(self, into: str) -> Decided | None:
        """Return what moving an issue into a status says; None when it says nothing."""
        name = _name(into)
        if name in map(_name, self.approved):
            return "approve"
        return "deny" if name in map(_name, self.denied) else None


def time(text: object) -> datetime:
    """Return a time as Jira writes it, `2026-11-27T10:00:00.000+0000`. ValueError for anything else."""
    if not isinstance(text, str):
        raise ValueError(f"a time is {text!r}")  # noqa: TRY004 - what stands in an answer, not how we were called
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(UTC)
    except OverflowError:
        raise ValueError(f"a time is {text!r}") from None


def issue(document: Json, histories: Sequence[Json]) -> Issue:
    """Return an issue and its history from what Jira answers. KeyError, TypeError or ValueError in an unknown form."""
    fields = document["fields"]
    ordered = sorted(histories, key=lambda each: (time(each["created"]), int(each["id"])))
    return Issue(
        project=str(fields["project"]["key"]),
        status=str(fields["status"]["id"]),
        creator=str(fields["creator"]["accountId"]),
        created=time(fields["created"]),
        shown=shown(fields["summary"], fields["description"]),
        changes=tuple(change for each in ordered for change in _changes(each)),
    )


def remark(document: Json) -> Remark:
    """Return a comment, in one line."""
    text = " ".join(lines(document.get("body")))
    return Remark(time(document["created"]), _account(document), text[:_LONGEST_COMMENT])


def answers(found: Issue, rules: Rules) -> list[Heard]:
    """Return every answer since the issue was made, oldest first. One that must not count says why."""
    moves = [change for change in found.changes if change.part == "status" and change.at >= found.created]
    heard = []
    for number, move in enumerate(moves):
        decision = rules.decision(move.into)
        if decision is not None:
            later = moves[number + 1 :]
            doubts = [*_whose(move, found), *_what(found, rules), *_moved_on(move, decision, later, rules)]
            heard.append(Heard(move.who, decision, move.at, doubt="; ".join(doubts)))
    return heard


def comment(answer: Heard, remarks: Sequence[Remark]) -> str:
    """Return what this person wrote about an answer: their newest comment of the minutes around it."""
    near = [each for each in remarks if each.who == answer.who and abs(each.at - answer.at) <= _AROUND]
    return max(near, key=lambda each: each.at).text if near else ""


def _whose(move: Change, found: Issue) -> Iterator[str]:
    if not move.who:
        yield "Jira does not say who moved the issue"
    elif move.who == found.creator:
        yield "Autopilot's own account moved the issue, and it is no person"
    elif move.is_app:
        yield "an app moved the issue, and it is no person"


def _what(found: Issue, rules: Rules) -> Iterator[str]:
    edits = [change for change in found.changes if change.part == "content"]
    if edits:
        yield f"its {edits[0].field} was changed at {moment(edits[0].at)}"
    elif found.shown != rules.shown:
        yield "its summary or description is not what Autopilot wrote"
    moved = [change for change in found.changes if change.part == "project"]
    if moved or found.project != rules.project:
        yield "it was moved to another project"


def _moved_on(move: Change, decision: Decided, later: Sequence[Change], rules: Rules) -> Iterator[str]:
    """Say that an answer was taken back. A no is taken back by whoever said it, and by nobody else."""
    for change in later:
        if rules.decision(change.into) == decision:
            continue
        if decision == "approve" or change.who == move.who:
            yield f"it was moved on at {moment(change.at)}"
            return


def _changes(history: Json) -> Iterator[Change]:
    author = history.get("author")
    is_app = isinstance(author, dict) and author.get("accountType") == "app"
    for item in history["items"]:
        part = _part(item)
        if part is not None:
            yield Change(
                at=time(history["created"]),
                who=_account(history),
                is_app=is_app,
                part=part,
                field=str(item["field"]),
                before=str(item.get("from")),
                after=str(item.get("to")),
                into=str(item.get("toString")),
            )


def _part(item: Mapping[str, Any]) -> Part | None:
    # A field of the owner's own may have the same name as one of Jira's.
    field = str(item["field"]).casefold() if item.get("fieldtype", "jira") == "jira" else ""
    if field in _CONTENT:
        return "content"
    if field == "status":
        return "status"
    return "project" if field == "project" else None


def _account(document: Json) -> str:
    author = document.get("author")
    return str(author.get("accountId") or "") if isinstance(author, dict) else ""


def _name(status: str) -> str:
    return " ".join(status.split()).casefold()
