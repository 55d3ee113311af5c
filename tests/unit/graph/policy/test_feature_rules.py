"""Column by column: each limit from both sides, and what the reference excuses."""

from dataclasses import replace

import pytest

from graph.policy.feature_rules import FEATURE_RULES
from graph.policy.rules import walk
from tests.unit.graph.policy.builders import MERCHANT, QUIET, case, with_feature

RAIN = {"reference_top_share": 0.91, "top_value": "0.0"}


def asked(evidence=QUIET):
    """Return rule name → (outcome, value), and the conclusion."""
    walked = walk(FEATURE_RULES, case(evidence))
    return {rule.rule: rule for rule in walked.rules}, walked.conclusion


@pytest.mark.parametrize(
    ("rule", "changes", "blocked"),
    [
        # One value is left: not empty.
        ("all_null", {"nulls": 999, "reference_null_share": 0.9}, False),
        # Nulls and NaN together leave nothing, even where that was usual: such a column carries nothing.
        ("all_null", {"nulls": 600, "nans": 400, "reference_null_share": 1.0}, True),
        # Nulls in a complete column, just below and above five in a hundred.
        ("null_share", {"nulls": 50}, False),
        ("null_share", {"nulls": 51}, True),
        # A column that is often null swings: from 70 % to 97 % in a calm week, from 11 % to 30 %.
        ("null_share", {"nulls": 970, "reference_null_share": 0.7}, False),
        ("null_share", {"nulls": 300, "reference_null_share": 0.11}, False),
        ("null_share", {"nulls": 390, "reference_null_share": 0.11}, True),
        # One that is rarely null does not.
        ("null_share", {"nulls": 150, "reference_null_share": 0.02}, True),
        # NaN is counted by itself, against what the reference misses.
        ("nan_share", {"nans": 51}, True),
        ("nan_share", {"nans": 200, "reference_null_share": 0.2}, False),
        # A continuous column in which one value suddenly fills more than a quarter.
        ("stuck_value", {"top_share": 0.27}, True),
        ("stuck_value", {"top_share": 0.26}, False),
        # No rain in 99 % of the hours: rare rain is no stuck gauge.
        ("stuck_value", {"top_share": 0.99, **RAIN}, False),
        # A category that takes over most of the traffic is a change of traffic …
        ("stuck_value", {"kind": "categorical", "top_share": 0.85, "reference_top_share": 0.2}, False),
        # … and one that is nearly all there is, is not.
        ("stuck_value", {"kind": "categorical", "top_share": 0.97, "reference_top_share": 0.2}, True),
        # However rare it was.
        ("stuck_value", {"kind": "categorical", "top_share": 0.6, "reference_top_share": 0.0}, False),
        # Small whole numbers behave like categories; a column of many values does not.
        ("stuck_value", {"top_share": 0.5, "reference_top_share": 0.06}, False),
        ("stuck_value", {"top_share": 0.5, "reference_top_share": 0.05}, True),
        ("stuck_value", {"top_share": 0.7, "reference_top_share": 0.3}, False),
        # A weekday fills every one-day window, a month every monthly one: also one that is new.
        ("stuck_value", {"top_share": 1.0, "reference_top_share": 0.14, "reference_most": 1.0}, False),
        ("stuck_value", {"top_share": 1.0, "reference_top_share": 0.0, "reference_most": 1.0}, False),
        # A merchant does not.
        (
            "stuck_value",
            {"kind": "categorical", "top_share": 1.0, "reference_top_share": 0.23, "reference_most": 0.27},
            True,
        ),
        # No value at all to name.
        ("stuck_value", {"top_value": None, "top_share": 0.5}, True),
        # Cents for euros, and euros for cents.
        ("constant_factor", {"factor": 100.0, "factor_residual": 0.05}, True),
        ("constant_factor", {"factor": 0.01, "factor_residual": 0.05}, True),
        # Inches to centimetres is the smallest that is told.
        ("constant_factor", {"factor": 2.54, "factor_residual": 0.05}, True),
        # A thousand rows know their tails to 0.18.
        ("constant_factor", {"factor": 100.0, "factor_residual": 0.17}, True),
        ("constant_factor", {"factor": 100.0, "factor_residual": 0.18}, False),
        # No factor at all, and the factor nothing.
        ("constant_factor", {"factor": 1.0, "factor_residual": 0.0}, False),
        ("constant_factor", {"factor": 0.0, "factor_residual": 0.0}, False),
        # Summer doubles the degrees of a winter, and squeezes them: not one factor for all.
        ("constant_factor", {"factor": 2.1, "factor_residual": 0.05}, False),
        ("constant_factor", {"factor": 3.0, "factor_residual": 0.43}, False),
        # Nothing sensible measured.
        ("constant_factor", {"factor": -3.0, "factor_residual": 0.0}, False),
        ("constant_factor", {"factor": float("nan"), "factor_residual": 0.0}, False),
        ("constant_factor", {"factor": 100.0, "factor_residual": None}, False),
        # The other sign; a few below zero; zero is on both sides.
        ("constant_factor", {"below": 1000, "low": -480.0, "high": -1.0}, True),
        ("constant_factor", {"below": 600, "low": -480.0, "high": 0.0, "reference_low": 0.0}, True),
        (
            "constant_factor",
            {"above": 1000, "low": 1.0, "high": 480.0, "reference_low": -500.0, "reference_high": -1.0},
            True,
        ),
        ("constant_factor", {"below": 900, "low": -480.0, "high": 5.0}, False),
        ("constant_factor", {"below": 900, "low": -480.0, "high": -1.0, "reference_low": -2.0}, False),
        ("constant_factor", {"low": 0.0, "high": 0.0, "reference_low": 0.0}, False),
        # A flag that was never set, set once; a hair below zero, once.
        (
            "constant_factor",
            {"above": 1, "low": 0.0, "high": 1.0, "reference_low": 0.0, "reference_high": 0.0},
            False,
        ),
        ("constant_factor", {"below": 1, "low": -1e-17, "high": 0.0, "reference_low": 0.0}, False),
        # A third of the rows at -999999: a placeholder for "missing".
        ("outside_range", {"below": 300, "low": -999999.0}, True),
        # Eleven rows in a thousand, on either side; ten are stray ones.
        ("outside_range", {"below": 5, "above": 6, "low": -999999.0}, True),
        ("outside_range", {"below": 4, "above": 6, "low": -999999.0}, False),
        # Ten widths above, ten widths below, and a little less.
        ("outside_range", {"above": 300, "high": 5490.0}, True),
        ("outside_range", {"above": 300, "high": 5480.0}, False),
        ("outside_range", {"below": 300, "low": -4989.0}, True),
        ("outside_range", {"below": 300, "low": -4980.0}, False),
        # One such row in a thousand is a stray one.
        ("outside_range", {"below": 1, "low": -999999.0}, False),
        # Every row above the reference, as temperatures are in July, but not absurdly so.
        ("outside_range", {"above": 1000, "high": 900.0}, False),
        # A calendar feature after a reference of three months.
        ("outside_range", {"above": 1000, "high": 12.0, "reference_low": 1.0, "reference_high": 3.0}, False),
        # A reference without a range cannot be left.
        ("outside_range", {"above": 1000, "high": 900.0, "reference_low": 5.0, "reference_high": 5.0}, False),
        ("outside_range", {"above": 1000, "high": 900.0, "reference_low": None}, False),
        # Bounds of the window unknown.
        ("outside_range", {"above": 1000, "low": None, "high": None}, False),
        # New merchants come one by one; a new spelling comes at once.
        ("new_categories", {"new_category_rows": 150, "new_categories": ("kiosk",)}, False),
        ("new_categories", {"new_category_rows": 200}, False),
        ("new_categories", {"new_category_rows": 201}, True),
        ("new_categories", {"new_category_rows": 300, "new_categories": ("GROCERY", "FUEL")}, True),
    ],
)
def test_each_limit_from_both_sides(rule, changes, blocked):
    rules, conclusion = asked(with_feature(**changes))

    assert rules[rule].outcome == ("blocked" if blocked else "passed")
    assert (conclusion is not None) == blocked
    assert conclusion is None or (conclusion.verdict, conclusion.cause) == ("broken_data", "data_quality")


