"""Who may approve what, until when, and what an approval names: the rules behind the row of record."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime, timedelta

from graph.codec import digest, dump
from graph.errors import Refused
from graph.model import Answer, Approval, ApprovalState, Sealed
from graph.policy.words import moment
from graph.spec import ApprovalSpec

DIRECT = frozenset({"cli", "api", "web", "studio"})
"""Channels that show what the ledger holds whenever somebody looks; every other one has to be told."""

GRACE = timedelta(hours=1)
"""How long after its end a request waits for a channel that cannot be read."""

_SHORTEST_FINGERPRINT = 12  # as `run` and `explain` show it at least


def fingerprint(sealed: Sealed) -> str:
    """Return the one text that stands for everything an approval names."""
    return digest(dump(sealed))


def storable(text: str) -> str:
    """Return a comment without what no database keeps: NUL, and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def names(given: str, approval: Approval) -> bool:
    """Tell whether a person's fingerprint, whole or its first 12 characters and more, is that of the approval."""
    return len(given) >= _SHORTEST_FINGERPRINT and approval.fingerprint.startswith(given)


def pushed(spec: ApprovalSpec) -> tuple[str, ...]:
    """Return the channels that a request must be brought to."""
    return tuple(channel for channel in spec.channels if channel not in DIRECT)


def may_answer(approval: Approval, answer: Answer, spec: ApprovalSpec, now: datetime) -> None:
    """Return when this person may give this answer. Raises Refused, naming the rule, when not."""
    _require_open(approval, now)
    _require_right(approval, answer, spec)
    earlier = next((given for given in approval.answers if given.person == answer.person), None)
    if earlier:
        raise Refused(
            f"{answer.person} has answered run {approval.run} of {approval.model} already: {_given(earlier)}",
            f"{approval.quorum} different people must approve",
        )


def _require_open(approval: Approval, now: datetime) -> None:
    about = f"run {approval.run} of {approval.model}"
    if approval.state != "pending":
        raise Refused(f"{about} is {approval.state} already: {reason(approval)}", f"autopilot explain {approval.run}")
    if now >= approval.expires_at:
        raise Refused(
            f"the approval of {about} expired at {moment(approval.expires_at)}; silence is a deny",
            f"the next check may ask anew: autopilot run {approval.model}",
        )


def _require_right(approval: Approval, answer: Answer, spec: ApprovalSpec) -> None:
    if answer.channel not in spec.channels:
        raise Refused(
            f"{approval.model} takes no answers through {answer.channel}",
            f"answer through: {', '.join(spec.channels) or 'no channel is set in approval.channels'}",
        )
    if answer.person not in spec.approvers:
        raise Refused(
            f"{answer.person} is not an approver of {approval.model}",
            f"approvers are: {', '.join(spec.approvers) or 'nobody; name them in approval.approvers'}",
        )
    # Names are asserted on the command line: another spelling is not another person.
    asker = (approval.requested_by or "").strip().casefold()
    if answer.person.casefold() == asker and answer.decision == "approve" and not approval.returns_to_approved:
        others = ", ".join(name for name in spec.approvers if name.casefold() != asker)
        raise Refused(
            f"{answer.person} asked for run {approval.run} of {approval.model} and cannot approve it",
            f"another approver must ({others or 'there is none: name one in approval.approvers, then ask anew'}); "
            "only a return to a version that a person approved before is free of this",
        )


def state_after(approval: Approval, spec: ApprovalSpec, now: datetime) -> ApprovalState:
    """Return where the answers leave a request: one deny wins, then the quorum, then the deadline. A closed one stays.

    Only approvals given before the deadline by people who are approvers still count.
    """
    if approval.state != "pending":
        return approval.state
    if any(given.decision == "deny" for given in approval.answers):
        return "denied"
    approved = {given.person for given in approval.answers if given.at < approval.expires_at} & set(spec.approvers)
    if len(approved) >= max(1, approval.quorum, spec.quorum):
        return "approved"
    return "expired" if now >= approval.expires_at else "pending"


def reason_to_expire(approval: Approval, unheard: Sequence[str], now: datetime) -> str | None:
    """Return why a request whose time is over expires; None while an answer given in time may still be read.

    `unheard` are the channels that show it and were not read since its end.
    """
    silence = "nobody answered in time; silence is a deny"
    if not unheard:
        return silence
    if now < approval.expires_at + GRACE:
        return None
    waited = f"{int(GRACE.total_seconds() // 60)} minutes"
    return f"{silence}; {' and '.join(unheard)} could not be read for {waited} after it"


def reason(approval: Approval) -> str:
    """Return in words what became of a request: who answered and when, what voided it, or how many are missing."""
    if approval.state in ("voided", "expired"):
        said = approval.reason or ("nobody answered in time" if approval.state == "expired" else "")
        return f"{approval.state}: {said}" if said else approval.state
    decisive = [given for given in approval.answers if approval.state != "denied" or given.decision == "deny"]
    said = ", ".join(_given(given) for given in decisive)
    if approval.state == "pending":
        given = len(approval.answers)
        return f"{given} of {approval.quorum} approved, until {moment(approval.expires_at)}"
    return said or approval.reason or approval.state


def _given(answer: Answer) -> str:
    done = "approved" if answer.decision == "approve" else "denied"
    comment = f' "{answer.comment}"' if answer.comment else ""
    return f"{done} by {answer.person} through {answer.channel} at {moment(answer.at)}{comment}"


_CHANGES = {
    "model": "the registered model changed from {0} to {1}",
    "champion": "the champion alias moved from {0} to {1}",
    "champion_digest": "the champion's bytes changed",
    "challenger": "the challenger changed from version {0} to {1}",
    "challenger_digest": "the challenger's bytes changed",
    "holdout_digest": "the rows it was judged on changed",
    "validation_digest": "the validation it was approved on changed",
    "policy_digest": "the model's policy in autopilot.yaml changed",
}


def difference(sealed: Sealed, present: Sealed) -> str | None:
    """Return in words what is no longer as an approval names it, or None when everything is."""
    changes = []
    for name in (field.name for field in fields(Sealed)):
        before, after = getattr(sealed, name), getattr(present, name)
        # The bytes of another champion differ as a matter of course: the moved alias says it all.
        follows = name == "champion_digest" and sealed.champion != present.champion
        if before != after and not follows:
            changes.append(_CHANGES[name].format(before or "none", after or "none"))
    return "; ".join(changes) or None
