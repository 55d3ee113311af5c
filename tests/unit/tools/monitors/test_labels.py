"""Labels find their predictions: once each, the newest that had come; and labels without one are counted."""

from pathlib import Path

import numpy as np
import pytest

from graph.evidence import Evidence, LabelEvidence
from tests.unit.tools.monitors.logs import LOGGED, ROWS, World, day, rows_of
from tools.monitors.file_source import LogFiles
from tools.monitors.scored_rows import count_all, scored_rows
from tools.monitors.sight import Eyes, Sight
from tools.monitors.spans import Span, buckets, microseconds
from tools.profile.counts import ScoreCounts
from tools.profile.scores import bare_profile


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def measured(world: World, at: float = 15) -> tuple[Evidence, LabelEvidence]:
    found = world.monitor.measure("1", day(at))
    assert found.labels is not None
    return found, found.labels


def flipped(number: int) -> dict[str, list[object]]:
    rows = rows_of(number)
    return {"id": rows["id"], "label": (1 - rows["label"]).tolist()}


def test_the_newest_label_that_had_come_wins(world: World):
    truth = int(rows_of(12)["label"].sum())
    world.write_labels(50, {**flipped(12), "labelled_at": [day(12.5)] * ROWS})
    assert measured(world)[1].positives == truth
    world.write_labels(51, {**flipped(12), "labelled_at": [day(14.5)] * ROWS})
    assert measured(world)[1].positives == ROWS - truth
    world.write_labels(52, {**flipped(12), "labelled_at": [day(15.5)] * ROWS})
    rows = rows_of(12)
    world.write_labels(53, {"id": rows["id"], "label": rows["label"], "labelled_at": [day(14.8)] * ROWS})
    assert measured(world)[1].positives == truth
    assert measured(world)[1].labelled == ROWS


def test_a_newer_label_that_is_bad_takes_the_old_one_away(world: World):
    world.write_labels(50, {"id": ["12-0", "12-1"], "label": [7, 7], "labelled_at": [day(14.5)] * 2})
    found, labels = measured(world)
    assert (labels.labelled, found.bad_labels) == (ROWS - 2, 2)


def test_a_newer_null_takes_nothing_away(world: World):
    world.write_labels(50, {"id": ["12-0"], "label": np.array([np.nan]).astype(object), "labelled_at": [day(14.5)]})
    world.write_labels(51, {"id": ["12-1", "12-2"], "label": [None, 1], "labelled_at": [day(14.5)] * 2})
    assert measured(world)[1].labelled >= ROWS - 1


def test_repeated_predictions_are_counted_and_labelled_once(world: World):
    rows = rows_of(14)
    again = {name: [*rows[name], *rows[name][:30]] for name in LOGGED}
    world.write_log(14, again)
    rows = rows_of(12)
    world.write_log(12, {name: [*rows[name], *rows[name][:30]] for name in LOGGED})
    found, labels = measured(world)
    assert (found.rows, found.duplicate_ids) == (ROWS + 30, 30)
    assert (labels.predictions, labels.labelled) == (ROWS, ROWS)
    assert labels.positives == rows["label"].sum()


def test_repeats_in_two_files_are_found(world: World):
    rows = rows_of(14)
    world.write_log(90, {name: rows[name][:30] for name in LOGGED})
    assert measured(world)[0].duplicate_ids == 30


def test_an_id_that_two_versions_served_is_no_repeat(world: World):
    rows = rows_of(14)
    world.write_log(90, {**{name: rows[name] for name in LOGGED}, "version": ["2"] * ROWS})
    assert measured(world)[0].duplicate_ids == 0


def test_rows_without_an_id_stay_unlabelled_and_are_noted(world: World):
    for number in (12, 14):
        rows = rows_of(number)
        ids = [None if place < 10 else each for place, each in enumerate(rows["id"])]
        world.write_log(number, {**{name: rows[name] for name in LOGGED}, "id": ids})
    found, labels = measured(world)
    assert (labels.predictions, labels.labelled) == (ROWS, ROWS - 10)
    assert found.duplicate_ids == 0
    assert "10 rows have no id and cannot be labelled" in found.notes


