"""The gate on a stored comparison: what another `validation` would have made of the real challenger."""

from collections.abc import Sequence
from dataclasses import replace

from autopilot.backtest.record import Asked, Check
from graph.evidence import Evidence
from graph.model import CheckOutcome, History, Question, Validation
from graph.policy import gate, suspicion
from graph.policy.creep import Trial
from graph.policy.paying import lasting
from graph.spec import ModelSpec, ValidationSpec

_JUDGED = ("margin", "max_latency_ms", "minimum", "min_rows", "min_positives", "max_negative_flips")
"""What only the gate looks at. All else says what is measured, and what was not measured cannot be judged."""


def outcome(
    check: Check, evidence: Evidence, spec: ModelSpec, asked: Sequence[Asked], past: History, look: int
) -> CheckOutcome | None:
    """Return how the run's challenger is judged under `spec`. None where that cannot be told from what is stored.

    `past` is what was known then, and `look` says how often this challenger was judged by then.

    It cannot where other numbers would be needed, or where the gate does not reach the stored judgement again.
    """
    found = check.validation
    if found is None or _gate(spec) == _gate(check.spec):
        return found.outcome if found else None
    if found.comparison is None or not _measured_alike(spec, check.spec):
        return None
    trial = replace(_trial(found, evidence, spec, [each.question for each in asked]), look=look)
    stored = _judged(check, check.spec, trial, past)
    return _judged(check, spec, trial, past) if stored == found.outcome else None


def _judged(check: Check, spec: ModelSpec, trial: Trial, past: History) -> CheckOutcome | None:
    found = check.validation
    if found is None or found.comparison is None:
        return None
    if trial.evidence is not None:
        trial = replace(trial, lasting=lasting(spec.policy, check.decision.since, past))
    return gate.worst(gate.judge(found.comparison, spec, check.decision, found.champion is None, trial))


def _gate(spec: ModelSpec) -> tuple[object, ...]:
    """Return what the gate goes by. Numbers that a pipeline reported are held against no price."""
    told = (spec.validation, spec.policy.metric)
    return told if spec.validation.kind == "reported" else (*told, spec.policy.prices, spec.policy.horizon)


def _measured_alike(one: ModelSpec, other: ModelSpec) -> bool:
    return _measured(one.validation) == _measured(other.validation) and one.policy.metric == other.policy.metric


def _measured(validation: ValidationSpec) -> ValidationSpec:
    usual = ValidationSpec()
    return replace(validation, **{name: getattr(usual, name) for name in _JUDGED})


def _trial(found: Validation, evidence: Evidence, spec: ModelSpec, asked: Sequence[Question]) -> Trial:
    """Return what the gate knew beside the numbers, as far as the judgement tells."""
    attempt = next((each.value for each in found.checks if each.name == "attempt"), None)
    if found.champion is None or not isinstance(attempt, float):
        return Trial()
    serves = found.origin is not None and found.origin.version == found.champion.version
    compared = found.comparison is not None and (found.comparison.origin or found.comparison.origin_error)
    known = [each for each in asked if each.answered_at and each.answered_at <= found.validated_at]
    return Trial(
        int(attempt),
        origin=found.origin,
        serves=serves,
        lost="" if serves or compared else "its files were not to be had",
        evidence=evidence,
        genuine=suspicion.called_genuine(known, found.validated_at - spec.policy.horizon),
    )
