"""What is kept of a window: read once while its files stay the same, replaced when labels come, left out if flagged."""

import os
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from graph.errors import Unavailable
from graph.ports import StoredWindow
from tests.unit.tools.monitors.logs import FEATURES, LABELS, LOGGED, ROWS, World, day, rows_of
from tools.monitors.predictions import LabelSource


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def kept(world: World, source: str, number: int) -> StoredWindow:
    (found,) = (each for each in world.store.all() if each.source == source and each.start == day(number))
    return found


def test_windows_are_keyed_and_stored(world: World):
    world.monitor.measure("1", day(15))
    features, scores = kept(world, "features", 14), kept(world, "scores", 12)
    assert (features.model, features.version, features.closed, features.revision) == ("shop", "*", True, 1)
    assert (scores.version, scores.closed) == ("1", True)
    assert kept(world, "scores", 14).closed is False
    assert features.profile != scores.profile
    assert len(world.store.all()) == 3


def spoil(path: Path, *columns: str) -> None:
    """Overwrite the pages of some columns of a Parquet file, and keep its footer, size and time."""
    group, times, content = pq.read_metadata(path).row_group(0), path.stat(), bytearray(path.read_bytes())
    for chunk in (group.column(number) for number in range(group.num_columns)):
        if chunk.path_in_schema in columns:
            start = chunk.dictionary_page_offset or chunk.data_page_offset
            content[start : start + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_an_unchanged_log_is_read_once(world: World):
    world.settings = {"labels": None, "id": None}
    before = world.monitor.measure("1", day(15))
    saves = world.store.saves
    for path in (world.folder / "log").iterdir():
        spoil(path, *(name for name in LOGGED if name != "at"))
    after = world.monitor.measure("1", day(15.3))
    assert (after.features, after.score_psi, after.windows) == (before.features, before.score_psi, before.windows)
    assert world.store.saves == saves
    with pytest.raises(Unavailable, match=r"15\.parquet is damaged"):
        world.monitor.measure("1", day(16))


def test_late_labels_do_not_make_features_be_read_again(world: World):
    before = world.monitor.measure("1", day(15))
    for path in (world.folder / "log").iterdir():
        spoil(path, *FEATURES)
    world.write_labels(99, {"id": ["12-0"], "label": [9], "labelled_at": [day(14.9)]})
    after = world.monitor.measure("1", day(15))
    assert after.features == before.features
    assert (before.bad_labels, after.bad_labels) == (0, 1)
    with pytest.raises(Unavailable, match=r"15\.parquet is damaged"):
        world.monitor.measure("1", day(16))


def test_late_labels_replace_the_counts_of_their_window(world: World):
    rows = rows_of(12)
    world.write_labels(12, {name: rows[name][: ROWS // 2] for name in LABELS})
    first = world.monitor.measure("1", day(15))
    assert first.labels is not None
    assert first.labels.labelled == ROWS // 2
    features, scores = kept(world, "features", 14), kept(world, "scores", 12)
    late = {name: rows[name][ROWS // 2 :] for name in ("id", "label")}
    world.write_labels(99, {**late, "labelled_at": [day(15.5)] * (ROWS - ROWS // 2)})
    second = world.monitor.measure("1", day(15.9))
    assert second.labels is not None
    assert (second.labels.labelled, second.labels.predictions) == (ROWS, ROWS)
    assert second.labels.positives == rows["label"].sum()
    assert kept(world, "scores", 12).revision == scores.revision + 1
    assert kept(world, "features", 14) == features
    assert second.features == first.features


def test_a_rewritten_file_is_read_again(world: World):
    first = world.monitor.measure("1", day(15))
    world.write(14, {"amount": rows_of(14)["amount"] * 100})
    second = world.monitor.measure("1", day(15))
    assert first.features[0].factor is None
    assert second.features[0].factor is not None
    assert kept(world, "features", 14).revision == 2
    assert [each.revision for each in second.windows if each.source == "features"] == [2]


def test_a_file_that_comes_late_is_counted(world: World):
    world.monitor.measure("1", day(15))
    rows = rows_of(14, rows=50)
    world.write_log(77, {name: rows[name] for name in LOGGED} | {"id": [f"late-{n}" for n in range(50)]})
    found = world.monitor.measure("1", day(15))
    assert found.rows == ROWS + 50
    assert kept(world, "features", 14).revision == 2


def test_a_moved_log_that_says_the_same_keeps_its_revision(world: World, tmp_path: Path):
    world.monitor.measure("1", day(15))
    (world.folder / "log").rename(world.folder / "logs")
    world.settings = {"source": str(world.folder / "logs")}
    world.monitor.measure("1", day(15))
    assert kept(world, "features", 14).revision == 1


def test_a_vanished_log_leaves_an_empty_window(world: World):
    world.monitor.measure("1", day(15))
    (world.folder / "log" / "14.parquet").unlink()
    found = world.monitor.measure("1", day(15))
    assert found.rows == 0
    assert all(each.rows == 0 and each.psi is None for each in found.features)


def test_a_quarantined_window_is_left_out_of_performance_but_not_of_the_features(world: World):
    world.settings = {"window": timedelta(days=3)}
    first = world.monitor.measure("1", day(15))
    assert first.labels is not None
    world.store.quarantine("shop", [each for each in first.windows if each.start == day(11)])
    second = world.monitor.measure("1", day(15))
    assert second.labels is not None
    assert second.labels.predictions == 2 * ROWS
    assert (second.labels.start, second.labels.end) == (first.labels.start, first.labels.end)
    assert second.notes == ("1 of 3 labelled windows are quarantined and left out",)
    assert [each.quarantined for each in second.windows if each.start == day(11)] == [True]
    assert second.features == first.features
    world.store.lift("shop")
    assert world.monitor.measure("1", day(15)) == first


def test_a_newest_window_that_is_quarantined_is_still_measured(world: World):
    world.write(14, {"amount": rows_of(14)["amount"] * 100})
    first = world.monitor.measure("1", day(15))
    world.store.quarantine("shop", [each for each in first.windows if each.start == day(14)])
    again = world.monitor.measure("1", day(15))
    assert again.features == first.features
    assert again.labels == first.labels
    later = world.monitor.measure("1", day(17))
    assert later.labels is None
    assert later.notes == ("1 of 1 labelled windows are quarantined and left out",)


def test_an_earlier_moment_is_measured_as_it_was(world: World):
    own = LabelSource(str(world.folder / "labels"), "id", "label", "labelled_at", timedelta(hours=12))
    world.settings = {"labels": own}
    early = world.monitor.measure("1", day(15.5))
    late = world.monitor.measure("1", day(15.9))
    assert early.labels is not None
    assert late.labels is not None
    assert early.labels.labelled < late.labels.labelled
    again = world.monitor.measure("1", day(15.5))
    assert again.labels == early.labels


def test_counts_do_not_depend_on_how_the_log_is_cut_into_files(world: World, tmp_path: Path):
    whole = world.monitor.measure("1", day(15))
    other = World(tmp_path / "other", days=0)
    rows = [rows_of(number) for number in range(20)]
    for part in range(5):
        order = [(a, b) for a in range(20) for b in range(ROWS) if (a + b) % 5 == part]
        np.random.default_rng(part).shuffle(order)
        other.write_log(part, {name: [rows[a][name][b] for a, b in order] for name in LOGGED})
        other.write_labels(part, {name: [rows[a][name][b] for a, b in order] for name in LABELS})
    found = other.monitor.measure("1", day(15))
    assert found.features == whole.features
    assert found.labels == whole.labels
