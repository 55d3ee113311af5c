"""Attempts on the same rows, and the version that was approved first."""

from dataclasses import replace
from datetime import timedelta

import pytest

from graph.attempt import Attempt
from graph.evidence import Interval
from graph.model import Artifact, Check, Holdout, ModelRef
from graph.policy.creep import FAMILY, Trial, attempt, attempts, lost, origin, spent, too_early
from graph.spec import ValidationSpec
from tests.unit.graph.policy.builders import DAY, NOW, compared, part

SEVEN = ModelRef("fraud-v1-candidates", "7")
EIGHT = ModelRef("fraud-v1-candidates", "8")
ROWS = Holdout("/holdout", "rows", 1000, 60, NOW - 14 * DAY, NOW)
FIRST = ModelRef("fraud-v1", "2", None, "approved")


def tried(
    challenger: ModelRef = SEVEN,
    end: timedelta = timedelta(0),
    superiority: str | None = "failed",
    alpha: float = 0.025,
) -> Attempt:
    """An attempt on fourteen days of rows that ended so long before now."""
    until = NOW - end
    return Attempt(
        "r1", challenger, "3", "2", "rows", until - 14 * DAY, until, "failed", superiority, alpha, NOW - DAY  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("past", "number"),
    [
        ([], 1),
        ([tried()], 2),
        ([tried(), tried(EIGHT)], 3),
        # Some of its rows, a single day of them, or none.
        ([tried(end=7 * DAY)], 2),
        ([tried(end=13 * DAY)], 2),
        ([tried(end=14 * DAY)], 1),
        # It tested nothing: too few rows, or a return that a person asked for.
        ([tried(alpha=0.0)], 1),
        # This very challenger was shown to be better and held back by something else: that must hold again.
        ([tried(EIGHT, superiority="passed")], 1),
        ([tried(SEVEN, superiority="passed")], 2),
        # The same number under another name is another model.
        ([tried(ModelRef("fraud-v1", "8"), superiority="passed")], 2),
    ],
)
def test_an_attempt_counts_those_that_spent_level_on_its_rows(past, number):
    assert attempt(past, EIGHT, ROWS) == number


def test_all_attempts_together_spend_no_more_than_the_family_level():
    assert Trial(1).alpha == 0.025
    assert Trial(2).alpha == pytest.approx(0.05 / 6)
    assert sum(Trial(number).alpha for number in range(1, 1000)) < FAMILY


@pytest.mark.parametrize(
    ("past", "put_off"),
    [
        ([], False),
        # The same rows, six days of new ones, a week of new ones: half of the fourteen.
        ([tried(superiority="inconclusive")], True),
        ([tried(end=6 * DAY, superiority="inconclusive")], True),
        ([tried(end=7 * DAY, superiority="inconclusive")], False),
        # The newest test of several counts.
        ([tried(end=9 * DAY, superiority="inconclusive"), tried(end=DAY, superiority="inconclusive")], True),
        # Another challenger was undecided; this one was decided; nothing was tested.
        ([tried(EIGHT, superiority="inconclusive")], False),
        ([tried(superiority="passed")], False),
        ([tried(superiority="inconclusive", alpha=0.0)], False),
        ([tried(superiority=None)], False),
    ],
)
def test_an_undecided_challenger_waits_for_new_rows(past, put_off):
    check = too_early(past, SEVEN, ROWS)
    assert (check is not None) == put_off
    assert check is None or (check.name, check.outcome) == ("attempt", "inconclusive")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "the first on these rows since the last promotion, judged at the one-sided level 0.025"),
        (3, "number 3 on rows that 2 earlier attempts used since the last promotion"),
    ],
)
def test_the_attempt_is_said_with_its_level(number, words):
    check = attempts(Trial(number))
    assert (check.outcome, check.value) == ("passed", number)
    assert words in check.detail


