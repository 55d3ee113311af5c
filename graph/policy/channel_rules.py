"""Question 2, the labels as a whole: are they a noisy copy of the scores in every slice alike?"""

import math

from graph.evidence import Channel
from graph.model import Diagnosis
from graph.policy.case import Case, EvidenceFinding, broken
from graph.policy.rules import Finding, Step
from graph.policy.words import number, plural

HEALTHY_SLOPE = 0.65
"""Labels whose share rises less than this with the calibrated score carry too little of it."""
SLOPE_SIGMAS = 5.0
EVEN_SIGMAS = 3.6
"""No score band or slice may deviate more from the channel: a changed concept is uneven, a broken pipe is not."""
FEWEST_WINDOWS = 2
SOUND_SLOPE = 0.8
PROPORTIONAL = 0.03
PROPORTIONAL_SIGMAS = 2.0
HIDDEN_SIGMAS = 7.5
HIDDEN_WINDOWS = 4
"""A few bad days move a slice too; a concept that moved stays moved."""
VOID = 25.0
"""Positives foreseen in a segment without one: chance leaves it empty once in e**25 windows, and a concept that changed
leaves some."""
SEGMENT_SIGMAS = 2.5
"""A segment has few rows: what is called even there must be even to the chance of six score bands."""


def label_channel(case: Case) -> EvidenceFinding:
    """Block when labels are a weakened copy of the scores in at least two windows, evenly over all slices."""
    if "label" in case.excused:
        return Finding(detail="the owner said that the labels are genuine")
    weak = [
        found
        for found in case.evidence.channels
        if found.windows >= FEWEST_WINDOWS and _weak(found) and not found.segment
    ]
    # One side of the threshold is a part of the rows: harmed, and weak for no other reason than lost labels.
    even = [found for found in weak if found.worst < EVEN_SIGMAS and (found.side == "all" or _harmed(case, found))]
    if even:
        worst = min(even, key=lambda found: (found.slope, found.side))
        return broken("label_quality", _reason(worst), worst.slope, HEALTHY_SLOPE, since=worst.start)
    whole = next((found for found in case.evidence.channels if found.side == "all" and not found.segment), None)
    if whole is None:
        return Finding()
    return Finding(whole.slope, HEALTHY_SLOPE, _uneven(weak))


def label_segment(case: Case) -> EvidenceFinding:
    """Block when positives are lost in one segment, evenly over its scores, while labels are sound everywhere else.

    Losing them leaves a share of what the scores foresee at every score. A concept that changed there would not.
    """
    if "label" in case.excused:
        return Finding(detail="the owner said that the labels are genuine")
    segments = [found for found in case.evidence.channels if found.segment and found.windows >= FEWEST_WINDOWS]
    lost = [found for found in segments if _weak(found) and _sound_elsewhere(found) and _harmed(case, found)]
    if not lost:
        return Finding(min((found.slope for found in segments), default=None), HEALTHY_SLOPE)
    worst = min(lost, key=lambda found: (found.slope, found.segment))
    reason = (
        f"labels of {worst.segment} carry {number(max(worst.slope, 0.0))} of the signal that the calibrated scores "
        f"foresee, evenly over its scores, and {number(worst.elsewhere or 0.0)} elsewhere, over "
        f"{plural(worst.windows, 'window')}: positives of this segment are lost"
    )
    return broken("label_quality", reason, worst.slope, HEALTHY_SLOPE, since=worst.start)


def label_void(case: Case) -> EvidenceFinding:
    """Block when a segment holds not one of the many positives that its scores foresee."""
    if "label" in case.excused:
        return Finding(detail="the owner said that the labels are genuine")
    parts = [found for found in case.evidence.channels if found.segment and found.windows >= FEWEST_WINDOWS]
    empty = [(found.foreseen, found) for found in parts if found.positives == 0 and found.foreseen]
    foreseen, worst = max(empty, key=lambda pair: (pair[0], pair[1].segment), default=(0.0, None))
    if worst is None or foreseen < VOID:
        return Finding(foreseen, VOID)
    reason = (
        f"not one label of {worst.segment} is positive where its scores foresee {number(foreseen)} over "
        f"{plural(worst.windows, 'window')}: positives of this segment are lost"
    )
    return broken("label_quality", reason, foreseen, VOID, since=worst.start)


def _harmed(case: Case, found: Channel) -> bool:
    """Tell whether a part of the rows looks harmed by lost positives: only asked once harm stands, before retraining.

    Among many parts one is always weak by chance, and asking costs the owner's time.
    """
    proportional = abs(found.intercept) <= max(PROPORTIONAL_SIGMAS * found.intercept_se, PROPORTIONAL)
    return case.harm.alarm and proportional and found.slope > -PROPORTIONAL and found.worst < SEGMENT_SIGMAS


def _sound_elsewhere(found: Channel) -> bool:
    return found.elsewhere is not None and found.elsewhere >= SOUND_SLOPE


def uneven_labels(case: Case) -> EvidenceFinding:
    """Block, where the owner gave prices, when labels left the scores in a slice although the whole shows no loss.

    A concept may change so that the errors only move: what was hard became easy and the other way round. No loss tells
    of it, and a challenger that learned it would be better all the same. Whether it is, the trained one has to show.
    """
    whole = [each for each in case.evidence.channels if each.side == "all" and not each.segment]
    found = [each for each in whole if each.windows >= HIDDEN_WINDOWS]
    worst = max(found, key=lambda each: (each.worst, -each.windows), default=None)
    if worst is None or case.policy.prices is None:
        return Finding(None, HIDDEN_SIGMAS)
    if worst.worst < HIDDEN_SIGMAS:
        return Finding(worst.worst, HIDDEN_SIGMAS, worst.where)
    reason = (
        f"labels of {worst.where} left the calibrated scores by {number(worst.worst)} sigmas over "
        f"{plural(worst.windows, 'window')}, though the whole shows no loss: the errors moved"
    )
    diagnosis = Diagnosis("degraded", "concept_drift", reason, since=worst.start, hidden=True)
    return Finding(worst.worst, HIDDEN_SIGMAS, reason, diagnosis)


def _weak(found: Channel) -> bool:
    return found.slope <= HEALTHY_SLOPE and (1 - found.slope) > SLOPE_SIGMAS * max(found.slope_se, 1e-9)


def _reason(found: Channel) -> str:
    where = "" if found.side == "all" else f" among the rows decided {found.side}"
    return (
        f"labels carry {number(max(found.slope, -1.0))} of the signal that the calibrated scores foresee{where}, in "
        f"every slice alike, over {plural(found.windows, 'window')}: lost, inverted or joined to the wrong rows"
    )


def _uneven(weak: list[Channel]) -> str:
    if not weak:
        return ""
    found = max(weak, key=lambda each: each.worst)
    return f"weak, but uneven: {found.where} deviates by {number(math.floor(found.worst * 10) / 10)} sigmas"


HIDDEN_RULES = (Step("uneven_labels", uneven_labels),)
CHANNEL_RULES = (
    Step("label_channel", label_channel),
    Step("label_void", label_void),
    Step("label_segment", label_segment),
)
