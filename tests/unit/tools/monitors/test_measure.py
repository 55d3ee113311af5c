"""What a check measures on a healthy log, on one that is broken in a known way, and at which moment."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from graph.codec import canonical, dump, load
from graph.errors import Misconfigured
from graph.evidence import Evidence, FeatureEvidence
from tests.unit.tools.monitors.logs import FEATURES, LABELS, ROWS, World, day, rows_of
from tools.monitors.predictions import LabelSource


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def feature(evidence: Evidence, name: str) -> FeatureEvidence:
    return next(each for each in evidence.features if each.name == name)


def test_a_quiet_day(world: World):
    found = world.monitor.measure("1", day(15.4))
    assert (found.model, found.champion, found.as_of) == ("shop", "1", day(15.4))
    assert (found.start, found.end) == (day(14), day(15))
    assert (found.rows, found.reference_rows, found.expected_rows) == (ROWS, 10 * ROWS, ROWS)
    assert [each.name for each in found.features] == list(FEATURES)
    assert [each.kind for each in found.features] == ["numeric", "numeric", "categorical"]
    for each in found.features:
        assert each.psi is not None
        assert each.psi_noise is not None
        assert each.psi < each.psi_noise
        assert (each.rows, each.nulls, each.nans, each.factor) == (ROWS, 0, 0, None)
    assert found.score_psi is not None
    assert found.score_psi_noise is not None
    assert found.score_psi < found.score_psi_noise
    assert (found.bad_scores, found.duplicate_ids, found.future_rows, found.orphan_labels, found.bad_labels) == (0,) * 5
    assert found.notes == ()


def test_the_labels_of_a_quiet_day(world: World):
    found = world.monitor.measure("1", day(15.4)).labels
    assert found is not None
    truth = rows_of(12)
    assert (found.start, found.end) == (day(12), day(13))
    assert (found.predictions, found.labelled, found.positives) == (ROWS, ROWS, truth["label"].sum())
    assert found.reference_labelled_share == 1
    assert found.reference_positive_share == pytest.approx(0.117, abs=0.01)
    assert found.expected_positives == pytest.approx(truth["score"].sum(), rel=0.1)
    assert abs(found.positives - found.expected_positives) < 3 * found.expected_positives_sd
    assert (found.lag_p50_h, found.lag_p95_h) == (24.5, 24.5)
    assert found.newest_label is not None
    assert day(15.3) < found.newest_label <= day(15.4)
    assert found.metric == "roc_auc"
    assert found.realised is not None
    assert found.realised.low < (found.foreseen or 0) < found.realised.high
    assert found.brier_excess is not None
    assert found.brier_excess.low < 0 < found.brier_excess.high


def test_evidence_is_json(world: World):
    found = world.monitor.measure("1", day(15.4))
    assert load(Evidence, dump(found)) == found
    assert "NaN" not in canonical(dump(found))


def test_the_same_question_has_the_same_answer(world: World):
    first = world.monitor.measure("1", day(15.4))
    assert world.monitor.measure("1", day(15.4)) == first
    assert World(world.folder).monitor.measure("1", day(15.4)) == first


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision", "log_loss", "brier", "accuracy", "f1"])
def test_every_metric_is_measured(world: World, metric: str):
    world.settings = {"metric": metric, "threshold": 0.2}
    found = world.monitor.measure("1", day(15.4)).labels
    assert found is not None
    assert found.metric == metric
    assert found.realised is not None
    assert found.reference_value is not None
    assert found.realised.low <= (found.foreseen or 0) <= found.realised.high


def test_a_unit_bug_shows_its_factor(world: World):
    world.write(14, {"amount": rows_of(14)["amount"] * 100})
    found = feature(world.monitor.measure("1", day(15)), "amount")
    assert found.factor == pytest.approx(100, rel=0.15)
    assert found.factor_residual is not None
    assert found.above > ROWS / 3
    assert (found.psi or 0) > 10 * (found.psi_noise or 0)


def test_nulls_stuck_values_and_new_words_show(world: World):
    rows = rows_of(14)
    gaps = [None if number % 4 == 0 else value for number, value in enumerate(rows["amount"].tolist())]
    words = ["zebra", "emu", *rows["word"][2:]]
    world.write(14, {"amount": gaps, "visits": np.full(ROWS, 3), "word": words})
    found = world.monitor.measure("1", day(15))
    assert feature(found, "amount").nulls == ROWS // 4
    assert feature(found, "amount").reference_null_share == 0
    stuck = feature(found, "visits")
    assert (stuck.top_value, stuck.top_share) == ("3", 1.0)
    assert stuck.reference_top_share == pytest.approx(0.18, abs=0.03)
    word = feature(found, "word")
    assert (word.new_category_rows, word.new_categories) == (2, ("emu", "zebra"))


def test_lost_labels_show_in_every_part_of_the_score(world: World):
    lost = np.where(np.random.default_rng(1).random(ROWS) < 0.8, 0, rows_of(12)["label"])
    world.write(12, {"label": lost})
    found = world.monitor.measure("1", day(15)).labels
    assert found is not None
    assert found.positives < 0.4 * found.expected_positives
    assert found.brier_excess is not None
    assert found.brier_excess.high < 0
    assert found.score_psi is not None
    assert found.score_psi < (found.score_psi_noise or 0)


def test_a_changed_concept_is_unforeseen(world: World):
    turned = (np.random.default_rng(1).random(ROWS) < 0.25 - 0.2 * rows_of(12)["score"]).astype(int)
    world.write(12, {"label": turned})
    found = world.monitor.measure("1", day(15)).labels
    assert found is not None
    assert found.realised is not None
    assert found.realised.high < (found.foreseen or 0)
    assert found.brier_excess is not None
    assert found.brier_excess.low > 0


def test_rows_and_labels_of_the_future_do_not_exist(world: World):
    early = World(world.folder, days=0)
    for number in range(16, 20):
        (world.folder / "log" / f"{number:02}.parquet").unlink()
    full = world.monitor.measure("1", day(15))
    for number in range(15, 20):
        (world.folder / "labels" / f"{number:02}.parquet").unlink()
    assert early.monitor.measure("1", day(15)).features == full.features
    late = early.monitor.measure("1", day(13.5)).labels
    assert late is not None
    assert late.end == day(11)
    assert late.newest_label is not None
    assert late.newest_label <= day(13.5)


def test_labels_that_come_within_the_window_are_not_yet_known(world: World):
    world.settings = {
        "labels": LabelSource(str(world.folder / "labels"), "id", "label", "labelled_at", timedelta(hours=12))
    }
    found = world.monitor.measure("1", day(15.5)).labels
    assert found is not None
    assert (found.start, found.end) == (day(14), day(15))
    known = sum(at <= day(15.5) for at in rows_of(14)["labelled_at"])
    assert (found.predictions, found.labelled) == (ROWS, known)


def test_an_hourly_window(world: World):
    world.settings = {"window": timedelta(hours=1)}
    found = world.monitor.measure("1", day(14) + timedelta(hours=9, minutes=20))
    assert (found.start, found.end) == (day(14) + timedelta(hours=8), day(14) + timedelta(hours=9))
    hours = [at for at in rows_of(14)["at"] if found.start <= at < found.end]
    assert found.rows == len(hours)
    assert found.expected_rows == pytest.approx(ROWS / 24)


def test_a_window_of_several_days_is_the_sum_of_its_days(world: World):
    world.settings = {"window": timedelta(days=3)}
    found = world.monitor.measure("1", day(15.1))
    assert (found.start, found.end, found.rows) == (day(12), day(15), 3 * ROWS)
    assert {each.rows for each in found.windows} == {ROWS}
    assert [each.start for each in found.windows if each.source == "features"] == [day(12), day(13), day(14)]
    assert found.labels is not None
    assert (found.labels.start, found.labels.end) == (day(10), day(13))
    assert found.labels.positives == sum(rows_of(number)["label"].sum() for number in (10, 11, 12))


def test_a_window_that_is_no_whole_number_of_days_is_rounded_up(world: World):
    world.settings = {"window": timedelta(hours=36)}
    found = world.monitor.measure("1", day(15))
    assert (found.start, found.end) == (day(13), day(15))


def test_a_window_of_no_length_is_refused(world: World):
    world.settings = {"window": timedelta(0)}
    with pytest.raises(Misconfigured, match="window"):
        _ = world.monitor


def test_what_was_read_is_named(world: World):
    found = world.monitor.measure("1", day(15.4))
    logs = [str(world.folder / "log" / f"{number}.parquet") for number in (12, 14)]
    assert found.queries == (*logs, f"{world.folder / 'labels'} for labels")
    assert found.source == str(world.folder / "log")


def test_without_labels_the_features_and_scores_are_measured(world: World):
    world.settings = {"labels": None, "id": None}
    found = world.monitor.measure("1", day(15))
    assert found.labels is None
    assert found.score_psi is not None
    assert found.rows == ROWS
    assert found.notes == ()


@pytest.mark.parametrize("timed", [True, False])
def test_labels_in_the_log_itself(world: World, timed: bool):
    for number in range(world.days):
        rows = rows_of(number)
        world.write_log(number, rows if timed else {name: rows[name] for name in rows if name != "labelled_at"})
    own = LabelSource("", "", "label", "labelled_at" if timed else None, timedelta(days=2))
    world.settings = {"labels": own, "id": None}
    found = world.monitor.measure("1", day(15)).labels
    assert found is not None
    assert (found.labelled, found.positives) == (ROWS, rows_of(12)["label"].sum())
    assert found.lag_p50_h == (24.5 if timed else None)
    assert found.newest_label is not None
    assert found.newest_label <= day(15)


def test_labels_without_a_time_are_known_at_once(world: World):
    for number in range(world.days):
        rows = rows_of(number)
        world.write_labels(number, {name: rows[name] for name in LABELS if name != "labelled_at"})
    world.settings = {"labels": LabelSource(str(world.folder / "labels"), "id", "label", None, timedelta(days=2))}
    found = world.monitor.measure("1", day(15)).labels
    assert found is not None
    assert (found.labelled, found.lag_p50_h, found.newest_label) == (ROWS, None, day(15))
