"""What an approval names when it is made, and what is compared with the present later."""

from dataclasses import replace

import pytest

from graph.model import Check, Holdout, ModelRef, Validation
from graph.policy.approval import difference
from graph.policy.sealing import as_found, seal
from tests.unit.graph.policy.builders import NOW, SPEC

HOLDOUT = Holdout("holdout.parquet", "rows", 2000, 120, NOW, NOW)
JUDGED = Validation(
    outcome="passed",
    reason="better",
    checks=(Check("rows", "passed"),),
    comparison=None,
    champion=ModelRef("fraud-v1", "3", digest="old"),
    challenger=ModelRef("fraud-v1-candidates", "7", digest="new"),
    holdout=HOLDOUT,
    validated_at=NOW,
)


def test_an_approval_names_everything_it_was_judged_on():
    sealed = seal(JUDGED, SPEC)

    assert (sealed.model, sealed.champion, sealed.champion_digest) == ("fraud-v1", "3", "old")
    assert (sealed.challenger, sealed.challenger_digest, sealed.holdout_digest) == ("7", "new", "rows")
    assert sealed.policy_digest == "policy"
    assert sealed.validation_digest != seal(replace(JUDGED, reason="other"), SPEC).validation_digest


def test_a_first_candidate_is_sealed_without_a_champion():
    sealed = seal(replace(JUDGED, champion=None, holdout=None), SPEC)

    assert (sealed.champion, sealed.champion_digest, sealed.holdout_digest) == (None, None, None)


@pytest.mark.parametrize(
    ("champion", "digest", "policy", "changed"),
    [
        ("3", "new", "policy", None),
        ("5", "new", "policy", "the champion alias moved from 3 to 5"),
        ("3", "forged", "policy", "the challenger's bytes changed"),
        ("3", "new", "laxer", "the model's policy in autopilot.yaml changed"),
    ],
)
def test_the_present_is_compared_with_what_was_sealed(champion, digest, policy, changed):
    sealed = seal(JUDGED, SPEC)

    assert difference(sealed, as_found(sealed, champion, digest, replace(SPEC, digest=policy))) == changed
