"""Metrics by cells agree with those by rows; the calibrator foresees them; intervals cover."""

import warnings
from datetime import UTC, datetime

import numpy as np
import pytest
from sklearn import metrics

from graph.spec import Metric
from tests.unit.tools.profile.samples import scored
from tools.profile.calibration import calibrate
from tools.profile.counting import UNLABELLED, count_cells
from tools.profile.counts import no_cells
from tools.profile.excess import Third, block_se, excess, foreseen_positives, interval, spread, thirds
from tools.profile.performance import METRICS, foreseen, measure, observed, realised
from tools.profile.scores import Scored, bare_profile, choose_cells, score_profile

THRESHOLD = 0.3
PERIOD = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
PROFILE = score_profile("1", *PERIOD, scored(30_000, seed=1), THRESHOLD)


def by_rows(name: Metric, rows: Scored) -> float:
    called = rows.score >= THRESHOLD
    value: float = {
        "roc_auc": lambda: metrics.roc_auc_score(rows.label, rows.score),
        "average_precision": lambda: metrics.average_precision_score(rows.label, rows.score),
        "log_loss": lambda: metrics.log_loss(rows.label, rows.score),
        "brier": lambda: metrics.brier_score_loss(rows.label, rows.score),
        "accuracy": lambda: metrics.accuracy_score(rows.label, called),
        "f1": lambda: metrics.f1_score(rows.label, called),
    }[name]()
    return value


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("harm", [0.0, 0.7])
def test_metrics_agree_with_those_by_rows(name: Metric, harm: float):
    rows = scored(5_000, seed=2, harm=harm)
    cells = count_cells(rows.score, rows.label, PROFILE.cuts)
    found = realised(name, [cells], cells, PROFILE.positive_cell)
    exact = {"log_loss", "brier", "accuracy", "f1"}
    assert found is not None
    assert found.value == pytest.approx(by_rows(name, rows), abs=1e-5 if name in exact else 0.006)
    assert found.low < found.value < found.high


@pytest.mark.parametrize("name", METRICS)
def test_what_is_foreseen_comes_true_without_a_change(name: Metric):
    rows = scored(20_000, seed=3)
    cells = count_cells(rows.score, rows.label, PROFILE.cuts)
    found = realised(name, [cells], cells, PROFILE.positive_cell)
    ahead = foreseen(name, cells, PROFILE.calibrator, PROFILE.positive_cell)
    assert found is not None
    assert ahead is not None
    assert abs(ahead - found.value) < 1.5 * (found.high - found.low)


def test_harder_rows_are_foreseen_and_no_harm():
    rows = scored(60_000, seed=4)
    middling = (rows.score > 0.05) & (rows.score < 0.25)
    hard = Scored(rows.score[middling], rows.label[middling], rows.bucket[middling])
    cells = count_cells(hard.score, hard.label, PROFILE.cuts)
    found = realised("roc_auc", [cells], cells, PROFILE.positive_cell)
    ahead = foreseen("roc_auc", cells, PROFILE.calibrator, PROFILE.positive_cell)
    harm = interval(excess(cells, PROFILE.calibrator), [], PROFILE.excess_se, PROFILE.spread)
    assert found is not None
    assert found.value < (PROFILE.metrics["roc_auc"] or 0) - 0.1
    assert ahead == pytest.approx(found.value, abs=0.02)
    assert harm is not None
    assert harm.low < 0 < harm.high


def test_a_changed_concept_is_harm():
    rows = scored(3_000, seed=5, harm=0.8)
    cells = count_cells(rows.score, rows.label, PROFILE.cuts)
    harm = interval(excess(cells, PROFILE.calibrator), [], PROFILE.excess_se, PROFILE.spread)
    assert harm is not None
    assert harm.low > 0


def test_excess_by_cells_is_that_of_the_formula():
    rows = scored(2_000, seed=6)
    cells = count_cells(rows.score, rows.label, PROFILE.cuts)
    q = np.array(PROFILE.calibrator)[np.searchsorted(PROFILE.cuts, rows.score, side="right")]
    p, y = rows.score, rows.label
    d = (p - y) ** 2 - (q * (1 - p) ** 2 + (1 - q) * p**2)
    found = excess(cells, PROFILE.calibrator)
    assert found.total == pytest.approx(d.sum(), abs=0.01)
    assert found.squares == pytest.approx((d**2).sum(), abs=0.01)
    assert found.variance == pytest.approx((q * (1 - q) * (1 - 2 * p) ** 2).sum(), abs=0.01)
    due = foreseen_positives(cells, PROFILE.calibrator)
    assert due.positives == pytest.approx(q.sum())
    assert due.sd == pytest.approx(np.sqrt((q * (1 - q)).sum()))


def test_the_interval_of_the_excess_covers():
    outside = 0
    for seed in range(200):
        rows = scored(800, seed=seed + 50)
        found = interval(
            excess(count_cells(rows.score, rows.label, PROFILE.cuts), PROFILE.calibrator),
            [],
            PROFILE.excess_se,
            PROFILE.spread,
        )
        assert found is not None
        outside += not found.low < 0 < found.high
    assert outside <= 18


