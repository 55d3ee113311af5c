"""The estimate without labels: right where scores mean what they meant, and taken back by labels where they do not."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from graph.codec import canonical, dump
from graph.evidence import Estimate, Interval
from tests.unit.tools.profile.samples import scored
from tools.profile.counting import UNLABELLED, count_cells
from tools.profile.counts import CellCounts
from tools.profile.estimate import contradiction, estimate
from tools.profile.profile import ScoreProfile
from tools.profile.scores import Scored, bare_profile, score_profile

START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
METRICS = ("roc_auc", "accuracy", "f1", "precision", "recall")


def rows(count: int, seed: int, slope: float = 1.0, mean: float = 0.0) -> Scored:
    """Return scores that are calibrated at a slope of 1, three of ten rows positive."""
    draw = np.random.default_rng(seed)
    odds = -1 + 1.5 * draw.normal(mean, 1, count)
    label = draw.random(count) < 1 / (1 + np.exp(-(-1 + slope * (odds + 1))))
    return Scored(1 / (1 + np.exp(-odds)), label.astype(np.int8), np.arange(count) * 20 // count)


@pytest.fixture(scope="module")
def profile() -> ScoreProfile:
    return score_profile("1", START, END, rows(20_000, seed=1), 0.5)


def guess(profile: ScoreProfile, found: Scored) -> Estimate:
    result = estimate(profile, cells(found, profile), START, END)
    assert result is not None
    return result


def bars(found: Estimate, metric: str = "roc_auc") -> Interval:
    result = getattr(found, metric)
    assert isinstance(result, Interval)
    return result


def width(found: Estimate) -> float:
    return bars(found).high - bars(found).low


def p_of(profile: ScoreProfile, *blocks: Scored) -> float:
    """Return how likely the labels lie so far off."""
    held, p = contradiction(profile, [cells(block, profile) for block in blocks])
    assert held and p is not None
    return p


def cells(found: Scored, profile: ScoreProfile) -> CellCounts:
    return count_cells(found.score, found.label, profile.cuts)


def test_the_estimate_sees_no_labels(profile: ScoreProfile):
    found = rows(4_000, seed=2)
    blind = replace(found, label=np.full(4_000, UNLABELLED, np.int8))
    assert guess(profile, found) == guess(profile, blind)


@pytest.mark.parametrize("mean", [0.0, 0.7])
def test_the_bars_hold_what_the_labels_then_say(profile: ScoreProfile, mean: float):
    for seed in range(3, 8):
        found = rows(4_000, seed, mean=mean)
        called, positive = found.score >= 0.5, found.label == 1
        right = (called & positive).sum()
        truth = {
            "accuracy": (called == positive).mean(),
            "precision": right / called.sum(),
            "recall": right / positive.sum(),
            "f1": 2 * right / (called.sum() + positive.sum()),
        }
        for metric, value in truth.items():
            seen = bars(guess(profile, found), metric)
            # One in twenty lies outside by design, but then not by much.
            assert abs(value - seen.value) < 1.5 * (seen.high - seen.value) < 0.06


def test_harder_rows_are_seen_to_be_harder(profile: ScoreProfile):
    found = rows(12_000, seed=2)
    near = (found.score > 0.2) & (found.score < 0.8)
    hard = Scored(found.score[near], found.label[near], found.bucket[near])
    assert bars(guess(profile, hard)).high < bars(guess(profile, found)).low


@pytest.mark.parametrize(("reference", "window"), [(20_000, 200), (1_000, 20_000)])
def test_bars_pay_for_few_rows_and_for_a_small_reference(profile: ScoreProfile, reference: int, window: int):
    other = score_profile("1", START, END, rows(reference, seed=9), 0.5)
    assert width(guess(other, rows(window, seed=4))) > 2 * width(guess(profile, rows(20_000, seed=4)))


def test_without_rows_or_calibrator_there_is_none(profile: ScoreProfile):
    assert estimate(profile, cells(rows(0, seed=1), profile), START, END) is None
    bare = bare_profile("none", START, END)
    assert estimate(bare, cells(rows(50, seed=1), bare), START, END) is None
    assert contradiction(bare, [cells(rows(50, seed=1), bare)]) == (0, None)


def test_a_metric_that_the_rows_do_not_determine_is_left_out(profile: ScoreProfile):
    low = Scored(np.full(100, 0.01), np.zeros(100, np.int8), np.zeros(100, np.int64))
    assert guess(profile, low).precision is None
    assert bars(guess(profile, low), "accuracy").value > 0.9
    assert bars(guess(profile, low), "recall").value == 0.0


def test_bars_stay_between_0_and_1(profile: ScoreProfile):
    for seed in range(10):
        found = guess(profile, rows(12, seed))
        for seen in (getattr(found, metric) for metric in METRICS):
            assert seen is None or 0 <= seen.low <= seen.value <= seen.high <= 1


def test_labels_contradict_a_slope_that_was_halved(profile: ScoreProfile):
    assert sum(p_of(profile, rows(500, seed, slope=0.5)) < 0.001 for seed in range(40)) >= 34


@pytest.mark.parametrize("count", [20, 500, 5_000])
def test_labels_do_not_contradict_what_did_not_change(profile: ScoreProfile, count: int):
    assert sum(p_of(profile, rows(count, seed)) < 0.001 for seed in range(100, 140)) <= 1


def test_rare_positives_are_no_contradiction_by_themselves():
    rare = score_profile("1", START, END, scored(20_000, seed=1), 0.5)
    assert min(p_of(rare, scored(60, seed)) for seed in range(40)) > 0.001


def test_only_windows_whose_labels_are_complete_can_contradict(profile: ScoreProfile):
    changed = rows(1_000, seed=5, slope=-1.0)
    late = replace(changed, label=np.where(np.arange(1_000) % 2, changed.label, UNLABELLED).astype(np.int8))
    assert contradiction(profile, [cells(late, profile)]) == (0, None)
    assert contradiction(profile, []) == (0, None)
    whole = rows(800, seed=6)
    assert p_of(profile, late, whole) == p_of(profile, whole) > 0.001 > p_of(profile, changed)


def test_days_that_differed_in_the_reference_make_labels_less_sure(profile: ScoreProfile):
    changed = rows(2_000, seed=5, slope=0.8)
    assert p_of(profile, changed) < p_of(replace(profile, spread=5.0), changed)


def test_the_same_rows_give_the_same_bytes(profile: ScoreProfile):
    first, second = (canonical(dump(guess(profile, rows(700, seed=5)))) for _ in range(2))
    assert first == second
    value = bars(guess(profile, rows(700, seed=5))).value
    assert value == round(value, 12)
