"""No loss in any slice: those that the owner named, and the worst that a search over all features finds."""

from graph.model import Check, CheckOutcome, Comparison, Difference
from graph.policy.differences import told, whole
from graph.policy.levels import ALPHA, chance, holm, upper
from graph.policy.words import number, plural, rounded
from graph.spec import ValidationSpec

SLICE_MARGIN = 2.0
"""A slice may be worse by this many margins before it fails: it is one of many, and smaller."""


def slices(comparison: Comparison, validation: ValidationSpec) -> tuple[Check, ...]:
    """Judge each slice of the policy. It fails only when it is worse than twice the margin for certain, else it passes.

    Holm's method holds all slices together to the level of one, so that chance fails a challenger in one of forty
    cases. A slice too small to tell must not hold up the whole: passed means that no loss was shown.
    """
    found = [part for part in comparison.differences if part.name.startswith("slice:") and part.rows]
    levels = _levels(found, validation, len(found))
    return tuple(
        _slice(part.name, part, level, validation, "in this slice") for part, level in zip(found, levels, strict=True)
    )


def found_slice(comparison: Comparison, validation: ValidationSpec) -> tuple[Check, ...]:
    """Judge the slice of a single feature that lost most for certain, of all that were searched.

    The same as for the policy's own, with Holm's method over all that were searched.
    """
    if not comparison.searched:
        return ()
    limit = _limit(validation)
    searched = f"of {plural(comparison.searched, 'slice')} of single features"
    if not comparison.found:
        return (Check("found_slice", "passed", None, rounded(limit), f"{searched} none is worse at all"),)
    levels = _levels(comparison.found, validation, comparison.searched)
    order = sorted(range(len(levels)), key=lambda at: (_chance(comparison.found[at], limit), at))
    worst, level = comparison.found[order[0]], levels[order[0]]
    where = f"in {worst.name.removeprefix('found:')} ({plural(worst.rows, 'row')}), the worst {searched}"
    check = _slice("found_slice", worst, level, validation, where)
    failed = [comparison.found[at].name for at in order if _chance(comparison.found[at], limit) <= levels[at]][1:]
    if not failed:
        return (check,)
    others = ", ".join(name.removeprefix("found:") for name in failed[:3])
    detail = f"{check.detail}; certainly worse also in {plural(len(failed), 'other')}: {others}"
    return (Check(check.name, check.outcome, check.value, check.limit, detail),)


def _limit(validation: ValidationSpec) -> float:
    return 0.0 - SLICE_MARGIN * validation.margin


def _levels(
    parts: tuple[Difference, ...] | list[Difference], validation: ValidationSpec, tests: int
) -> tuple[float, ...]:
    return holm([_chance(part, _limit(validation)) for part in parts], ALPHA, tests)


def _chance(part: Difference, limit: float) -> float:
    """Return how likely this loss is by chance; 1 where it cannot be told."""
    difference = whole(part.difference)
    return 1.0 if difference is None else chance(difference, limit, part.blocks)


def _slice(name: str, part: Difference, level: float, validation: ValidationSpec, where: str) -> Check:
    limit, difference = _limit(validation), whole(part.difference)
    if difference is None:
        return Check(name, "passed", None, rounded(limit), f"cannot be compared on {plural(part.rows, 'row')}")
    high = upper(difference, level, part.blocks)
    outcome: CheckOutcome = "failed" if high < limit else "passed"
    detail = told(part, difference, where)
    if level != ALPHA:
        detail = f"{detail}; as one of many {_bound(high)}"
    return Check(name, outcome, rounded(high), rounded(limit), detail)


def _bound(high: float) -> str:
    """Return in words what a slice's gain is at most, when it is held together with all the others."""
    return f"worse by {number(-high)} at least" if high < 0 else f"no certain loss: perhaps better by {number(high)}"