def test_days_that_move_together_widen_the_interval():
    draw = np.random.default_rng(7)
    blocks = []
    for _ in range(12):
        score = draw.beta(0.8, 6, 400)
        label = draw.random(400) < np.clip(score * draw.lognormal(0, 0.6), 0, 1)
        blocks.append(excess(count_cells(score, label.astype(np.int8), PROFILE.cuts), PROFILE.calibrator))
    whole = excess(no_cells(len(PROFILE.cuts) + 1), PROFILE.calibrator)
    assert whole.mean == whole.row_se == 0
    assert block_se(blocks[:3]) == 0
    assert spread(blocks) > 2
    independent = np.sqrt(sum(block.variance for block in blocks)) / sum(block.rows for block in blocks)
    assert block_se(blocks) > 1.4 * independent


def test_lifts_tell_uneven_harm_from_even_harm():
    rows = scored(30_000, seed=8)
    lost = np.where(np.random.default_rng(8).random(30_000) < 0.8, 0, rows.label).astype(np.int8)
    low, high = thirds(count_cells(rows.score, lost, PROFILE.cuts), PROFILE.calibrator)
    assert low.lift == pytest.approx(0.2, abs=0.15)
    assert high.lift == pytest.approx(0.2, abs=0.05)
    assert high.expected == pytest.approx(np.sort(rows.score)[20_000:].sum(), rel=0.05)
    changed = scored(30_000, seed=9, harm=0.9)
    low, high = thirds(count_cells(changed.score, changed.label, PROFILE.cuts), PROFILE.calibrator)
    assert low.lift is not None
    assert high.lift is not None
    assert low.lift > 3
    assert high.lift < 0.7
    none = thirds(no_cells(len(PROFILE.cuts) + 1), PROFILE.calibrator)
    assert none == (Third(None, None), Third(None, None))


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("label", [0, 1, UNLABELLED])
def test_one_class_only_has_no_ranking_metric_and_none_without_labels(name: Metric, label: int):
    rows = scored(400, seed=10)
    cells = count_cells(rows.score, np.full(400, label, np.int8), PROFILE.cuts)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = realised(name, [cells] * 5, cells, PROFILE.positive_cell)
    determined = label != UNLABELLED and name in ("log_loss", "brier", "accuracy")
    assert (found is not None) == determined


def test_intervals_are_the_same_every_time():
    rows = scored(500, seed=11)
    cells = count_cells(rows.score, rows.label, PROFILE.cuts)
    blocks = [count_cells(rows.score[k::5], rows.label[k::5], PROFILE.cuts) for k in range(5)]
    first, second = (realised("roc_auc", blocks, cells, PROFILE.positive_cell) for _ in range(2))
    assert first == second


def test_the_decision_threshold_is_an_edge():
    assert THRESHOLD in PROFILE.cuts
    assert PROFILE.cuts[PROFILE.positive_cell - 1] == THRESHOLD


def test_the_calibrator_rises_and_never_says_never():
    shares = PROFILE.calibrator
    assert list(shares) == sorted(shares)
    assert 0 < shares[0] <= shares[-1] < 1
    assert sum(n * q for n, q in zip(PROFILE.cells.labelled, shares, strict=True)) == pytest.approx(
        sum(PROFILE.cells.positives), rel=0.01
    )


@pytest.mark.parametrize(
    ("labelled", "positives"),
    [((10,), (10,)), ((10,), (0,)), ((0, 5, 0), (0, 2, 0)), ((100, 100, 100), (50, 30, 10)), ((1, 1), (1, 0))],
)
def test_the_calibrator_of_odd_cells_is_inside_the_unit_interval(labelled, positives):
    shares = calibrate(labelled, positives)
    assert len(shares) == len(labelled)
    assert all(0 < share < 1 for share in shares)
    assert list(shares) == sorted(shares)


def test_no_labels_no_calibrator():
    with pytest.raises(ValueError, match="no labelled rows"):
        calibrate((0, 0), (0, 0))
    rows = scored(500, seed=12)
    bare = score_profile(
        "1",
        *PERIOD,
        Scored(rows.score, np.full(500, UNLABELLED, np.int8), rows.bucket),
        0.5,
    )
    assert bare.calibrator == ()
    assert set(bare.metrics.values()) == {None}


@pytest.mark.parametrize("score", [np.zeros(300), np.full(300, 0.5), np.repeat([0.0, 1.0], 150)])
def test_scores_of_few_values_make_few_cells(score):
    label = (np.arange(300) % 3 == 0).astype(np.int8)
    rows = Scored(score, label, np.zeros(300, np.int64))
    assert len(choose_cells(rows, 0.5)) <= 2
    profile = score_profile("1", *PERIOD, rows, 0.5)
    assert sum(profile.cells.rows) == 300


def test_a_bare_profile_has_one_cell():
    profile = bare_profile("none", *PERIOD)
    assert (profile.cuts, profile.calibrator, len(profile.cells.rows)) == ((), (), 1)
    assert measure("roc_auc", observed("roc_auc", profile.cells), 0) is None
