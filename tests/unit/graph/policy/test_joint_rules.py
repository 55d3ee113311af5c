"""Rows as a whole: columns that changed places, categories with new names, columns that no longer fit their rows."""

from dataclasses import replace

import pytest

from graph.policy.joint_rules import JOINT_RULES
from graph.policy.rules import walk
from tests.unit.graph.policy.builders import case, with_feature


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({}, None),
        ({"exchanged_with": "balance"}, "exchanged_columns"),
        # The same shares under other names; another mix; too little to speak of.
        ({"renamed": 0.5, "renamed_left": 0.02}, "renamed_categories"),
        ({"renamed": 0.5, "renamed_left": 0.2}, None),
        ({"renamed": 0.1, "renamed_left": 0.0}, None),
        # Nearly a random join; a little; a lot, but within the noise of few rows.
        ({"joint_shift": 0.9, "joint_sigmas": 15.0}, "row_consistency"),
        ({"joint_shift": 0.2, "joint_sigmas": 15.0}, None),
        ({"joint_shift": 0.9, "joint_sigmas": 5.0}, None),
        # Further off than a random join: other values, which must be far beyond their noise.
        ({"joint_shift": 4.0, "joint_sigmas": 15.0}, None),
        ({"joint_shift": 4.0, "joint_sigmas": 21.0}, "row_consistency"),
        # The column moved itself, and nothing else did.
        ({"joint_shift": 0.9, "joint_sigmas": 7.0, "psi": 0.9}, "row_consistency"),
        ({"joint_shift": float("nan"), "joint_sigmas": 15.0}, None),
    ],
)
def test_rows_that_do_not_hold_together_are_broken_data(changes, rule):
    walked = walk(JOINT_RULES, case(with_feature(**changes)))

    assert [each.rule for each in walked.rules if each.outcome == "blocked"] == ([rule] if rule else [])
    if walked.conclusion:
        assert (walked.conclusion.verdict, walked.conclusion.cause) == ("broken_data", "data_quality")
        assert [each.feature for each in walked.conclusion.blame] == ["amount"]


@pytest.mark.parametrize(("sigmas", "broken"), [(14.0, False), (16.0, True)])
def test_where_other_columns_moved_too_more_is_asked_for(sigmas, broken):
    """New rows of another mix fit less, and nothing is broken."""
    evidence = with_feature(joint_shift=0.5, joint_sigmas=sigmas)
    amount, merchant = evidence.features
    moved = replace(evidence, features=(amount, replace(merchant, psi=0.5)))

    assert (walk(JOINT_RULES, case(moved)).conclusion is not None) == broken


def test_what_lies_as_far_off_as_a_random_join_is_one_whatever_else_moved():
    amount, merchant = with_feature(joint_shift=0.95, joint_sigmas=10.0).features
    moved = replace(with_feature(), features=(amount, replace(merchant, psi=0.5)))

    assert walk(JOINT_RULES, case(moved)).conclusion is not None