def beside(low: float, high: float, **trial: object):
    """Judge a challenger that is better than the first version by so much."""
    first = replace(part("overall", low, high), name="origin")
    (check,) = origin(compared(origin=first), ValidationSpec(), Trial(origin=FIRST, **trial))  # type: ignore[arg-type]
    return check


@pytest.mark.parametrize(
    ("low", "high", "outcome", "value"),
    [
        # Better, or not worse by the margin of 0.005, for certain.
        (0.01, 0.03, "passed", 0.01),
        (-0.004, 0.001, "passed", -0.004),
        # It cannot be told whether it is worse by the margin: no loss is shown, and few rows hold nobody up.
        (-0.02, 0.01, "passed", -0.02),
        (-0.02, 0.0, "passed", -0.02),
        # A loss for certain, beyond the margin or perhaps within it.
        (-0.02, -0.001, "inconclusive", -0.001),
        (-0.004, -0.002, "inconclusive", -0.002),
        (-0.02, -0.006, "failed", -0.006),
    ],
)
def test_no_loss_may_be_shown_to_the_version_approved_first(low, high, outcome, value):
    check = beside(low, high)
    assert (check.outcome, check.value, check.limit) == (outcome, value, -0.005)
    assert "than version 2, which was approved first" in check.detail


def test_where_it_still_serves_the_champions_numbers_do():
    comparison = compared(part("overall", -0.03, -0.01), part("harm"))
    (check,) = origin(comparison, ValidationSpec(), Trial(origin=FIRST, serves=True))
    assert check.outcome == "failed"
    assert check.detail.endswith("than version 2, which was approved first and still serves")


@pytest.mark.parametrize(
    ("trial", "changes", "words"),
    [
        (Trial(origin=FIRST, lost="the registry no longer holds its files"), {}, "the registry no longer holds"),
        (Trial(origin=FIRST), {"origin_error": "sklearn.Odd: set trust_model_code"}, "sklearn.Odd"),
    ],
)
def test_a_first_version_that_is_gone_is_said_and_held_against_nobody(trial, changes, words):
    (check,) = origin(compared(**changes), ValidationSpec(), trial)
    assert (check.outcome, check.value) == ("passed", None)
    assert "version 2, which was approved first, cannot be compared any more" in check.detail
    assert words in check.detail


@pytest.mark.parametrize("interval", [None, Interval(float("nan"), 0.0, 1.0)])
def test_a_first_version_without_an_interval_cannot_be_told(interval):
    first = replace(part("overall"), name="origin", difference=interval)
    (check,) = origin(compared(origin=first), ValidationSpec(), Trial(origin=FIRST))
    assert check.outcome == "inconclusive"


def test_without_a_first_version_nothing_is_listed():
    assert origin(compared(), ValidationSpec(), Trial()) == ()


@pytest.mark.parametrize(
    ("artifact", "reason"),
    [
        (None, "the registry no longer holds its files"),
        (Artifact("/model", "other"), "its files are not those that were approved"),
        (Artifact("/model", "approved"), ""),
    ],
)
def test_a_first_version_is_lost_with_its_files(artifact, reason):
    assert lost(FIRST, artifact) == reason


def test_a_champion_that_nobody_promoted_here_is_taken_as_it_is():
    assert lost(replace(FIRST, digest=None), Artifact("/model", "any")) == ""


@pytest.mark.parametrize(
    ("checks", "level"),
    [
        ([Check("superiority", "failed", -0.1), Check("attempt", "passed", 2.0)], 0.05 / 6),
        # Nothing was tested: too few rows to say by how much.
        ([Check("superiority", "inconclusive"), Check("attempt", "passed", 2.0)], 0.0),
        # A return that a person asked for.
        ([Check("superiority", "passed", 0.1)], 0.0),
        ([Check("loads", "error")], 0.0),
    ],
)
def test_level_is_spent_where_something_was_tested(checks, level):
    assert spent(checks, Trial(2)) == level
