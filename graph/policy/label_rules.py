"""Question 2, are the labels broken?, and after it: are they in, and are they enough?"""

import math

from graph.evidence import Evidence, LabelEvidence
from graph.policy.case import Case, EvidenceFinding, broken, insufficient, stray
from graph.policy.channel_rules import CHANNEL_RULES
from graph.policy.rules import Finding, Step
from graph.policy.words import finite, moment, percent, plural, span

COLLAPSED = 0.5
"""Fewer than half of the positives that the calibrated scores foresee: no calibrator is that far off on its own."""
COLLAPSED_SIGMAS = 4.0
"""The shortfall must be this many standard deviations of the foreseen count, else three of seven positives would do."""
SCORES_STAND_STILL = 0.05
"""How far beyond its sampling noise the scores' PSI may be and still count as unmoved. Ordinary days wander by a few
hundredths; months of hourly weather, whose positives halve for honest reasons, move it by 0.13 to 2.5."""
EVEN = 0.35
"""Lost labels thin out low and high scores alike: largest distance of the two thirds' lifts, counts unknown."""
EVEN_SIGMAS = 3.0
"""The same in standard deviations, where the counts are known."""
LATE_SHARE = 0.8
"""Labels are late when more than a fifth of the rows that used to have one by now have none: the delay is a promise."""


def bad_labels(case: Case) -> EvidenceFinding:
    """Block when more than a stray label is neither 0 nor 1."""
    found = case.evidence
    return stray("label_quality", found.bad_labels, labels_seen(found), "labels", "are neither 0 nor 1")


def orphan_labels(case: Case) -> EvidenceFinding:
    """Block when more than a stray label belongs to no prediction: the join is wrong, or part of the log is missing."""
    found = case.evidence
    return stray(
        "label_quality", found.orphan_labels, labels_seen(found), "labels", "belong to no prediction in the log"
    )


def positives_collapsed(case: Case) -> EvidenceFinding:
    """Block when positives are missing, evenly over the scores, while the scores themselves stand still.

    A changed concept is uneven over the scores, a calmer season moves them: neither is called a label fault.
    """
    labels = case.evidence.labels
    if "label" in case.excused:
        return Finding(limit=COLLAPSED, detail="the owner said that the labels are genuine")
    expected = finite(labels.expected_positives) if labels else None
    if labels is None or not expected:
        return Finding(limit=COLLAPSED, detail="no calibrated scores to foresee positives with")
    lift = labels.positives / expected
    excuse = _excuse(labels, lift, expected)
    if excuse:
        return Finding(lift, COLLAPSED, excuse)
    reason = (
        f"{plural(labels.positives, 'positive label')} arrived where the calibrated scores foresee {expected:.0f}, "
        "evenly over low and high scores, and the scores did not move"
    )
    return broken("label_quality", reason, lift, COLLAPSED, since=labels.start)


def _excuse(labels: LabelEvidence, lift: float, expected: float) -> str:
    """Return why a shortfall of positives is not a label fault, or an empty text."""
    if lift >= COLLAPSED:
        return "as many positives as foreseen, within a factor of two"
    spread = finite(labels.expected_positives_sd)
    if spread is None or expected - labels.positives < COLLAPSED_SIGMAS * spread:
        return "the shortfall may be chance"
    moved = finite(labels.score_psi)
    if moved is None or moved > (finite(labels.score_psi_noise) or 0.0) + SCORES_STAND_STILL:
        return "the scores moved too" if moved is not None else "whether the scores moved is not known"
    return "" if _even(labels, lift) else "the shortfall is uneven over low and high scores"


def _even(labels: LabelEvidence, lift: float) -> bool:
    """Tell whether the shortfall is the same in the third of rows with the lowest and with the highest scores."""
    low, high = finite(labels.positive_lift_low), finite(labels.positive_lift_high)
    thirds = [(low, finite(labels.expected_low)), (high, finite(labels.expected_high))]
    known = [(seen, count) for seen, count in thirds if seen is not None]
    if any(count is None for _, count in known):
        return low is None or high is None or abs(low - high) <= EVEN
    return all(_within_noise(seen, lift, count or 0.0) for seen, count in known)


def _within_noise(seen: float, lift: float, expected: float) -> bool:
    # At least one label's worth of noise: a third in which half a positive is foreseen may hold one.
    return abs(seen - lift) * expected <= EVEN_SIGMAS * math.sqrt(max(lift * expected, 1.0))


def champion_known(case: Case) -> EvidenceFinding:
    """Block without a champion: there is nobody to judge, and a first candidate is wanted."""
    champion = case.evidence.champion
    if champion is not None:
        return Finding(champion)
    return insufficient("no_champion", f"{case.evidence.model} has no champion yet", None, None)


def labels_on_time(case: Case) -> EvidenceFinding:
    """Block when rows older than the label delay lack the labels they used to have by then."""
    labels = case.evidence.labels
    if labels is None or labels.predictions == 0:
        reason = f"no usable predictions are older than the label delay of {span(case.label_delay)}"
        return insufficient("unknown", reason, 0, 1)
    share = labels.labelled / labels.predictions
    limit = LATE_SHARE * labels.reference_labelled_share
    if labels.labelled > 0 and share >= limit:
        return Finding(share, limit)
    newest = moment(labels.newest_label) if labels.newest_label else "never"
    old = f"{plural(labels.predictions, 'prediction')} older than {span(case.label_delay)}"
    reason = (
        f"labels are late: {labels.labelled} of {old} "
        f"have one ({percent(labels.reference_labelled_share)} used to), the newest label came {newest}"
    )
    return insufficient("unknown", reason, share, limit)


def enough_labels(case: Case) -> EvidenceFinding:
    """Block below `min_labels`."""
    labels, wanted = case.evidence.labels, case.policy.min_labels
    count = labels.labelled if labels else 0
    if count >= wanted:
        return Finding(count, wanted)
    reason = f"only {plural(count, 'labelled row')} and min_labels asks for {wanted}"
    return insufficient("unknown", reason, count, wanted)


def enough_positives(case: Case) -> EvidenceFinding:
    """Block below `min_positives`."""
    labels, wanted = case.evidence.labels, case.policy.min_positives
    count = labels.positives if labels else 0
    if count >= wanted:
        return Finding(count, wanted)
    reason = f"only {plural(count, 'positive label')} and min_positives asks for {wanted}"
    return insufficient("unknown", reason, count, wanted)


def labels_seen(found: Evidence) -> int:
    """Return how many labels arrived, the faulty ones included."""
    joined = found.labels.labelled if found.labels else 0
    return joined + found.bad_labels + found.orphan_labels


SHARED_LABELS_IN_RULES = (Step("labels_on_time", labels_on_time), Step("enough_labels", enough_labels))
LABEL_RULES = (
    Step("bad_labels", bad_labels),
    Step("orphan_labels", orphan_labels),
    Step("positives_collapsed", positives_collapsed),
    *CHANNEL_RULES,
    Step("champion_known", champion_known),
)
LABELS_IN_RULES = (*SHARED_LABELS_IN_RULES, Step("enough_positives", enough_positives))