def test_a_rule_that_passes_shows_the_feature_nearest_to_its_limit():
    rules, _ = asked(with_feature(nulls=20))

    assert (rules["null_share"].value, rules["null_share"].limit) == (0.02, 0.05)
    assert rules["null_share"].detail == "largest in amount"


def test_the_worst_feature_gives_the_reason_and_all_are_blamed():
    worse = replace(MERCHANT, nulls=800)
    evidence = with_feature(nulls=200)
    _, conclusion = asked(replace(evidence, features=(evidence.features[0], worse)))

    assert conclusion is not None
    assert conclusion.reason == ("merchant: null in 80 % of rows, missing in 0 % of the reference (and 1 more feature)")
    assert [(seen.feature, seen.value) for seen in conclusion.blame] == [("merchant", 0.8), ("amount", 0.2)]


def test_without_a_reference_only_an_empty_column_is_a_fault():
    rules, conclusion = asked(replace(with_feature(top_share=1.0, new_category_rows=1000), reference_rows=0))

    assert conclusion is None
    assert rules["stuck_value"].detail == "there is no reference to compare with"
    _, conclusion = asked(replace(with_feature(nulls=1000), reference_rows=0))
    assert conclusion is not None


def test_a_feature_without_rows_says_nothing():
    rules, conclusion = asked(replace(QUIET, features=(replace(MERCHANT, rows=0),)))

    assert conclusion is None
    assert {rule.value for rule in rules.values()} == {None}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"factor": 0.01, "factor_residual": 0.0}, "values are 100 times too small: multiplying by 100 restores"),
        # A measured factor has noise: near a power of ten it is one, elsewhere it is told as measured.
        ({"factor": 98.5, "factor_residual": 0.04}, "values are 100 times too large: dividing by 100 restores"),
        ({"factor": 3.594, "factor_residual": 0.04}, "values are 3.594 times too large: dividing by 3.594 restores"),
        (
            {"below": 300, "low": -999999.0},
            "30 % of rows lie outside the reference's range of 1 to 500, up to 2004 times",
        ),
        ({"top_share": 0.6, "top_value": "0.0"}, "one value, '0.0', fills 60 % of rows, 1 % in the reference"),
        # Text out of the data is quoted, on one line and cut short.
        ({"new_category_rows": 900, "new_categories": ("a\nb", "x" * 60)}, "never saw: 'a\\nb', '" + "x" * 39 + "…'"),
    ],
)
def test_the_reason_is_in_plain_words(changes, words):
    _, conclusion = asked(with_feature(**changes))

    assert conclusion is not None
    assert words in conclusion.reason
