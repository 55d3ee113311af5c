"""The gate: from measured differences to checks, from checks to one judgement. The worst wins; none is inconclusive."""

from collections.abc import Mapping, Sequence

from graph.model import Check, CheckOutcome, Comparison, Decision
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
from graph.policy.superiority import non_inferiority, slices, superiority
from graph.policy.words import plural
from graph.spec import ModelSpec

_SEVERITY: tuple[CheckOutcome, ...] = ("error", "failed", "inconclusive", "passed")
_TELLING = ("superiority", "minimum")
"""The checks that say most about a challenger that passed them all."""


def judge(comparison: Comparison, spec: ModelSpec, decision: Decision, no_champion: bool) -> tuple[Check, ...]:
    """Return every check of a challenger that was scored beside the champion, or alone when there is none.

    Without a champion `validation.minimum` decides; without either nothing can pass.
    """
    if comparison.load_error:
        return (Check("loads", "error", detail=comparison.load_error),)
    validation = spec.validation
    basics = (Check("loads", "passed", detail="every model loads"), schema(comparison), rows(comparison, validation))
    asked = (*minimums(comparison, validation), *latency(comparison, validation), *custom(comparison, validation))
    if no_champion:
        return (*basics, *asked) if validation.minimum else (*basics, without_minimum(spec.policy.metric), *asked)
    return (
        *basics,
        superiority(comparison, spec, decision),
        *non_inferiority(comparison, validation),
        *slices(comparison, validation),
        calibration(comparison),
        *asked,
    )


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
    return outcome, f"{telling[0].name}: {telling[0].detail}{others}"
