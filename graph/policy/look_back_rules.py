"""Asked last, of all rows since a change, before a challenger is made for it: is it a column that broke?

A single window may hold too few rows to show a breakage of a rare value, and a column may move that no rule of question
1 minds by itself: traffic does that, and a calendar column does nothing else. Errors that began when one column alone
became another are another matter: it is what changed since the stretch before. The owner is asked before anything is
learned from such rows; "genuine" goes on, and so does a week without an answer.
"""

from dataclasses import replace

from graph.evidence import FeatureSince
from graph.policy.case import Case, EvidenceFinding
from graph.policy.feature_rules import FEATURE_RULES, Measure, by_the_worst
from graph.policy.joint_rules import JOINT_RULES
from graph.policy.rules import Finding, Step, walk
from graph.policy.words import finite, number

ALONE = 0.25
"""PSI beyond its noise from which a column has moved. Traffic moves one alone by up to 0.15, and nothing is wrong."""
TIMES_THE_NEXT = 5.0
"""How much further it must have moved than any other: traffic of another mix moves several."""
OTHER_SIZES = 0.4
"""Largest difference of cumulated shares between the values that are not zero and the reference's."""
SIZES_NOISE = 3.0
FOLLOWS = 0.5
"""Of the slope that a column had on the rest of its row; drift of all kinds left at least 0.7 of it."""
FOLLOWED = 0.5
"""What it must have risen before, for anything to be said of what it does now."""
FOLLOWS_SIGMAS = 3.0
HARDLY_TOLD = 0.15
"""A column of which its row tells no more than this …"""
FOLLOWS_SIGMAS_HARDLY = 6.0
"""… must have left it more surely: by up to 2.4 seasons of real weather and prices did, by 14 one that broke."""


def broken_since(case: Case) -> EvidenceFinding:
    """Find what the rules of question 1 mind in the rows since the change."""
    back = case.evidence.look_back
    if back is None:
        return Finding()
    rows = replace(
        case, evidence=replace(case.evidence, features=back.features, rows=back.rows), excused=case.doubtless
    )
    found = walk((*FEATURE_RULES, *JOINT_RULES), rows)
    blocked = next((rule for rule in found.rules if rule.outcome == "blocked"), None)
    if found.conclusion is None or blocked is None:
        return Finding()
    return Finding(blocked.value, blocked.limit, found.conclusion.reason, found.conclusion)


def moved_alone(case: Case) -> EvidenceFinding:
    """Find a column that became another while all others stayed what they were."""
    moved = sorted(((_moved(each), each.name) for each in _compared(case)), reverse=True)
    if len(moved) < 2 or moved[0][1] in case.doubtless:
        return Finding()
    (furthest, name), (next_far, _) = moved[:2]
    detail = f"moved alone: PSI {number(furthest)} more than before, and no other column by a fifth of that"
    return by_the_worst([Measure(name, furthest, max(ALONE, TIMES_THE_NEXT * next_far), detail)])


def other_sizes(case: Case) -> EvidenceFinding:
    """Find a column whose values, its zeros left out, are of another size."""
    measures = []
    for each in _asked(case):
        far, noise, before = finite(each.resized), finite(each.resized_noise), finite(each.resized_before)
        if far is not None and noise is not None and before is not None:
            detail = f"its values other than 0 are not of the reference's sizes: distributions differ by {number(far)}"
            measures.append(Measure(each.name, far - before, max(OTHER_SIZES, SIZES_NOISE * noise), detail))
    return by_the_worst(measures)


def left_its_row(case: Case) -> EvidenceFinding:
    """Find a column that no longer rises where the rest of its row says so."""
    measures = []
    for each in _asked(case):
        slope, before, sigmas = finite(each.slope), finite(each.slope_before), finite(each.slope_sigmas)
        if slope is None or before is None or sigmas is None or before < FOLLOWED or sigmas > -_sure(each):
            continue
        detail = (
            f"does not follow the rest of its row any more: it rises {number(max(slope, 0.0))} times as much as in the "
            f"reference, {number(before)} times before ({number(-sigmas)} sigmas)"
        )
        measures.append(Measure(each.name, 1 - slope / before, 1 - FOLLOWS, detail))
    return by_the_worst(measures)


def _sure(feature: FeatureSince) -> float:
    """Return by how many standard errors a column must rise less."""
    told = finite(feature.told)
    return FOLLOWS_SIGMAS_HARDLY if told is not None and told <= HARDLY_TOLD else FOLLOWS_SIGMAS


def _compared(case: Case) -> list[FeatureSince]:
    """Return the features that can be compared with how they were before the change."""
    back = case.evidence.look_back
    return [each for each in back.features if each.rows] if back and back.rows_before else []


def _asked(case: Case) -> list[FeatureSince]:
    return [each for each in _compared(case) if each.name not in case.doubtless]


def _moved(feature: FeatureSince) -> float:
    """Return how much further beyond its noise the feature's PSI lies than before the change."""
    now = _beyond(feature.psi, feature.psi_noise)
    return max(now - _beyond(feature.psi_before, feature.psi_noise_before), 0.0)


def _beyond(psi: float | None, noise: float | None) -> float:
    seen = finite(psi)
    return max(seen - (finite(noise) or 0.0), 0.0) if seen is not None else 0.0


LOOK_BACK_RULES = (
    Step("broken_since_change", broken_since),
    Step("moved_alone", moved_alone),
    Step("other_sizes", other_sizes),
    Step("left_its_row", left_its_row),
)
