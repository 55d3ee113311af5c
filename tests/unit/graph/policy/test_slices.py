"""The worst slice that a search finds, held to the level of one test."""

from dataclasses import replace

import pytest

from graph.policy.slices import found_slice, slices
from graph.spec import ValidationSpec
from tests.unit.graph.policy.builders import compared, part


def found(*parts, searched=50, **validation):
    checks = found_slice(compared(found=parts, searched=searched), ValidationSpec(**validation))
    return checks[0] if checks else None


SURE = part("found:amount=[12, 48)", -0.08, -0.04, rows=400)
"""Worse for certain, also as one of fifty."""
LIKELY = part("found:hour=below 4", -0.08, -0.011, rows=300)
"""Worse by twice the margin of 0.005 for certain by itself, not as one of fifty."""


@pytest.mark.parametrize(
    ("check", "outcome", "words"),
    [
        (found(SURE), "failed", "in amount=[12, 48) (400 rows), the worst of 50 slices of single features"),
        (found(LIKELY), "passed", "in hour=below 4 (300 rows), the worst of 50 slices"),
        # By itself it would fail.
        (found(LIKELY, searched=1), "failed", "the worst of 1 slice of single features"),
        # The surest loss is named, whatever the order.
        (found(LIKELY, SURE), "failed", "in amount=[12, 48)"),
        (found(SURE, replace(SURE, name="found:merchant=fuel")), "failed", "worse also in 1 other: merchant=fuel"),
        # A wider margin bears it.
        (found(SURE, margin=0.05), "passed", "roc_auc 0.79 against 0.85, worse by 0.06 [0.04, 0.08]"),
        (found(), "passed", "of 50 slices of single features none is worse at all"),
        (found(replace(SURE, difference=None)), "passed", "cannot be compared on 400 rows"),
    ],
)
def test_the_worst_found_slice_fails_only_for_certain(check, outcome, words):
    assert (check.name, check.outcome) == ("found_slice", outcome)
    assert words in check.detail


def test_where_no_slice_had_enough_rows_nothing_is_listed():
    assert found(searched=0) is None


def test_the_policys_slices_step_down_from_the_surest():
    """Two slices, both worse for certain: the second is held against the whole level once the first has failed."""
    sure, less = part("slice:a=1", -0.08, -0.04), part("slice:a=2", -0.08, -0.0105)
    together = slices(compared(less, sure), ValidationSpec())
    alone = slices(compared(less, part("slice:a=1", -0.01, 0.03)), ValidationSpec())
    assert [check.outcome for check in together] == ["failed", "failed"]
    assert [check.outcome for check in alone] == ["passed", "passed"]
