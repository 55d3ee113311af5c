"""The search for losing slices: which are looked at, and which are handed on."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from graph.model import Difference
from graph.spec import ValidationSpec
from tests.unit.tools.evaluation.test_holdout import DAY, asked
from tools.evaluation import found
from tools.evaluation.holdout import Rows

ROWS = 4000
MERCHANTS = np.array(["grocery", "fuel", "travel", "rare"])


def searched(features, hurt=None, **validation) -> tuple[dict[str, Difference], int]:
    """Search a day-by-day holdout in which the challenger is as good but for the rows of `hurt`, where it guesses."""
    random = np.random.default_rng(0)
    truth = random.random(ROWS)
    label = random.random(ROWS) < truth
    champion = np.clip(truth + random.normal(0, 0.05, ROWS), 0, 1)
    challenger = np.clip(truth + random.normal(0, 0.05, ROWS), 0, 1)
    if hurt is not None:
        challenger = np.where(hurt, random.random(ROWS), challenger)
    request = replace(asked("rows"), features=tuple(features), validation=ValidationSpec(**validation))
    rows = Rows(label, np.arange(ROWS) * (20 * DAY // ROWS), pa.table(features))
    lost, number = found.search(request, rows, champion, challenger)
    return {part.name: part for part in lost}, number


AMOUNT = np.random.default_rng(1).lognormal(3, 1, ROWS)
MERCHANT = MERCHANTS[np.random.default_rng(2).choice(4, ROWS, p=[0.5, 0.3, 0.18, 0.02])]


def test_a_slice_that_lost_comes_first():
    lost, _ = searched({"amount": AMOUNT, "merchant": MERCHANT}, hurt=MERCHANT == "fuel")
    worst = next(iter(lost.values()))
    assert worst.name == "found:merchant=fuel"
    assert worst.rows == (MERCHANT == "fuel").sum()
    assert worst.difference is not None
    assert worst.difference.high < -0.1
    assert all(part.difference and part.difference.value < 0 for part in lost.values())


def test_numbers_are_cut_into_fifths_and_rows_without_one():
    gaps = np.where(np.arange(ROWS) % 10 == 0, np.nan, AMOUNT)
    lost, number = searched({"amount": gaps}, hurt=np.isnan(gaps))
    assert number == 6
    assert next(iter(lost)) == "found:amount=null"


@pytest.mark.parametrize(
    ("column", "number"),
    [
        # Three categories with 200 rows; the fourth has about 80.
        (MERCHANT, 3),
        # Two values are two slices, one is none: it holds all rows.
        (np.arange(ROWS) % 2 == 0, 2),
        (np.full(ROWS, 3.0), 0),
        (np.full(ROWS, "one"), 0),
        # A number that is nearly always the same, no number at all, a value per row.
        (np.where(np.arange(ROWS) < 500, 7.0, 1.0), 2),
        (np.full(ROWS, np.nan), 0),
        (np.array([f"id-{row}" for row in range(ROWS)]), 0),
        # Infinite is no number.
        (np.where(np.arange(ROWS) < 1000, np.inf, AMOUNT), 6),
        (np.arange(ROWS), 5),
        (np.arange("2026-01-01", ROWS, dtype="datetime64[s]"), 0),
    ],
)
def test_which_slices_are_looked_at(column, number):
    assert searched({"column": column})[1] == number


def test_a_slice_needs_the_rows_and_positives_that_the_policy_asks_for():
    assert searched({"merchant": MERCHANT}, min_rows=1000)[1] == 2
    assert searched({"merchant": MERCHANT}, min_positives=500)[1] == 2
    assert searched({"merchant": MERCHANT}, min_rows=50)[1] == 4


def test_no_more_are_handed_on_than_anybody_reads():
    features = {f"x{number}": np.random.default_rng(number).random(ROWS) for number in range(20)}
    lost, number = searched(features, hurt=np.ones(ROWS, dtype=bool))
    assert (len(lost), number) == (found.KEPT, 100)
