"""Question 3: is there harm that the mix of rows does not explain, and does the owner want drift alone to count?"""

import math
from dataclasses import dataclass

from graph.evidence import FeatureEvidence, Interval, LabelEvidence
from graph.model import Blame, Cause, Diagnosis
from graph.policy.case import Case, EvidenceFinding, insufficient
from graph.policy.differences import whole
from graph.policy.input_rules import thin_traffic
from graph.policy.metrics import RANKING, better_by
from graph.policy.rules import Finding, Step
from graph.policy.sequence import RUN_LENGTH, Sequential
from graph.policy.words import finite, interval, moment, number, plural

UNEXPLAINED = 0.0
"""A loss counts as unexplained when the lower bound of the Brier excess is above this."""
SHIFTED = 1.25
"""Positives moved when both thirds hold this many times as many, or as few, as foreseen, …"""
ALIKE = 1.5
"""… and moved uniformly when the two thirds differ by no more than this factor."""
MOST_BLAMED = 3


@dataclass(frozen=True, slots=True)
class Performance:
    """Labelled performance, every number of it finite."""

    labels: LabelEvidence
    realised: Interval
    foreseen: float
    excess: Interval

    @property
    def loss(self) -> str:
        """What the excess is an excess of, in words."""
        return "loss excess" if self.labels.loss_excess else "Brier excess"

    @property
    def foreseers(self) -> str:
        """Whose the foreseen metric is, in words: a regression's reference knows the error of each prediction."""
        return "errors of the reference" if self.labels.loss_excess else "calibrated scores"

    @property
    def drop(self) -> float:
        """How much worse the metric is than the scores foresee on the same rows."""
        return better_by(self.labels.metric, self.foreseen, self.realised.value)


def performance(case: Case) -> Performance | None:
    """Return the labelled performance, or None when a part of it could not be measured."""
    labels = case.evidence.labels
    if labels is None:
        return None
    realised, foreseen = whole(labels.realised), finite(labels.foreseen)
    excess = whole(labels.loss_excess or labels.brier_excess)
    if realised is None or excess is None or foreseen is None:
        return None
    return Performance(labels, realised, foreseen, excess)


def performance_measured(case: Case) -> EvidenceFinding:
    """Block when the metric or its explanation is missing, as when only one class is labelled."""
    found = performance(case)
    if found:
        return Finding(found.realised.value)
    metric = case.evidence.labels.metric if case.evidence.labels else case.policy.metric
    return insufficient("unknown", f"{metric} could not be measured on the labelled rows", None, None)


def unexplained_loss(case: Case) -> EvidenceFinding:
    """Show the Brier excess. Whether one above zero is harm is for `unexplained_drop`: this rule never decides."""
    found = performance(case)
    if found is None:
        return Finding()
    certain = "certain" if found.excess.low > UNEXPLAINED else "not certain"
    detail = f"{found.loss} {interval(found.excess)}: over all these rows together an unexplained loss is {certain}"
    return Finding(found.excess.low, UNEXPLAINED, detail)


def sequential_harm(case: Case) -> EvidenceFinding:
    """Block, where the owner gave prices, when the sequential test calls the unexplained loss harm.

    Without prices it only tells `unexplained_drop` whether a loss is certain.
    """
    seen, limit = case.harm, math.log(RUN_LENGTH)
    if not seen.windows:
        return Finding()
    if not seen.alarm or case.policy.prices is None:
        return Finding(seen.log_e, limit, f"{_since(seen, case)}{_alarm(seen, limit)}")
    blame = drifted(case)
    reason = f"unexplained harm: {_since(seen, case)}, and {_suspects(blame)}"
    cause: Cause = "concept_drift"
    return Finding(seen.log_e, limit, reason, Diagnosis("degraded", cause, reason, blame, since=seen.since))


def _alarm(seen: Sequential, limit: float) -> str:
    """Return whether the test calls that harm, and if not why: it asks for certainty, and for harm that goes on."""
    if seen.since is None or seen.log_e <= 0:
        return ""
    if seen.alarm:
        return ": alarm"
    return ": no alarm, the newest window shows none" if seen.log_e > limit else ": no alarm, it may be chance"


def _since(seen: Sequential, case: Case) -> str:
    if seen.since is None or seen.log_e <= 0:
        return "nothing speaks for harm"
    what = f"{number(1000 * seen.wrong_rate)} unforeseen wrong decisions in 1000 rows"
    if case.evidence.outcome:
        what = f"{number(seen.wrong_rate)} unforeseen loss per row (an error of {_cap(case)} or more is 1)"
    return (
        f"{what} since {moment(seen.since)} "
        f"({plural(seen.windows, 'window')}, {plural(seen.rows, 'row')}; log e {number(seen.log_e)})"
    )


def _cap(case: Case) -> str:
    cap = case.evidence.outcome.cap if case.evidence.outcome else None
    return number(cap) if cap is not None else "the reference's largest"


def unexplained_drop(case: Case) -> EvidenceFinding:
    """Block when the metric fell by `max_drop` more than the scores foresee and the unexplained loss is certain.

    A fall that the metric's own interval calls certain and the loss does not is neither harm nor health: wait.
    """
    found, limit = performance(case), case.policy.max_drop
    if found is None:
        return Finding()
    if case.policy.prices is not None:
        return Finding(found.drop, None, "harm counts by its price here: see sequential_harm")
    if found.drop < limit:
        return Finding(found.drop, limit, _seen(found))
    if _certain(case, found):
        return _harm(case, found, limit)
    if better_by(found.labels.metric, found.foreseen, _best(found)) < limit:
        return Finding(found.drop, limit, f"{_seen(found)}; the drop may be chance")
    reason = (
        f"{_seen(found)}: a drop, but the {found.loss} of {interval(found.excess)} may be chance; more labels will tell"
    )
    return insufficient("unknown", reason, found.drop, limit)


