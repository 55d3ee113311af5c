"""Two regressions on the same rows: their losses, the intervals of the difference, and what they return."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.tools.evaluation.test_holdout import asked
from tools.evaluation import bootstrap, holdout, jackknife, measures, scoring
from tools.evaluation.bootstrap import Sample


def world(seed: int, days: int = 20, per_day: int = 30):
    """Labels and two predictions, the challenger's the better one."""
    draw = np.random.default_rng(seed)
    block = np.repeat(np.arange(days), per_day)
    label = draw.normal(50, 10, len(block))
    return Sample(label, block, 0.5), label + draw.normal(0, 3, len(block)), label + draw.normal(0, 2, len(block))


def test_the_metrics_are_their_definitions():
    sample, score, _ = world(0)
    error = score - sample.label
    assert measures.metrics(sample.label, score, 0.5) == {
        "rmse": pytest.approx(np.sqrt((error**2).mean())),
        "mae": pytest.approx(np.abs(error).mean()),
    }


@pytest.mark.parametrize("metric", ["rmse", "mae"])
def test_a_draw_is_what_repeating_its_rows_gives(metric):
    sample, _, score = world(0)
    weights = bootstrap.draw(sample.blocks)[:20]
    repeated = [np.repeat(np.arange(len(score)), row[sample.block].astype(int)) for row in weights]
    expected = [measures.value(metric, sample.label[index], score[index], 0.5) for index in repeated]
    assert bootstrap.weigh(metric, sample, score, weights) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("metric", ["rmse", "mae"])
def test_less_loss_is_better(metric):
    sample, champion, challenger = world(1, days=40)
    slow = bootstrap.interval(metric, sample, champion, challenger)
    quick = jackknife.difference(metric, sample, champion, challenger)
    assert slow and quick
    assert 0 < slow.low <= slow.value <= slow.high
    assert quick.value == slow.value
    assert quick.high - quick.low == pytest.approx(slow.high - slow.low, rel=0.25)
    back = bootstrap.interval(metric, sample, challenger, champion)
    assert back and back.value == -slow.value


def test_the_interval_holds_what_is_true():
    """Both err alike: the interval of the difference holds 0 in 95 of 100 cases."""
    held = []
    for seed in range(200):
        sample, champion, _ = world(seed)
        other = sample.label + np.random.default_rng(1000 + seed).normal(0, 3, len(champion))
        found = bootstrap.interval("rmse", sample, champion, other)
        held.append(found is not None and found.low <= 0 <= found.high)
    assert 0.9 <= np.mean(held) <= 0.99


def test_no_number_is_positive_and_a_constant_label_is_no_obstacle():
    label = np.full(600, 3.0)
    assert measures.positives(label) == 0
    assert not measures.one_class(label)
    sample = Sample(label, np.repeat(np.arange(20), 30), 0.5)
    score = label + np.random.default_rng(0).normal(0, 1, 600)
    assert bootstrap.interval("mae", sample, score, label) is not None


@pytest.mark.parametrize(
    ("scores", "wrong"),
    [
        ([-5.0, 1e6, 0.0], None),
        ([1.0, np.nan, np.inf], "2 of 3 predictions are NaN or infinite"),
        ([1.0, 2.0], "shape (2,) for 3 rows"),
    ],
)
def test_predictions_are_finite_numbers(scores, wrong):
    found = scoring._wrong_scores(np.array(scores), 3, numbers=True)
    assert found is None if wrong is None else wrong in (found or "")


def test_labels_are_read_as_numbers(tmp_path: Path):
    file = tmp_path / "holdout.parquet"
    times = pa.array([0, 1], pa.timestamp("us", "UTC"))
    pq.write_table(pa.table({"event_time": times, "label": [3.5, -1.0]}), file)
    request = replace(asked(str(file)), features=(), task="regression")
    assert holdout.read(request).label.tolist() == [3.5, -1.0]
    with pytest.raises(ValueError, match="other than 0 and 1"):
        holdout.read(replace(request, task="binary_classification"))
