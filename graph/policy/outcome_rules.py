"""Questions 1 and 2 of a regression: what it predicts and what became of it, judged by their distributions.

A classifier's labels are judged by its calibrated scores. A number's label has no such yardstick: it is held against
the labels of the reference, as a feature is against its own past. What holds for a constant factor, a stuck value or an
absurd one in a feature holds here too; a change of the concept that looks like one of them is asked about, not trained
on, and the owner's "genuine" lifts it.
"""

import math
from collections.abc import Callable
from dataclasses import replace

from graph.evidence import FeatureEvidence, Outcome
from graph.model import Blame, Cause, Diagnosis
from graph.policy.case import Case, EvidenceFinding, EvidenceRule, broken, stray
from graph.policy.feature_rules import Measure, by_the_worst, constant_factor, outside_range, stuck_value
from graph.policy.input_rules import duplicate_ids, enough_rows, future_times, rows_arrived
from graph.policy.label_rules import SHARED_LABELS_IN_RULES, champion_known, labels_seen, orphan_labels
from graph.policy.rules import Finding, Step
from graph.policy.words import finite, number, percent

Measuring = Callable[[FeatureEvidence], Measure | None]

BELOW_ZERO = 0.01
"""One in a hundred labels below zero, where the reference had none, is another sign or a code for "unknown"."""
TELLING = 0.7
"""Least correlation in the reference from which its loss says anything: half of the variance explained. Wind and rain,
foreseen with 0.6 from weather that was partly learned, go down to 0.2 in honest months."""
JOINED = 0.4
"""Part of the reference's correlation below which labels are those of other rows, …"""
JOINED_SIGMAS = 5.0
STANDS_STILL = 0.05
"""… if there is a loss for certain, and their distribution is the reference's own: how far beyond its noise their PSI
may be."""
ALIKE = 1.25
"""Factors of predictions and labels that differ by no more are one and the same: the world's, not a unit's."""
FEWEST_LABELS = 50
"""Labels in a window before their distribution says anything."""


def bad_predictions(case: Case) -> EvidenceFinding:
    """Block when more than a stray prediction is no number."""
    found = case.evidence
    return stray("data_quality", found.bad_scores, found.rows, "predictions", "are null, NaN or infinite")


def bad_labels(case: Case) -> EvidenceFinding:
    """Block when more than a stray label is no number."""
    found = case.evidence
    return stray("label_quality", found.bad_labels, labels_seen(found), "labels", "are null, NaN or infinite")


def prediction_factor(case: Case) -> EvidenceFinding:
    """Block when predictions are a constant factor away from the reference's, and labels are not."""
    return _moved_alike(case) or _of_prediction(constant_factor)(case)


def label_factor(case: Case) -> EvidenceFinding:
    """Block when labels are a constant factor away from the reference's, and predictions are not."""
    return _moved_alike(case) or _of_label(constant_factor)(case)


def _moved_alike(case: Case) -> EvidenceFinding | None:
    """Conclude nothing where predictions and labels moved by one factor: the world did, as before a holiday."""
    outcome = case.evidence.outcome or Outcome()
    predicted, labelled = _factor(outcome.prediction), _factor(outcome.label)
    if predicted is None or labelled is None or abs(math.log(predicted / labelled)) > math.log(ALIKE):
        return None
    return Finding(predicted, None, f"predictions and labels both moved by a factor of {number(predicted)}")


