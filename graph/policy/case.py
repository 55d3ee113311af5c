"""What an evidence rule looks at, and the ways in which it can conclude."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from graph.evidence import Evidence
from graph.model import Blame, Cause, Diagnosis, Learned
from graph.policy.rules import Finding, Value
from graph.policy.sequence import Sequential
from graph.policy.words import percent
from graph.spec import Policy


@dataclass(frozen=True, slots=True)
class Case:
    """One model at one moment: what was measured and what its owner asks for."""

    evidence: Evidence
    policy: Policy
    label_delay: timedelta
    excused: frozenset[str] = frozenset()
    """Features, or `label`, that the owner called genuine: what was asked about once is not asked again."""
    doubtless: frozenset[str] = frozenset()
    """Of the features those, besides, that a look back is not to ask about again: see `look_back_rules`."""
    learned: Learned | None = None
    """What the serving version learned from, if that was a few rows since a change."""
    harm: Sequential = field(default_factory=Sequential)
    """Where the sequential test stands."""


STRAY_SHARE = 0.01
"""Faulty rows or labels that a correct log holds all the same: at-least-once writers and skewed clocks make a few.
One in a hundred is a broken writer."""

EvidenceFinding = Finding[Diagnosis]
EvidenceRule = Callable[[Case], EvidenceFinding]


def broken(
    cause: Cause,
    reason: str,
    value: Value,
    limit: Value,
    blame: tuple[Blame, ...] = (),
    since: datetime | None = None,
) -> EvidenceFinding:
    """Conclude that the data or the labels are broken, from `since` on where that is known."""
    return Finding(value, limit, reason, Diagnosis("broken_data", cause, reason, blame, since=since))


def insufficient(cause: Cause, reason: str, value: Value, limit: Value) -> EvidenceFinding:
    """Conclude that there is too little to say anything: never that the model is healthy."""
    return Finding(value, limit, reason, Diagnosis("insufficient", cause, reason))


def stray(cause: Cause, count: int, whole: int, noun: str, fault: str) -> EvidenceFinding:
    """Conclude that something is broken when more than a stray part of `whole` has the fault."""
    share = count / whole if whole else 0.0
    if share <= STRAY_SHARE:
        return Finding(share, STRAY_SHARE)
    return broken(cause, f"{percent(share)} of {noun} ({count}) {fault}", share, STRAY_SHARE)
