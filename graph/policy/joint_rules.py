"""Question 1, the row as a whole: did two columns change places, does a column still fit the rest of its row?"""

import math
from collections.abc import Set
from functools import partial

from graph.evidence import FeatureEvidence
from graph.policy.case import Case, EvidenceFinding
from graph.policy.feature_rules import Measure, over_features
from graph.policy.rules import Step
from graph.policy.words import finite, number, percent

APART = 0.3
"""Part of the way from whole rows to a random join beyond which a column does not belong to its rows."""
APART_SIGMAS = 6.0
APART_SIGMAS_AMONG_MOVED = 15.0
"""Asked where other columns moved too: new rows of another mix fit the old model less, and nothing is broken."""
MOVED = 0.1
WHOLE_JOIN = (0.7, 1.3)
"""About as far as a random join lies: that is what a broken join does, whatever else moved."""
FARTHEST = 1.5
APART_SIGMAS_BEYOND = 20.0
"""Asked of what lies further off than a random join, which is no join at all but other values."""
RENAMED = 0.2
"""Rows in other categories than before, beyond which names that restore the shares mean a changed encoding."""
RESTORED = 0.15
RESTORED_NOISE = 0.5
"""What renaming may leave over: a part of it, and the noise of the shares of `rows` rows, half of 1 / sqrt(rows)."""


def _exchanged(feature: FeatureEvidence) -> Measure | None:
    if feature.exchanged_with is None:
        return None
    detail = f"shows the values that {feature.exchanged_with} used to, and the other way round"
    return Measure(feature.name, 1.0, 0.0, detail)


def _renamed(feature: FeatureEvidence) -> Measure | None:
    moved, left = finite(feature.renamed), finite(feature.renamed_left)
    if moved is None or left is None or not feature.rows:
        return None
    if left > RESTORED * moved + RESTORED_NOISE / math.sqrt(feature.rows):
        return Measure(feature.name, 0.0, RENAMED, "another mix, not other names")
    detail = f"{percent(moved)} of rows lie in other categories, in the same shares: the categories were renamed"
    return Measure(feature.name, moved, RENAMED, detail)


def row_consistency(case: Case) -> EvidenceFinding:
    """Find columns that do not belong to their rows."""
    moved = {each.name for each in case.evidence.features if _moved(each)} - case.excused
    return over_features(partial(_apart, moved))(case)


def _moved(feature: FeatureEvidence) -> bool:
    psi, noise = finite(feature.psi), finite(feature.psi_noise)
    return psi is not None and psi - (noise or 0.0) > MOVED


def _apart(moved: Set[str], feature: FeatureEvidence) -> Measure | None:
    share, sigmas = finite(feature.joint_shift), finite(feature.joint_sigmas)
    if share is None or sigmas is None:
        return None
    if sigmas <= _needed(share, bool(moved - {feature.name})):
        return Measure(feature.name, min(share, APART), APART, "within its noise")
    detail = f"does not fit the rest of its row: {percent(share)} of the way to a random join ({number(sigmas)} sigmas)"
    return Measure(feature.name, share, APART, detail)


def _needed(share: float, others_moved: bool) -> float:
    if share > FARTHEST:
        return APART_SIGMAS_BEYOND
    whole = WHOLE_JOIN[0] <= share <= WHOLE_JOIN[1]
    return APART_SIGMAS_AMONG_MOVED if others_moved and not whole else APART_SIGMAS


JOINT_RULES = (
    Step("exchanged_columns", over_features(_exchanged)),
    Step("renamed_categories", over_features(_renamed)),
    Step("row_consistency", row_consistency),
)
