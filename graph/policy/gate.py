"""The gate: from measured differences to checks, from checks to one judgement. The worst wins; none is inconclusive."""

from collections.abc import Mapping, Sequence

from graph.model import Check, CheckOutcome, Comparison, Decision
from graph.policy.creep import Trial, attempts, origin
from graph.policy.flips import negative_flips
from graph.policy.levels import ALPHA
from graph.policy.outcomes import asked_by_person
from graph.policy.paying import pay_back, wrong_decisions
from graph.policy.requirements import (
    better_than,
    calibration,
    custom,
    latency,
    minimum,
    minimums,
    rows,
    schema,
    without_minimum,
)
from graph.policy.slices import found_slice, slices
from graph.policy.superiority import non_inferiority, superiority
from graph.policy.suspicion import suspicion
from graph.policy.words import plural
from graph.spec import ModelSpec

_SEVERITY: tuple[CheckOutcome, ...] = ("error", "failed", "inconclusive", "passed")
_TELLING = ("superiority", "minimum")
"""The checks that say most about a challenger that passed them all."""


def judge(
    comparison: Comparison, spec: ModelSpec, decision: Decision, no_champion: bool, trial: Trial | None = None
) -> tuple[Check, ...]:
    """Return every check of a challenger that was scored beside the champion, or alone when there is none.

    Without a champion `validation.minimum` decides; without either nothing can pass. `trial`: what was known before
    anything was measured; by default a first attempt, with nothing to compare but the champion.
    """
    if comparison.load_error:
        return (Check("loads", "error", detail=comparison.load_error),)
    validation = spec.validation
    basics = (Check("loads", "passed", detail="every model loads"), schema(comparison), rows(comparison, validation))
    asked = (*minimums(comparison, validation), *latency(comparison, validation), *custom(comparison, validation))
    if no_champion:
        return (*basics, *asked) if validation.minimum else (*basics, without_minimum(spec.policy.metric), *asked)
    return (*basics, *_beside_champion(comparison, spec, decision, trial or Trial()), *asked)


def _beside_champion(comparison: Comparison, spec: ModelSpec, decision: Decision, trial: Trial) -> tuple[Check, ...]:
    validation, chosen = spec.validation, not asked_by_person(decision)
    alpha = trial.alpha if chosen else ALPHA
    return (
        superiority(comparison, spec, decision, alpha),
        *non_inferiority(comparison, validation, alpha),
        *((attempts(trial), *origin(comparison, validation, trial)) if chosen else ()),
        *slices(comparison, validation),
        *found_slice(comparison, validation),
        *(_of_decisions(comparison, spec, trial, chosen) if spec.task == "binary_classification" else ()),
    )


def _of_decisions(comparison: Comparison, spec: ModelSpec, trial: Trial, chosen: bool) -> tuple[Check, ...]:
    """Judge probabilities and the decisions made by them, which a regression has none of."""
    return (
        calibration(comparison),
        *negative_flips(comparison, spec.validation),
        *((suspicion(comparison, trial), *_paying(comparison, spec, trial)) if chosen else ()),
    )


def _paying(comparison: Comparison, spec: ModelSpec, trial: Trial) -> tuple[Check, ...]:
    """Ask question 4b where the owner set prices."""
    if spec.policy.prices is None or trial.evidence is None:
        return ()
    measured = wrong_decisions(comparison, spec.validation)
    if measured is None:
        return (Check("pay_back", "inconclusive", detail="wrong decisions could not be compared"),)
    return (pay_back(measured, trial.evidence, spec.policy, trial.lasting, trial.look),)


def reported(
    champion: Mapping[str, float] | None, challenger: Mapping[str, float], spec: ModelSpec
) -> tuple[Check, ...]:
    """Return the checks for `validation.kind: reported`: numbers that the pipelines logged, without intervals.

    Better by anything passes, as good or worse fails, a missing or NaN metric is an error.
    """
    asked = tuple(
        minimum(name, challenger, limit, unmeasured="error") for name, limit in sorted(spec.validation.minimum.items())
    )
    if champion is not None:
        return (better_than(spec.policy.metric, champion, challenger), *asked)
    return asked or (without_minimum(spec.policy.metric),)


def worst(checks: Sequence[Check]) -> CheckOutcome:
    """Return the worst outcome: error, failed, inconclusive, passed. No checks: inconclusive, silence never passes."""
    found = {check.outcome for check in checks}
    return next((outcome for outcome in _SEVERITY if outcome in found), "inconclusive")


def verdict(checks: Sequence[Check]) -> tuple[CheckOutcome, str]:
    """Return the judgement and one sentence on the checks that made it so."""
    outcome = worst(checks)
    telling = [check for check in checks if check.outcome == outcome]
    if not telling:
        return outcome, "nothing was checked"
    if outcome == "passed":
        first = next((check for check in telling if check.name.startswith(_TELLING)), telling[-1])
        return outcome, f"{plural(len(telling), 'check')} passed; {first.name}: {first.detail}"
    others = f" (and {plural(len(telling) - 1, 'more check')})" if len(telling) > 1 else ""
    return outcome, f"{_gain(checks, telling[0])}{telling[0].name}: {telling[0].detail}{others}"


def _gain(checks: Sequence[Check], telling: Check) -> str:
    """Return what a person asks first of a challenger that did not pass: the metric, where it was measured."""
    known = next((check for check in checks if check.name == "superiority" and check.value is not None), None)
    if known is None or known is telling:
        return ""
    sure = "" if known.outcome in ("passed", "failed") else " (not certain)"
    return f"{known.detail}{sure}; "
