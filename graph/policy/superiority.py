"""Challenger against champion on the same rows: better where the harm was, not worse elsewhere."""

from graph.model import Check, Comparison, Decision, Difference
from graph.policy.differences import lacks, part, told, whole
from graph.policy.levels import ALPHA, lower
from graph.policy.metrics import better_by
from graph.policy.words import finite, number, rounded
from graph.spec import ModelSpec, ValidationSpec


def superiority(comparison: Comparison, spec: ModelSpec, decision: Decision, alpha: float = ALPHA) -> Check:
    """Judge whether the challenger is better on the window that triggered, or on all rows where there is none.

    A window too small to carry an interval of its own (one day of daily blocks) is judged by all rows, and passes only
    if its own rows do not point the other way. `alpha` is the one-sided level at which it must be better.
    """
    overall, harm = part(comparison, "overall"), part(comparison, "harm")
    if harm is None:
        where = "on all rows" + ("; none lie in the window that triggered" if decision.harm_from else "")
        return _compared("superiority", overall, 0.0, where, spec.validation, alpha)
    missing = lacks(harm, spec.validation)
    if missing is None:
        return _compared("superiority", harm, 0.0, "on the window that triggered", spec.validation, alpha)
    where = f"on all rows (in the window that triggered {missing})"
    check = _compared("superiority", overall, 0.0, where, spec.validation, alpha)
    gain = _gain(harm)
    if check.outcome == "passed" and gain is not None and gain <= 0:
        there = f"worse by {number(-gain)}" if gain < 0 else "no better"
        detail = f"{check.detail}; in that window it is {there}"
        return Check(check.name, "inconclusive", check.value, check.limit, detail)
    return check


def _gain(found: Difference) -> float | None:
    """Return by how much the challenger is better, without an interval."""
    champion, challenger = finite(found.champion), finite(found.challenger)
    return None if champion is None or challenger is None else better_by(found.metric, challenger, champion)


def non_inferiority(comparison: Comparison, validation: ValidationSpec, alpha: float = ALPHA) -> tuple[Check, ...]:
    """Judge whether the challenger is at most `margin` worse on the rows before the window that triggered, if any.

    Too few of them to judge are judged with all the others.
    """
    rest, name, limit = part(comparison, "rest"), "non_inferiority", 0.0 - validation.margin
    if rest is None:
        return ()
    missing = lacks(rest, validation)
    if missing is None:
        where = "on the rows before the window that triggered"
        return (_compared(name, rest, limit, where, validation, alpha),)
    where = f"on all rows (before the window that triggered {missing})"
    return (_compared(name, part(comparison, "overall"), limit, where, validation, alpha),)


def _compared(
    name: str, found: Difference | None, limit: float, where: str, validation: ValidationSpec, alpha: float
) -> Check:
    """Return passed or failed when the whole interval lies on one side of the limit, else inconclusive.

    Only passing spends level: a loss is certain at the level it was measured at.
    """
    missing = "there are no rows" if found is None else lacks(found, validation)
    difference = whole(found.difference) if found else None
    if found is None or difference is None or missing:
        return Check(name, "inconclusive", None, rounded(limit), f"cannot be told {where}: {missing}")
    detail, low = told(found, difference, where), lower(difference, alpha, found.blocks)
    if alpha != ALPHA:
        bound = f"better by {number(low)} or more" if low >= 0 else f"perhaps worse by {number(-low)}"
        detail = f"{detail}; at the level {number(alpha)} of a repeated attempt {bound}"
    if low > limit:
        return Check(name, "passed", rounded(low), rounded(limit), detail)
    if difference.high < limit:
        return Check(name, "failed", rounded(difference.high), rounded(limit), detail)
    return Check(name, "inconclusive", rounded(low), rounded(limit), detail)
