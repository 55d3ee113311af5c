"""What every Monitor promises, whatever it measures."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graph.codec import canonical, dump, load
from graph.errors import Unavailable
from graph.evidence import Evidence, LookBack
from graph.ports import Monitor
from tests.fakes.monitor import FakeMonitor, FakeRow
from tests.unit.tools.monitors.logs import FEATURES, ROWS, World, day, rows_of
from tests.unit.tools.monitors.tables import TableWorld
from tools.monitors.combined import CombinedMonitor, Part

DAYS = 16
Factory = Callable[[Path, pytest.FixtureRequest], Monitor]


def fake(folder: Path, request: pytest.FixtureRequest) -> Monitor:
    """Return the fake on the same rows as the prediction log."""
    rows = []
    for number in range(DAYS):
        columns = rows_of(number)
        for each in range(ROWS):
            features = {name: columns[name][each] for name in FEATURES}
            label, labelled_at = int(columns["label"][each]), columns["labelled_at"][each]
            rows.append(FakeRow(columns["at"][each], label, labelled_at, columns["score"][each], "1", features))
    return FakeMonitor("shop", rows)


def prediction_log(folder: Path, request: pytest.FixtureRequest) -> Monitor:
    return World(folder, days=DAYS).monitor


def prediction_table(folder: Path, request: pytest.FixtureRequest) -> Monitor:
    """Return the same rows in a real Postgres."""
    return TableWorld(request.getfixturevalue("embedded_postgres").dsn(), days=DAYS).monitor


def combined(folder: Path, request: pytest.FixtureRequest) -> Monitor:
    """Return the log beside a monitor that does not answer."""
    silent = FakeMonitor("shop", script=[Unavailable("cannot be reached")])
    log = prediction_log(folder, request)
    return CombinedMonitor("shop", [Part("prometheus", silent, False), Part("predictions", log, True)])


MONITORS: dict[str, Factory] = {
    "fake": fake,
    "predictions": prediction_log,
    "sql": prediction_table,
    "predictions beside a silent one": combined,
}
"""Every kind that reads rows, by its name in the catalogue, and what else is a monitor of rows."""


@pytest.fixture(params=MONITORS)
def monitor(request: pytest.FixtureRequest, tmp_path: Path) -> Monitor:
    return MONITORS[request.param](tmp_path, request)


@pytest.mark.parametrize("champion", ["1", None])
def test_evidence_is_of_this_model_champion_and_moment(monitor: Monitor, champion: str | None):
    found = monitor.measure(champion, day(15))
    assert (found.model, found.champion, found.as_of) == ("shop", champion, day(15))
    assert found.rows == ROWS
    assert found.source


def test_evidence_is_json(monitor: Monitor):
    found = monitor.measure("1", day(15))
    assert load(Evidence, dump(found)) == found
    assert canonical(dump(found))


def test_the_same_question_has_the_same_answer(monitor: Monitor):
    assert monitor.measure("1", day(15)) == monitor.measure("1", day(15))


def test_a_window_ends_by_now(monitor: Monitor):
    found = monitor.measure("1", day(14.5))
    assert found.start is not None
    assert found.end is not None
    assert found.start < found.end <= day(14.5)


def test_silence_is_no_error(monitor: Monitor):
    assert monitor.measure("1", day(300)).rows == 0


def test_a_look_back_is_of_the_stretch_asked_for(monitor: Monitor):
    found = monitor.look_back(day(12), day(15))
    if isinstance(monitor, FakeMonitor):
        assert found is None  # it says what a test lets it say
        return
    assert found is not None
    assert (found.start, found.end, found.rows, found.rows_before) == (day(12), day(15), 3 * ROWS, 3 * ROWS)
    assert [each.name for each in found.features] == list(FEATURES)
    assert load(LookBack, dump(found)) == found == monitor.look_back(day(12), day(15))


def times_of(path: str) -> list[datetime]:
    times: list[datetime] = pq.read_table(path)["event_time"].to_pylist()
    return times


def test_a_holdout_has_labelled_rows_in_order(monitor: Monitor, tmp_path: Path):
    found = monitor.holdout(day(8), day(12), day(15), [], tmp_path / "new" / "holdout.parquet")
    rows = pq.read_table(found.path)
    assert rows.schema.names == ["event_time", "label", "score", "version", *FEATURES]
    assert rows.schema.field("event_time").type == pa.timestamp("us", "UTC")
    assert rows.schema.field("label").type == pa.int8()
    assert times_of(found.path) == sorted(times_of(found.path))
    assert (found.rows, found.positives) == (len(rows), sum(rows["label"].to_pylist()))
    assert found.rows == 4 * ROWS
    assert (found.start, found.end) == (day(8), day(12))


def test_a_holdout_is_sealed_and_the_same_every_time(monitor: Monitor, tmp_path: Path):
    first = monitor.holdout(day(8), day(12), day(15), [], tmp_path / "first.parquet")
    second = monitor.holdout(day(8), day(12), day(15), [], tmp_path / "second.parquet")
    assert first.digest == second.digest == hashlib.sha256(Path(first.path).read_bytes()).hexdigest()


def test_excluded_stretches_are_left_out(monitor: Monitor, tmp_path: Path):
    gaps = [(day(9), day(10)), (day(11.25), day(11.5))]
    found = monitor.holdout(day(8), day(12), day(15), gaps, tmp_path / "holdout.parquet")
    assert found.rows < 3 * ROWS
    assert not [at for at in times_of(found.path) if any(start <= at < end for start, end in gaps)]


def test_what_is_later_than_now_does_not_exist(monitor: Monitor, tmp_path: Path):
    found = monitor.holdout(day(8), day(14), day(10.5), [], tmp_path / "holdout.parquet")
    known = [
        at
        for number in range(8, 14)
        for at, labelled in zip(rows_of(number)["at"], rows_of(number)["labelled_at"], strict=True)
        if labelled <= day(10.5)
    ]
    assert times_of(found.path) == known


def test_an_empty_stretch_is_an_empty_holdout(monitor: Monitor, tmp_path: Path):
    found = monitor.holdout(day(100), day(110), day(120), [], tmp_path / "holdout.parquet")
    assert (found.rows, found.positives, pq.read_table(found.path).num_rows) == (0, 0, 0)


def test_the_fake_says_what_it_is_told():
    quiet = FakeMonitor("shop").measure("1", day(1))
    monitor = FakeMonitor("shop", script=[Unavailable("the log is away"), quiet, quiet])
    with pytest.raises(Unavailable):
        monitor.measure("1", day(1))
    later = day(1) + timedelta(hours=1)
    assert monitor.measure("2", later).champion == "2"
    assert monitor.measure("2", later) == monitor.measure("2", later)
    assert monitor.asked == [("1", day(1)), ("2", later), ("2", later), ("2", later)]
