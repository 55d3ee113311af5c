"""Questions 1 and 2 of a regression: what it predicts and what became of it, judged by their distributions.

A classifier's labels are judged by its calibrated scores. A number's label has no such yardstick: it is held against
the labels of the reference, as a feature is against its own past. What holds for a constant factor, a stuck value or an
absurd one in a feature holds here too; a change of the concept that looks like one of them is asked about, not trained
on, and the owner's "genuine" lifts it.
"""

from collections.abc import Callable
from dataclasses import replace

from graph.evidence import FeatureEvidence, Outcome
from graph.model import Cause, Diagnosis
from graph.policy.case import Case, EvidenceFinding, EvidenceRule, stray
from graph.policy.feature_rules import Measure, by_the_worst, constant_factor, outside_range, stuck_value
from graph.policy.input_rules import duplicate_ids, enough_rows, future_times, rows_arrived
from graph.policy.label_rules import SHARED_LABELS_IN_RULES, champion_known, labels_seen, orphan_labels
from graph.policy.rules import Finding, Step
from graph.policy.words import finite, number, percent

Measuring = Callable[[FeatureEvidence], Measure | None]

BELOW_ZERO = 0.01
"""One in a hundred labels below zero, where the reference had none, is another sign or a code for "unknown"."""
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
            return Finding(detail=f"the owner said that the {name}s are genuine")
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
    Step("prediction_factor", _of_prediction(constant_factor)),
    Step("prediction_range", _of_prediction(outside_range)),
)
OUTCOME_LABEL_RULES = (
    Step("bad_labels", bad_labels),
    Step("orphan_labels", orphan_labels),
    Step("stuck_label", _of_label(stuck_value)),
    Step("label_factor", _of_label(constant_factor)),
    Step("label_range", _of_label(outside_range)),
    Step("label_sign", _of_label(_below_zero)),
    Step("champion_known", champion_known),
)
OUTCOME_LABELS_IN_RULES = SHARED_LABELS_IN_RULES
