"""What a check measures of a regression: on a healthy log, with every way to spoil numbers, and hour by hour."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from graph.codec import canonical, dump, load
from graph.errors import Misconfigured
from graph.evidence import Evidence, FeatureEvidence, Outcome
from tests.unit.tools.monitors.logs import REFERENCE_DAYS, ROWS, World, day, rows_of, save
from tools.monitors.predictions import LabelSource

NUMBERS = {"task": "regression", "metric": "rmse"}


def numbers_of(number: int, rows: int = ROWS, off: float = 0.0) -> dict[str, Any]:
    """Return a day whose scores are predictions, and whose labels are what they should have been."""
    draw = np.random.default_rng(5_000 + number)
    prediction = 10 + draw.gamma(3.0, 10.0, rows)
    return {"score": prediction, "label": prediction + draw.normal(off, 1 + prediction / 20, rows)}


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path, settings=dict(NUMBERS))
    for number in range(made.days):
        made.write(number, numbers_of(number))
    return made


def measured(world: World, champion: str | None = "1", at: float = 15.4) -> Evidence:
    found = world.monitor.measure(champion, day(at))
    assert "NaN" not in canonical(dump(found))
    assert load(Evidence, dump(found)) == found
    return found


def outcome(found: Evidence) -> Outcome:
    assert found.outcome is not None
    return found.outcome


def label(found: Evidence) -> FeatureEvidence:
    seen = outcome(found).label
    assert seen is not None
    return seen


def test_a_quiet_day(world: World):
    found, truth = measured(world), numbers_of(12)
    assert (found.rows, found.reference_rows, found.bad_scores, found.bad_labels, found.orphan_labels) == (
        ROWS, REFERENCE_DAYS * ROWS, 0, 0, 0,
    )  # fmt: skip
    prediction = outcome(found).prediction
    assert prediction is not None
    assert (prediction.name, prediction.rows, label(found).name, label(found).rows) == ("score", ROWS, "label", ROWS)
    for each in (prediction, label(found)):
        assert (each.psi or 0) < (each.psi_noise or 0)
        assert each.factor is None
    assert found.score_psi == prediction.psi
    labels = found.labels
    assert labels is not None
    assert (labels.predictions, labels.labelled, labels.positives, labels.metric) == (ROWS, ROWS, 0, "rmse")
    assert labels.realised is not None
    error = truth["score"] - truth["label"]
    assert labels.realised.value == pytest.approx(np.sqrt((error**2).mean()), rel=1e-5)
    assert labels.realised.low < (labels.foreseen or 0) < labels.realised.high
    assert labels.reference_labelled_share == 1
    assert labels.loss_excess is not None
    assert labels.loss_excess.low < 0 < labels.loss_excess.high
    assert (labels.brier_excess, found.estimate, found.harm) == (None, None, ())
    assert found.notes == ()


def test_the_sequential_test_follows_the_windows_that_checks_have_counted(world: World):
    for number in range(13, 20):
        world.write(number, numbers_of(number, off=4.0 if number >= 15 else 0.0))
    found = [measured(world, at=at) for at in range(13, 20)][-1]
    losses = outcome(found).losses
    assert [each.start for each in losses] == [day(number) for number in range(10, 17)]
    assert [each.rows for each in losses] == [ROWS] * 7
    assert all(abs(each.excess) < 4 * each.variance**0.5 for each in losses[:5])
    assert all(each.excess > 8 * each.variance**0.5 for each in losses[5:])
    assert [each.rows for each in found.learnable] == [ROWS] * 7


def test_hours_sum_to_days(world: World):
    daily = measured(world)
    world.settings["window"] = timedelta(hours=1)
    hourly = [measured(world, at=15 + hour / 24) for hour in range(1, 25)]
    assert sum(outcome(each).losses[-1].rows for each in hourly) == ROWS
    assert daily.labels and daily.labels.labelled == ROWS


@pytest.mark.parametrize(
    ("spoiled", "bad", "left"),
    [
        ([np.inf, -np.inf, np.nan, None], 4, ROWS - 4),
        # Labels whose file came without a number in it are broken, not late.
        ([None] * ROWS, ROWS, 0),
    ],
)
def test_labels_that_are_no_numbers_are_counted(world: World, spoiled: list[Any], bad: int, left: int):
    world.write(12, {**numbers_of(12), "label": [*spoiled, *numbers_of(12)["label"][len(spoiled) :]]})
    found = measured(world)
    assert found.bad_labels == bad
    assert found.labels is not None
    assert found.labels.labelled == left


@pytest.mark.parametrize("bad", [None, np.nan, np.inf])
def test_predictions_that_are_no_numbers_are_counted(world: World, bad: Any):
    for number in (13, 14):
        world.write(number, {**numbers_of(number), "score": [bad] * 9 + numbers_of(number)["score"].tolist()[9:]})
    found = measured(world)
    assert found.bad_scores == 9
    prediction = outcome(found).prediction
    assert prediction is not None
    assert (prediction.rows, prediction.nans) == (ROWS, 9)


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (lambda values: 100 * values, {"factor": pytest.approx(100, rel=0.05)}),
        (lambda values: np.full(len(values), 7.0), {"top_share": 1.0, "top_value": "7"}),
        (lambda values: -values, {"below": ROWS}),
    ],
)
def test_spoiled_labels_show_in_their_distribution(world: World, change: Any, seen: dict[str, Any]):
    world.write(12, {**numbers_of(12), "label": change(numbers_of(12)["label"])})
    found = label(measured(world))
    assert {name: getattr(found, name) for name in seen} == seen


def test_labels_of_other_rows_show_in_the_correlation(world: World):
    world.write(12, {**numbers_of(12), "label": np.random.default_rng(0).permutation(numbers_of(12)["label"])})
    found = measured(world)
    assert outcome(found).reference_correlation == pytest.approx(0.98, abs=0.02)
    assert abs(outcome(found).correlation or 0) < 0.3
    assert (label(found).psi or 0) < (label(found).psi_noise or 0)


def test_text_is_no_number(world: World):
    world.write(12, {**numbers_of(12), "label": ["long"] * ROWS})
    with pytest.raises(Misconfigured, match="column label: holds text such as 'long' where numbers were expected"):
        measured(world)


def test_without_labels_there_is_no_loss(world: World):
    world.settings["labels"] = None
    found = measured(world)
    assert (found.labels, outcome(found).label, outcome(found).losses) == (None, None, ())
    assert outcome(found).prediction is not None


def test_without_a_champion_labels_are_seen_all_the_same(world: World):
    found = measured(world, champion=None)
    assert outcome(found).prediction is None
    assert label(found).rows == ROWS
    assert found.labels is not None
    assert (found.labels.labelled, found.labels.realised) == (ROWS, None)


def test_a_version_that_just_began_has_no_profile_yet(world: World):
    world.write(14, {**numbers_of(14), "version": ["2"] * ROWS})
    found = measured(world, champion="2")
    assert outcome(found) == Outcome()
    assert any("the profile of version 2 is forming: its matured rows hold 0 labels, it takes 500," in note
               for note in found.notes)  # fmt: skip


def test_an_empty_log_is_no_traceback(tmp_path: Path):
    found = measured(World(tmp_path, days=0, settings=dict(NUMBERS)))
    assert (found.rows, found.labels) == (0, None)


def test_labels_may_be_a_column_of_the_log(tmp_path: Path):
    own = World(tmp_path, days=0, settings=dict(NUMBERS))
    own.settings["labels"] = LabelSource("", "id", "label", None, timedelta(days=2))
    for number in range(16):
        columns = {**rows_of(number), **numbers_of(number)}
        waits = columns["label"].copy()
        waits[:30] = np.nan
        save(tmp_path / "log" / f"{number:02}.parquet", {**columns, "label": waits})
    found = measured(own)
    assert found.labels is not None
    assert (found.labels.labelled, found.bad_labels) == (ROWS - 30, 0)


def test_a_holdout_keeps_the_numbers(world: World, tmp_path: Path):
    world.write(12, {**numbers_of(12), "label": [np.inf, *numbers_of(12)["label"][1:]]})
    found = world.monitor.holdout(day(12), day(14), day(18), [], tmp_path / "h.parquet")
    table = pq.read_table(found.path)
    assert (found.rows, found.positives) == (2 * ROWS - 1, 0)
    assert table["label"].to_pylist()[:2] == pytest.approx(numbers_of(12)["label"][1:3].tolist())
