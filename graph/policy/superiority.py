"""Challenger against champion on the same rows: better where the harm was, not worse elsewhere, nor in any slice."""

from statistics import NormalDist

from graph.evidence import Interval
from graph.model import Check, CheckOutcome, Comparison, Decision, Difference
from graph.policy.metrics import better_by
from graph.policy.words import finite, interval, number, plural, rounded
from graph.spec import ModelSpec, ValidationSpec

LEAST_BLOCKS = 8
"""Blocks of time below which an interval says too little: it cannot see what differs from one block to the next."""
SLICE_MARGIN = 2.0
"""A slice may be worse by this many margins before it fails: it is one of many, and smaller."""
_LEVEL = 0.975


def superiority(comparison: Comparison, spec: ModelSpec, decision: Decision) -> Check:
    """Judge whether the challenger is better on the window that triggered, or on all rows where there is none.

    A window too small to carry an interval of its own (one day of daily blocks) is judged by all rows, and passes only
    if its own rows do not point the other way.
    """
    overall, harm = _part(comparison, "overall"), _part(comparison, "harm")
    if harm is None:
        where = "on all rows" + ("; none lie in the window that triggered" if decision.harm_from else "")
        return _compared("superiority", overall, 0.0, where, spec.validation)
    lacks = _lacks(harm, spec.validation)
    if lacks is None:
        return _compared("superiority", harm, 0.0, "on the window that triggered", spec.validation)
    where = f"on all rows (in the window that triggered {lacks})"
    check = _compared("superiority", overall, 0.0, where, spec.validation)
    gain = _gain(harm)
    if check.outcome == "passed" and gain is not None and gain <= 0:
        detail = f"{check.detail}; in that window it is better by {number(gain)}"
        return Check(check.name, "inconclusive", check.value, check.limit, detail)
    return check


def _gain(part: Difference) -> float | None:
    """Return by how much the challenger is better, without an interval."""
    champion, challenger = finite(part.champion), finite(part.challenger)
    return None if champion is None or challenger is None else better_by(part.metric, challenger, champion)


def non_inferiority(comparison: Comparison, validation: ValidationSpec) -> tuple[Check, ...]:
    """Judge whether the challenger is at most `margin` worse on the rows before the window that triggered, if any.

    Too few of them to judge are judged with all the others.
    """
    rest = _part(comparison, "rest")
    if rest is None:
        return ()
    lacks = _lacks(rest, validation)
    if lacks is None:
        return (
            _compared(
                "non_inferiority",
                rest,
                0.0 - validation.margin,
                "on the rows before the window that triggered",
                validation,
            ),
        )
    where = f"on all rows (before the window that triggered {lacks})"
    return (_compared("non_inferiority", _part(comparison, "overall"), 0.0 - validation.margin, where, validation),)


def slices(comparison: Comparison, validation: ValidationSpec) -> tuple[Check, ...]:
    """Judge each slice. It fails only when it is worse than twice the margin for certain, and passes otherwise.

    With k slices each interval is widened to the level 1 - 0.05 / k (Bonferroni), so that all of them together fail a
    challenger by chance in one of forty cases. A slice too small to tell must not hold up the whole: passed means that
    no loss was shown.
    """
    found = [part for part in comparison.differences if part.name.startswith("slice:") and part.rows]
    if not found:
        return ()
    wider = NormalDist().inv_cdf(1 - (1 - _LEVEL) / len(found)) / NormalDist().inv_cdf(_LEVEL)
    return tuple(_slice(part, wider, 0.0 - SLICE_MARGIN * validation.margin) for part in found)


def _slice(part: Difference, wider: float, limit: float) -> Check:
    difference = _whole(part.difference)
    if difference is None:
        return Check(part.name, "passed", None, rounded(limit), f"cannot be compared on {plural(part.rows, 'row')}")
    high = difference.value + wider * (difference.high - difference.value)
    outcome: CheckOutcome = "failed" if high < limit else "passed"
    return Check(part.name, outcome, rounded(high), rounded(limit), _words(part, difference, "in this slice"))


def _compared(name: str, part: Difference | None, limit: float, where: str, validation: ValidationSpec) -> Check:
    """Return passed or failed when the whole interval lies on one side of the limit, else inconclusive."""
    lacks = "there are no rows" if part is None else _lacks(part, validation)
    difference = _whole(part.difference) if part else None
    if part is None or difference is None or lacks:
        return Check(name, "inconclusive", None, rounded(limit), f"cannot be told {where}: {lacks}")
    detail = _words(part, difference, where)
    if difference.low > limit:
        return Check(name, "passed", rounded(difference.low), rounded(limit), detail)
    if difference.high < limit:
        return Check(name, "failed", rounded(difference.high), rounded(limit), detail)
    return Check(name, "inconclusive", rounded(difference.low), rounded(limit), detail)


def _words(part: Difference, difference: Interval, where: str) -> str:
    champion, challenger = finite(part.champion), finite(part.challenger)
    values = (
        f"{number(challenger)} against {number(champion)}, " if champion is not None and challenger is not None else ""
    )
    return f"{part.metric} {values}better by {interval(difference)} {where}"


def _part(comparison: Comparison, name: str) -> Difference | None:
    return next((part for part in comparison.differences if part.name == name and part.rows), None)


def _lacks(part: Difference, validation: ValidationSpec) -> str | None:
    """Return what a part has too little of to be judged by itself, or None."""
    if part.rows < validation.min_rows:
        return f"{plural(part.rows, 'row')} are too few"
    if part.positives < validation.min_positives:
        return f"{plural(part.positives, 'positive')} are too few"
    if part.blocks < LEAST_BLOCKS:
        return f"{plural(part.blocks, 'block')} of time are too few"
    return None if _whole(part.difference) else "no interval could be made"


def _whole(measured: Interval | None) -> Interval | None:
    """Return the interval when value and bounds are numbers."""
    if measured is None or None in (finite(measured.value), finite(measured.low), finite(measured.high)):
        return None
    return measured
