"""What an evidence rule looks at, and the ways in which it can conclude."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from graph.evidence import Evidence
from graph.model import Blame, Cause, Diagnosis
from graph.policy.rules import Finding, Value
from graph.policy.words import percent
from graph.spec import Policy


@dataclass(frozen=True, slots=True)
class Case:
    """One model at one moment: what was measured and what its owner asks for."""

    evidence: Evidence
    policy: Policy
    label_delay: timedelta


STRAY_SHARE = 0.01
"""Faulty rows or labels that a correct log holds all the same: at-least-once writers and skewed clocks make a few.
One in a hundred is a broken writer."""

EvidenceFinding = Finding[Diagnosis]
EvidenceRule = Callable[[Case], EvidenceFinding]


def broken(cause: Cause, reason: str, value: Value, limit: Value, blame: tuple[Blame, ...] = ()) -> EvidenceFinding:
    """Conclude that the data or the labels are broken."""
    return Finding(value, limit, reason, Diagnosis("broken_data", cause, reason, blame))


def insufficient(cause: Cause, reason: str, value: Value, limit: Value) -> EvidenceFinding:
    """Conclude that there is too little to say anything: never that the model is healthy."""
    return Finding(value, limit, reason, Diagnosis("insufficient", cause, reason))


def stray(cause: Cause, count: int, whole: int, noun: str, fault: str) -> EvidenceFinding:
    """Conclude that something is broken when more than a stray part of `whole` has the fault."""
    share = count / whole if whole else 0.0
    if share <= STRAY_SHARE:
        return Finding(share, STRAY_SHARE)
    return broken(cause, f"{percent(share)} of {noun} ({count}) {fault}", share, STRAY_SHARE)