def _certain(case: Case, found: Performance) -> bool:
    """Tell whether the loss is no chance: by the test that may be asked at every check, where there is one."""
    return case.harm.alarm if case.harm.windows else found.excess.low > UNEXPLAINED


def _best(found: Performance) -> float:
    """Return the best value of the metric that its interval allows."""
    low, high = found.realised.low, found.realised.high
    return high if better_by(found.labels.metric, high, low) > 0 else low


def _harm(case: Case, found: Performance, limit: float) -> EvidenceFinding:
    blame = drifted(case)
    reason = (
        f"{found.labels.metric} is {interval(found.realised)} on {plural(found.labels.labelled, 'labelled row')} "
        f"where the {found.foreseers} foresee {number(found.foreseen)}, and {_suspects(blame)}"
    )
    cause: Cause = "label_shift" if _labels_shifted(found) else "concept_drift"
    diagnosis = Diagnosis("degraded", cause, reason, blame, since=case.harm.since if case.harm.alarm else None)
    return Finding(found.drop, limit, reason, diagnosis)


def _suspects(blame: tuple[Blame, ...]) -> str:
    if not blame:
        return "no feature moved: what they mean for the label did"
    return f"what moved is {', '.join(f'{seen.feature} ({seen.detail})' for seen in blame)}"


def _labels_shifted(found: Performance) -> bool:
    """Tell whether positives became more or less frequent everywhere alike, which a ranking metric would not feel."""
    low, high = finite(found.labels.positive_lift_low), finite(found.labels.positive_lift_high)
    if found.labels.metric in RANKING or not low or not high:
        return False
    together = min(low, high) >= SHIFTED or max(low, high) <= 1 / SHIFTED
    return together and max(low, high) <= ALIKE * min(low, high)


def drifted(case: Case, beyond: float = 0.0) -> tuple[Blame, ...]:
    """Return the features whose PSI lies above its sampling noise and `beyond`, the furthest moved first."""
    moved = [feature for feature in case.evidence.features if _moved(feature) > beyond]
    moved.sort(key=lambda feature: (-_moved(feature), feature.name))
    return tuple(Blame(feature.name, _movement(feature), round(_moved(feature), 6)) for feature in moved[:MOST_BLAMED])


def _moved(feature: FeatureEvidence) -> float:
    """Return the feature's PSI, or 0 when it is within its noise."""
    psi, noise = finite(feature.psi), finite(feature.psi_noise) or 0.0
    return psi if psi is not None and psi > noise else 0.0


def _movement(feature: FeatureEvidence) -> str:
    noise = finite(feature.psi_noise)
    return f"PSI {number(_moved(feature))}" + (f", noise {number(noise)}" if noise is not None else "")


def max_drift(case: Case) -> EvidenceFinding:
    """Block when a feature drifted beyond `max_drift`, where the owner set it: without labels and without harm."""
    limit = case.policy.max_drift
    if limit is None:
        return Finding(detail="policy.max_drift is not set: drift explains, it does not act")
    blame = drifted(case, beyond=limit)
    if not blame:
        most = drifted(case)
        return Finding(most[0].value if most else 0.0, limit)
    first = blame[0]
    others = f" (also {', '.join(seen.feature for seen in blame[1:])})" if blame[1:] else ""
    reason = f"{first.feature} drifted beyond max_drift {number(limit)}: {first.detail}{others}"
    return Finding(first.value, limit, reason, Diagnosis("degraded", "covariate_shift", reason, blame))


def explained_drop(case: Case) -> EvidenceFinding:
    """Block retraining when the rows became harder: the scores themselves foresee a metric below the reference's."""
    found = performance(case)
    reference = finite(found.labels.reference_value) if found else None
    if found is None or reference is None:
        return Finding(detail="no reference performance to compare with")
    metric, limit = found.labels.metric, case.policy.max_drop
    drop = better_by(metric, reference, found.foreseen)
    if case.evidence.outcome:
        # One absurd label in the reference makes its errors foresee anything: the rows must have turned out harder too.
        drop = min(drop, better_by(metric, reference, found.realised.value))
    if drop < limit:
        return Finding(drop, limit)
    reason = (
        f"harder traffic: {metric} is {interval(found.realised)}, as the {found.foreseers} foresee on these rows "
        f"({number(found.foreseen)}; {number(reference)} on the reference), and retraining would not change that"
    )
    return Finding(drop, limit, reason, Diagnosis("degraded", "covariate_shift", reason, drifted(case), curable=False))


def healthy(case: Case) -> Diagnosis:
    """Conclude that there is nothing to object; the rules before have seen to it that performance was measured."""
    found = performance(case)
    measured = f"{_seen(found)} on {plural(found.labels.labelled, 'labelled row')}" if found else ""
    return Diagnosis("healthy", "none", "; ".join(part for part in (measured, thin_traffic(case)) if part))


def _seen(found: Performance) -> str:
    return f"{found.labels.metric} is {interval(found.realised)}, foreseen {number(found.foreseen)}"


MEASURED_RULES = (Step("performance_measured", performance_measured),)
HARM_RULES = (
    Step("unexplained_loss", unexplained_loss),
    Step("sequential_harm", sequential_harm),
    Step("unexplained_drop", unexplained_drop),
)
DRIFT_RULES = (Step("max_drift", max_drift),)
EXPLANATION_RULES = (Step("explained_drop", explained_drop),)