def test_labels_without_a_prediction_are_counted(world: World):
    world.write_labels(
        50,
        {
            "id": ["nobody", "nobody else", "13-5", "2-2", "1-1"],
            "label": [1, 0, 1, 1, 0],
            "labelled_at": [day(14.2), day(14.3), day(14.4), day(14.5), day(11)],
        },
    )
    assert measured(world)[0].orphan_labels == 2


def test_labels_of_predictions_beyond_the_memory_of_the_log_are_without_one(world: World):
    for number in range(3):
        (world.folder / "log" / f"{number:02}.parquet").unlink()
    world.write_labels(50, {"id": ["2-2"], "label": [1], "labelled_at": [day(14.5)]})
    assert measured(world)[0].orphan_labels == 1


def test_a_label_may_seem_a_little_older_than_its_prediction(world: World):
    rows = rows_of(12)
    world.write_labels(12, {"id": rows["id"], "label": rows["label"], "labelled_at": [day(11.2)] * ROWS})
    _, labels = measured(world)
    assert (labels.labelled, labels.lag_p95_h) == (ROWS, 0.5)


def test_whole_numbers_join_with_texts(world: World):
    for number in range(20):
        rows = rows_of(number)
        numbers = np.arange(ROWS) + 1_000 * number
        world.write_log(number, {**{name: rows[name] for name in LOGGED}, "id": numbers})
        texts = [str(each) for each in numbers]
        world.write_labels(number, {"id": texts, "label": rows["label"], "labelled_at": rows["labelled_at"]})
    found, labels = measured(world)
    assert (labels.labelled, found.orphan_labels) == (ROWS, 0)


def test_label_files_without_a_match_are_noted(world: World):
    for path in (world.folder / "labels").iterdir():
        path.unlink()
    found = world.monitor.measure("1", day(15))
    assert found.labels is None
    assert f"no file matches {world.folder / 'labels'}" in found.notes


def test_labels_that_stopped_coming(world: World):
    for number in range(11, 20):
        (world.folder / "labels" / f"{number:02}.parquet").unlink()
    _, labels = measured(world)
    assert (labels.predictions, labels.labelled, labels.lag_p50_h) == (ROWS, 0, None)
    assert labels.newest_label is not None
    assert day(11) < labels.newest_label < day(12)
    assert (labels.realised, labels.foreseen, labels.brier_excess) == (None, None, None)


def test_the_order_of_label_files_does_not_matter(world: World):
    world.settings = {"window": world.log.window * 5}
    whole = measured(world)[1]
    for path in sorted((world.folder / "labels").iterdir()):
        path.rename(path.with_name(f"x{19 - int(path.stem):02}.parquet"))
    assert measured(world)[1] == whole


@pytest.mark.parametrize("limit", [1, ROWS + 1, 10 * ROWS])
def test_rows_joined_a_few_at_a_time_are_counted_the_same(world: World, limit: int):
    world.write_labels(50, {"id": ["nobody", "8-3"], "label": [1, 1], "labelled_at": [day(9.5), day(11.5)]})
    wanted = buckets(microseconds(day(5)), microseconds(day(13)), microseconds(day(1)) - microseconds(day(0)))
    profile = bare_profile("1", day(0), day(10))

    def counted(sight: Sight, rows: int) -> dict[Span, ScoreCounts]:
        parts = [count_all(sight, found, profile) for found in scored_rows(sight, wanted, limit=rows)]
        return {bucket: counts for part in parts for bucket, counts in part.items()}

    eyes = Eyes(world.log, LogFiles(world.log))
    few = eyes.look("1", day(15), lambda sight: counted(sight, limit))
    assert few == eyes.look("1", day(15), lambda sight: counted(sight, 10**9))
    assert sum(each.orphan_labels for each in few.values()) == 1
    assert sum(each.rows for each in few.values()) == 8 * ROWS
