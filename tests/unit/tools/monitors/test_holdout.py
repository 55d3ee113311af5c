"""The rows that two models are judged on: labelled, in order, the same bytes every time."""

import hashlib
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graph.errors import Misconfigured, Unavailable
from graph.model import Holdout
from tests.unit.tools.monitors.logs import LOGGED, ROWS, UTC_TIME, World, day, rows_of
from tools.monitors.predictions import LabelSource


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def held(
    world: World, start: float = 8, end: float = 12, now: float = 19, exclude=(), name: str = "out/h.parquet"
) -> Holdout:
    gaps = [(day(first), day(last)) for first, last in exclude]
    return world.monitor.holdout(day(start), day(end), day(now), gaps, world.folder / name)


def test_the_rows_in_order(world: World):
    found = held(world)
    rows = pq.read_table(found.path)
    expected = [rows_of(number) for number in range(8, 12)]
    assert rows.schema.names == ["event_time", "label", "score", "version", "amount", "visits", "word"]
    assert rows.schema.field("event_time").type == UTC_TIME
    assert rows.schema.field("label").type == pa.int8()
    assert rows.schema.field("visits").type == pa.int64()
    assert rows["event_time"].to_pylist() == [at for day_rows in expected for at in day_rows["at"]]
    assert rows["label"].to_pylist() == [int(y) for day_rows in expected for y in day_rows["label"]]
    assert rows["score"].to_pylist() == [x for day_rows in expected for x in day_rows["score"]]
    assert rows["amount"].to_pylist() == [x for day_rows in expected for x in day_rows["amount"]]
    assert (found.rows, found.positives) == (4 * ROWS, sum(int(day_rows["label"].sum()) for day_rows in expected))
    assert (found.start, found.end) == (day(8), day(12))
    assert found.digest == hashlib.sha256(Path(found.path).read_bytes()).hexdigest()


def test_the_same_bytes_every_time_whatever_the_files(world: World):
    first = held(world)
    assert held(world, name="again.parquet").digest == first.digest
    for number in range(8, 12):
        rows = rows_of(number)
        order = np.random.default_rng(number).permutation(ROWS)
        (world.folder / "log" / f"{number:02}.parquet").unlink()
        for part, chosen in enumerate(np.array_split(order, 3)):
            world.write_log(100 - 5 * number + part, {n: [rows[n][i] for i in chosen] for n in LOGGED})
    assert held(world, name="cut.parquet").digest == first.digest


def test_excluded_and_quarantined_stretches_are_left_out(world: World):
    whole = held(world)
    less = held(world, exclude=[(9, 10)])
    assert less.rows == whole.rows - ROWS
    part = held(world, exclude=[(9.25, 9.5)])
    assert less.rows < part.rows < whole.rows
    flagged = world.monitor.measure("1", day(12)).windows
    world.store.quarantine("shop", [each for each in flagged if each.start == day(11)])
    assert held(world).rows == whole.rows - ROWS


def test_only_labels_that_had_come_and_are_good(world: World):
    rows = rows_of(10)
    world.write(10, {"label": [None, 5, *rows["label"].tolist()[2:]]})
    assert held(world).rows == 4 * ROWS - 2
    early = held(world, now=11.5)
    known = sum(at <= day(11.5) for number in range(8, 11) for at in rows_of(number)["labelled_at"])
    assert early.rows == known - 2


def test_rows_of_the_future_are_left_out(world: World):
    world.settings = {"labels": LabelSource(str(world.folder / "labels"), "id", "label", None, timedelta(0))}
    found = held(world, end=12, now=10.5)
    rows = pq.read_table(found.path)
    assert max(rows["event_time"].to_pylist()) <= day(10.5)
    assert found.rows > 2 * ROWS


def test_a_stretch_that_is_no_whole_number_of_days(world: World):
    found = held(world, start=8.3, end=8.7)
    times = pq.read_table(found.path)["event_time"].to_pylist()
    assert times == [at for at in rows_of(8)["at"] if day(8.3) <= at < day(8.7)]


def test_the_first_of_repeated_ids_is_kept(world: World):
    rows = rows_of(9)
    world.write_log(95, {**{name: rows[name][:20] for name in LOGGED}, "score": [0.999] * 20})
    found = held(world)
    assert found.rows == 4 * ROWS
    assert 0.999 not in pq.read_table(found.path)["score"].to_pylist()


def test_scores_as_served_may_be_missing(world: World):
    rows = rows_of(9)
    world.write(9, {"score": [None, np.nan, *rows["score"][2:]]})
    assert pq.read_table(held(world).path)["score"].null_count == 2
    for number in range(20):
        rows = rows_of(number)
        world.write_log(number, {name: rows[name] for name in LOGGED if name not in ("score", "version")})
    world.settings = {"version": None}
    rows = pq.read_table(held(world).path)
    assert rows["score"].null_count == len(rows) == 4 * ROWS
    assert "version" not in rows.schema.names


def test_types_that_differ_between_files_are_put_together(world: World):
    world.write(9, {"visits": rows_of(9)["visits"].astype(float), "amount": np.arange(ROWS)})
    rows = pq.read_table(held(world).path)
    assert rows.schema.field("visits").type == pa.float64()
    assert rows.schema.field("amount").type == pa.float64()
    world.write(9, {"word": np.arange(ROWS), "amount": [None] * ROWS})
    assert pq.read_table(held(world).path)["word"].to_pylist()[ROWS] == "0"


def test_text_among_numbers_is_refused_by_name(world: World):
    world.write(9, {"amount": [[1.0]] * ROWS})
    with pytest.raises(Misconfigured, match=r"09\.parquet, column amount: holds list"):
        held(world)


def test_truth_values_stay_truth_values(world: World):
    for number in range(8, 12):
        world.write(number, {"visits": rows_of(number)["visits"] > 1})
    assert pq.read_table(held(world).path).schema.field("visits").type == pa.bool_()


def test_labels_in_the_log_itself(world: World):
    for number in range(20):
        world.write_log(number, rows_of(number))
    world.settings = {"labels": LabelSource("", "", "label", "labelled_at", timedelta(days=2)), "id": None}
    found = held(world)
    assert found.rows == 4 * ROWS
    assert pq.read_table(found.path).num_rows == found.rows


def test_no_rows_is_an_empty_holdout(world: World):
    found = held(world, start=100, end=110, now=120)
    assert (found.rows, found.positives) == (0, 0)
    assert pq.read_table(found.path).num_rows == 0


def test_a_place_that_cannot_be_written(world: World):
    (world.folder / "out").write_text("a file where a folder is needed")
    with pytest.raises(Unavailable, match="cannot be written"):
        held(world)


def test_a_full_disk_leaves_nothing_behind(world: World):
    # /dev/full takes no byte, which is what a full disk does.
    (world.folder / ".h.parquet.part").symlink_to("/dev/full")
    with pytest.raises(Unavailable, match="No space left"):
        held(world, name="h.parquet")
    assert not (world.folder / "h.parquet").exists()
    assert not (world.folder / ".h.parquet.part").is_symlink()


def test_a_damaged_log_leaves_nothing_behind(world: World):
    path = world.folder / "log" / "09.parquet"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(Unavailable, match=r"09\.parquet"):
        held(world)
    assert list((world.folder / "out").glob("*")) == []
