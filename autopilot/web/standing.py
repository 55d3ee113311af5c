"""Where a run stands for the person who looks at it: what is asked, what may be answered, what goes on now."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from autopilot import view, words
from autopilot.desk import Desk
from autopilot.effective import model_spec
from autopilot.report.reading import Tone
from autopilot.view import Row
from autopilot.web.phrases import either, opened
from autopilot.web.visitor import Visitor
from checkpoints.ledger.tokens import ROLES
from graph.errors import Refused
from graph.model import Answer, Approval, Json
from graph.policy import approval as gate
from graph.spec import ApprovalSpec

Decision = Literal["approve", "deny"]
_TONES: dict[str, Tone] = {"promoted": "good", "rolled_back": "good", "denied": "bad", "failed": "bad"}
_NEXT = {
    "denied": "The run is being ended; nothing was moved.",
    "voided": "The run is being ended; nothing was moved.",
    "expired": "The run is being ended; nothing was moved.",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What the top of a run's page says."""

    word: str
    text: str
    tone: Tone
    goes_on: bool = False
    """Somebody answered and the run is carried on just now: it is worth looking again."""


@dataclass(frozen=True, slots=True)
class Answering:
    """What this person may answer, and why not what is missing."""

    decisions: tuple[Decision, ...]
    why_not: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request is shown, and how that went."""

    channel: str
    said: str


def standing(desk: Desk, row: Row, approval: Approval | None, paused: Json | None = None) -> Standing:
    """Return where the run stands; `paused` is who holds its model, if anybody does."""
    if row["outcome"] is not None:
        tone = _TONES.get(row["outcome"], "open")
        return Standing(words.spoken(row["outcome"]).capitalize(), _ended(row, approval), tone)
    if approval is None:
        return Standing(words.spoken(row["status"]).capitalize(), "This run asks for no approval yet.", "open")
    if approval.state == "pending":
        return _pending(desk, row, approval)
    return _answered(row, approval, paused)


def _ended(row: Row, approval: Approval | None) -> str:
    """Return how the run ended, and what was answered where the run's own words do not say it."""
    reason, answers = row["reason"] or "", gate.reason(approval) if approval else ""
    return opened(reason) if answers in reason else f"{opened(reason)} {opened(answers)}"


def _pending(desk: Desk, row: Row, approval: Approval) -> Standing:
    until = words.moment(view.time(approval.expires_at))
    if row["void_reason"]:
        return Standing("No longer asked", opened(f"its reason is gone: {row['void_reason']}"), "open")
    if desk.clock.now() >= approval.expires_at:
        return Standing("Expired", f"Nobody answered until {until}; silence is a deny.", "open")
    given = len(approval.answers)
    so_far = f" {given} of {approval.quorum} have approved." if given else ""
    return Standing("Waits for an answer", f"Until {until}; silence is a deny.{so_far}", "open")


def _answered(row: Row, approval: Approval, paused: Json | None) -> Standing:
    closed = approval.state in ("voided", "expired") and approval.reason
    said = opened(approval.reason if closed else gate.reason(approval))
    tone: Tone = "good" if approval.state == "approved" else "bad" if approval.state == "denied" else "open"
    if row["error"]:
        stands = f"{said} The run stands still: {row['error']['message']}"
        return Standing(f"{approval.state.capitalize()}, but it does not go on", opened(stands), "bad")
    version = approval.sealed.challenger
    if paused and approval.state == "approved":
        return Standing(
            "Approved, and paused", f"{said} Version {version} is promoted once the pause is lifted.", "open"
        )
    now = _NEXT.get(approval.state, f"Version {version} is being made champion of {approval.sealed.model}…")
    word = f"Promoting version {version}…" if approval.state == "approved" else approval.state.capitalize()
    return Standing(word, f"{said} {now}", tone, goes_on=True)


def answering(desk: Desk, visitor: Visitor, approval: Approval | None) -> Answering | None:
    """Return what a person may answer to a request that waits; None when none waits."""
    now = desk.clock.now()
    if approval is None or approval.state != "pending" or now >= approval.expires_at:
        return None
    entry = desk.office.file.models.get(approval.model)
    if entry is None:
        return Answering((), (f"{approval.model} is no longer in autopilot.yaml",))
    if visitor.holder.role != ROLES[-1]:
        who = either(entry.approval.approvers, "and")
        return Answering((), (f"You are signed in as {visitor.holder.role}. Approvers are {who}",))
    spec = model_spec(approval.model, entry, desk.config.absolute().parent, desk.office.file.budget).approval
    refused = dict(_refusals(approval, visitor.holder.person, spec, desk))
    allowed = tuple(each for each in _DECISIONS if each not in refused)
    return Answering(allowed, tuple(dict.fromkeys(refused.values())))


_DECISIONS: tuple[Decision, ...] = ("approve", "deny")


def _refusals(approval: Approval, person: str, spec: ApprovalSpec, desk: Desk) -> Iterator[tuple[Decision, str]]:
    now = desk.clock.now()
    for decision in _DECISIONS:
        try:
            gate.may_answer(approval, Answer(person, decision, "web", now), spec, now)
        except Refused as error:
            yield decision, f"{error.message}; {error.hint}" if error.hint else error.message


def decided(given: str) -> Decision | None:
    """Return the decision that a form sent; None for anything else."""
    return next((each for each in _DECISIONS if each == given), None)


def places(desk: Desk, approval: Approval | None) -> list[Place]:
    """Return where the request is shown: what shows it to whoever looks first, then what was told."""
    if approval is None:
        return []
    entry = desk.office.file.models.get(approval.model)
    direct = [each for each in (entry.approval.channels if entry else []) if each in gate.DIRECT]
    told = desk.office.book.views.of(approval.run)
    return [Place(each, "to whoever looks") for each in direct] + [Place(row["channel"], _told(row)) for row in told]


def _told(row: Json) -> str:
    late = f"; tried {words.count(row['tries'], 'time')}: {row['failed']}" if row["failed"] else ""
    if not row["posted"]:
        return f"not yet{late}"
    return f"shown{'' if row['shown'] >= row['wanted'] else ', the newest not yet'}{late}"
