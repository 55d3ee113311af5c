"""What a later check means for a run that is still under way."""

from dataclasses import replace

import pytest

from graph.model import Diagnosis
from graph.policy.rollout import undone_reason
from tests.unit.graph.policy.builders import DECIDED, DEGRADED


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Diagnosis("healthy", "none", "fine"), "a later check found the model healthy again: fine"),
        (Diagnosis("broken_data", "data_quality", "cents"), "a later check found broken data: cents"),
        (Diagnosis("broken_data", "label_quality", "lost"), "a later check found broken data: lost"),
        # Harder rows say nothing about the harm that was seen before.
        (Diagnosis("degraded", "covariate_shift", "harder", curable=False), None),
        # Silence says nothing.
        (Diagnosis("insufficient", "unknown", "late"), None),
        # Still nobody to judge: a first candidate is still wanted.
        (Diagnosis("insufficient", "no_champion", "none"), None),
        # Still degraded.
        (DEGRADED, None),
        # The decision of a later check will do as well.
        (DECIDED, None),
        (
            replace(DECIDED, verdict="healthy", cause="none"),
            "a later check found the model healthy again: roc_auc fell",
        ),
    ],
)
def test_when_a_later_check_takes_the_reason_away(found, words):
    assert undone_reason(found) == words
