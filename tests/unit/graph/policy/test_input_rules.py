"""The log as a whole: stray faults are borne, broken writers are not, silence is not health."""

from dataclasses import replace

import pytest

from graph.policy.input_rules import LOG_RULES
from graph.policy.rules import walk
from tests.unit.graph.policy.builders import QUIET, case


@pytest.mark.parametrize(
    ("changes", "decisive", "verdict"),
    [
        ({}, None, None),
        # A row in a hundred is borne …
        ({"future_rows": 10}, None, None),
        ({"duplicate_ids": 10}, None, None),
        ({"bad_scores": 10}, None, None),
        # … one more is not.
        ({"future_rows": 11}, "future_times", "broken_data"),
        ({"duplicate_ids": 11}, "duplicate_ids", "broken_data"),
        ({"bad_scores": 11}, "bad_scores", "broken_data"),
        # All scores are NaN.
        ({"bad_scores": 1000}, "bad_scores", "broken_data"),
        # Nothing came.
        ({"rows": 0}, "rows_arrived", "insufficient"),
        # Just enough, and one too few.
        ({"rows": 200}, None, None),
        ({"rows": 199}, "enough_rows", "insufficient"),
        # A usual number of rows that nobody knows excuses nothing and blocks nothing.
        ({"expected_rows": float("nan")}, None, None),
    ],
)
def test_what_is_borne_and_what_is_not(changes, decisive, verdict):
    walked = walk(LOG_RULES, case(replace(QUIET, **changes)))

    blocked = [rule.rule for rule in walked.rules if rule.outcome == "blocked"]
    assert blocked == ([decisive] if decisive else [])
    assert (walked.conclusion.verdict if walked.conclusion else None) == verdict


def test_thin_traffic_is_a_remark_and_blocks_nothing():
    walked = walk(LOG_RULES, case(replace(QUIET, expected_rows=10001.0)))

    assert walked.conclusion is None
    assert walked.rules[-1].detail == "only 1000 rows arrived where about 10001 used to"


def test_a_tenth_of_the_usual_rows_needs_no_remark():
    assert walk(LOG_RULES, case(replace(QUIET, expected_rows=10000.0))).rules[-1].detail == ""


def test_an_owner_may_ask_for_more_rows():
    walked = walk(LOG_RULES, case(QUIET, min_rows=5000))

    assert walked.conclusion is not None
    assert walked.conclusion.reason == "only 1000 rows arrived and min_rows asks for 5000"
