"""How decisions, jobs, judgements and approvals end a run, or let it go on."""

from dataclasses import replace

import pytest

from graph.model import TrainingJob
from graph.policy import outcomes
from tests.unit.graph.policy.builders import DECIDED


@pytest.mark.parametrize(
    ("changes", "mode", "outcome"),
    [
        ({"action": "none"}, "supervised", "no_action"),
        ({"action": "wait"}, "supervised", "waiting"),
        ({"action": "fix_data"}, "supervised", "data_issue"),
        # It acts: the run goes on.
        ({}, "supervised", None),
        ({"action": "rollback"}, "supervised", None),
        # In shadow mode nothing acts …
        ({}, "shadow", "shadowed"),
        ({"action": "none"}, "shadow", "no_action"),
        # … but for what a person asked for.
        ({"action": "rollback", "return_to": "2", "verdict": "insufficient", "cause": "none"}, "shadow", None),
        ({"action": "rollback", "return_to": "2"}, "shadow", "shadowed"),
    ],
)
def test_of_a_decision(changes, mode, outcome):
    assert outcomes.of_decision(replace(DECIDED, **changes), mode) == outcome


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("failed", "failed"),
        ("cancelled", "cancelled"),
        ("succeeded", None),
        # The system lost sight of it: a model may be there all the same.
        ("unknown", None),
    ],
)
def test_of_a_job(state, outcome):
    assert outcomes.of_job(TrainingJob("1", "key", "local", state)) == outcome


@pytest.mark.parametrize(
    ("found", "asked", "outcome"),
    [
        ("passed", False, None),
        ("failed", False, "validation_failed"),
        ("inconclusive", False, "validation_inconclusive"),
        ("error", False, "validation_failed"),
        # A person asked: they see what was found, and decide …
        ("failed", True, None),
        ("inconclusive", True, None),
        # … unless nothing could be judged.
        ("error", True, "validation_failed"),
    ],
)
def test_of_a_validation(found, asked, outcome):
    assert outcomes.of_validation(found, asked) == outcome


@pytest.mark.parametrize(
    ("state", "outcome"),
    [("denied", "denied"), ("expired", "expired"), ("voided", "voided"), ("approved", None), ("pending", None)],
)
def test_of_an_approval(state, outcome):
    assert outcomes.of_approval(state) == outcome
