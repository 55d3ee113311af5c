"""What performance is likely to be while labels are not in: an estimate that explains and never decides."""

from dataclasses import replace

from graph.evidence import Estimate, Interval
from graph.model import Diagnosis
from graph.policy.alarm_rules import Blamed
from graph.policy.case import Case
from graph.policy.rules import Finding, Step
from graph.policy.words import finite, interval, number, plural

CONTRADICTED = 0.001
"""Labels that lie further from the calibrated scores than one chance in a thousand take the estimate back."""
_METRICS = ("roc_auc", "accuracy", "f1", "precision", "recall")


def label_free_estimate(case: Case) -> Finding[Blamed]:
    """Show the estimate of the policy's metric (of roc_auc, where that needs labels), or say why it is withdrawn.

    No value: it is withdrawn, or there are no calibrated scores to make one of.
    """
    estimate = case.evidence.estimate
    if estimate is None:
        return Finding()
    found = _first(estimate, case.policy.metric)
    withdrawn = contradicted(estimate)
    if withdrawn or found is None:
        return Finding(detail=withdrawn or "the rows do not determine any metric")
    return Finding(found[1].value, detail=_words(estimate, found))


def contradicted(estimate: Estimate) -> str:
    """Return why labels take the estimate back, or an empty text."""
    p = finite(estimate.contradiction_p)
    if p is None or p >= CONTRADICTED:
        return ""
    return (
        f"the label-free estimate is withdrawn: {plural(estimate.held_against, 'labelled row')} contradict the "
        f"calibrated scores (p {number(p)})"
    )


def with_estimate(found: Diagnosis, case: Case) -> Diagnosis:
    """Return a diagnosis that labels could not make, with the estimate in its reason."""
    estimate = case.evidence.estimate
    if estimate is None or found.verdict != "insufficient":
        return found
    seen = _first(estimate, case.policy.metric)
    words = contradicted(estimate) or (_words(estimate, seen) if seen else "")
    return replace(found, reason=f"{found.reason}; {words}") if words else found


def _first(estimate: Estimate, metric: str) -> tuple[str, Interval] | None:
    """Return the wanted metric, or the first there is."""
    known = {name: getattr(estimate, name) for name in sorted(_METRICS, key=lambda name: name != metric)}
    return next(((name, value) for name, value in known.items() if _is_whole(value)), None)


def _is_whole(value: Interval | None) -> bool:
    return value is not None and None not in (finite(value.value), finite(value.low), finite(value.high))


def _words(estimate: Estimate, found: tuple[str, Interval]) -> str:
    name, value = found
    held = (
        f"{plural(estimate.held_against, 'labelled row')} do not contradict it"
        if estimate.contradiction_p is not None
        else "no labels to hold it against"
    )
    return f"without labels, {name} is estimated at {interval(value)} on {plural(estimate.rows, 'row')}; {held}"


ESTIMATE_RULES = (Step("label_free_estimate", label_free_estimate),)