def label_join(case: Case) -> EvidenceFinding:
    """Block when labels are distributed as ever and no longer go with the predictions: those of other rows.

    A concept that changed moves the labels too. One that left them as they were, or turned round as a whole, looks the
    same in everything that is measured here: the owner is asked.
    """
    outcome, labels = case.evidence.outcome or Outcome(), case.evidence.labels
    now, before, column = finite(outcome.correlation), finite(outcome.reference_correlation), outcome.label
    if "label" in case.excused:
        return Finding(detail="the owner said that label is genuine")
    if now is None or before is None or column is None or labels is None or column.rows < FEWEST_LABELS:
        return Finding(detail="there is nothing to compare")
    if before < TELLING:
        return Finding(now, None, "predictions never went with the labels closely enough to tell")
    limit, moved = JOINED * before, finite(column.psi)
    if now > limit or (before - now) * math.sqrt(column.rows) < JOINED_SIGMAS:
        return Finding(now, limit)
    if moved is None or moved > (finite(column.psi_noise) or 0.0) + STANDS_STILL:
        return Finding(now, limit, "the labels themselves moved too")
    if labels.loss_excess is None or labels.loss_excess.low <= 0:
        return Finding(now, limit, "no loss is certain")
    reason = (
        f"{column.name}: labels are distributed as in the reference and do not go with the predictions (correlation "
        f"{number(now)}, {number(before)} in the reference): inverted, or joined to the wrong rows"
    )
    blame = (Blame(column.name, f"correlation with the prediction {number(now)}", round(now, 6)),)
    return broken("label_quality", reason, now, limit, blame, since=labels.start)


def _factor(column: FeatureEvidence | None) -> float | None:
    """Return the factor that a column is away from its reference by, where that is more than a season."""
    seen = constant_factor(column) if column and column.rows else None
    return column.factor if column and seen and seen.excess > 0 else None


def _below_zero(column: FeatureEvidence) -> Measure | None:
    low, before = finite(column.low), finite(column.reference_low)
    if low is None or before is None or before < 0 or low >= 0:
        return None
    share = column.below / column.rows
    detail = f"{percent(share)} lie below the reference's {number(before)}, down to {number(low)}: none was negative"
    return Measure(column.name, share, BELOW_ZERO, detail)


def _of_prediction(measure: Measuring) -> EvidenceRule:
    return _over(lambda outcome: outcome.prediction, "data_quality", measure)


def _of_label(measure: Measuring) -> EvidenceRule:
    return _over(lambda outcome: outcome.label, "label_quality", measure)


def _over(column: Callable[[Outcome], FeatureEvidence | None], cause: Cause, measure: Measuring) -> EvidenceRule:
    """Make a rule on one column of the outcome out of what is measured in a feature."""

    def judge(case: Case) -> EvidenceFinding:
        found = column(case.evidence.outcome or Outcome())
        if found is None or found.rows < FEWEST_LABELS:
            return Finding(detail="there is nothing to compare")
        name = "label" if cause == "label_quality" else found.name
        if name in case.excused:
            return Finding(detail=f"the owner said that {name} is genuine")
        seen = measure(found)
        judged = by_the_worst([seen] if seen else [], cause)
        labels = case.evidence.labels
        if judged.conclusion is None or cause != "label_quality" or labels is None:
            return judged
        return replace(judged, conclusion=replace(judged.conclusion, since=labels.start))

    return judge


def without_estimate(found: Diagnosis) -> Diagnosis:
    """Return a diagnosis that labels could not make, with the word that nothing stands in for them."""
    return replace(found, reason=f"{found.reason}; a regression has no label-free estimate")


OUTCOME_LOG_RULES = (
    Step("future_times", future_times),
    Step("rows_arrived", rows_arrived),
    Step("duplicate_ids", duplicate_ids),
    Step("bad_scores", bad_predictions),
    Step("enough_rows", enough_rows),
)
OUTCOME_INPUT_RULES = (
    Step("stuck_prediction", _of_prediction(stuck_value)),
    Step("prediction_factor", prediction_factor),
    Step("prediction_range", _of_prediction(outside_range)),
)
OUTCOME_LABEL_RULES = (
    Step("bad_labels", bad_labels),
    Step("orphan_labels", orphan_labels),
    Step("stuck_label", _of_label(stuck_value)),
    Step("label_factor", label_factor),
    Step("label_range", _of_label(outside_range)),
    Step("label_sign", _of_label(_below_zero)),
    Step("label_join", label_join),
    Step("champion_known", champion_known),
)
OUTCOME_LABELS_IN_RULES = SHARED_LABELS_IN_RULES
