"""Bad input is either evidence, with a number or a note, or an error that names file, column and what was found."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from graph.codec import canonical, dump
from graph.errors import Misconfigured
from graph.evidence import Evidence
from tests.unit.tools.monitors.logs import LOGGED, ROWS, UTC_TIME, World, day, rows_of, save
from tools.monitors.predictions import LabelSource


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, days=16)


def measured(world: World) -> Evidence:
    """Return the evidence of day 15, which must be proper JSON whatever was in the log."""
    found = world.monitor.measure("1", day(15))
    assert "NaN" not in canonical(dump(found))
    return found


# --- the log as a whole -----------------------------------------------------------------------------------------


def test_no_file_matches(tmp_path: Path):
    world = World(tmp_path, days=0)
    found = measured(world)
    assert (found.rows, found.reference_rows, found.features) == (0, 0, ())
    assert f"no file matches {tmp_path / 'log'}" in found.notes
    assert world.store.profiles == {}
    assert measured(world) == found


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".csv.gz"])
def test_an_empty_log(tmp_path: Path, suffix: str):
    world = World(tmp_path, days=0)
    columns = {**{name: pa.array([], pa.string()) for name in LOGGED}, "at": pa.array([], UTC_TIME)}
    save(tmp_path / "log" / f"empty{suffix}", columns)
    found = measured(world)
    assert found.rows == 0
    assert "the log holds no rows with a time" in found.notes


def test_a_csv_of_no_bytes(tmp_path: Path):
    world = World(tmp_path, days=0)
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "empty.csv").touch()
    assert measured(world).rows == 0


def test_a_log_that_has_ended(world: World):
    found = world.monitor.measure("1", day(30))
    assert found.rows == 0
    assert found.labels is not None
    assert found.labels.predictions == 0
    assert any(note.startswith("the log ends at 2026-01-16T23:") for note in found.notes)


def test_a_log_that_has_not_begun(world: World):
    found = world.monitor.measure("1", day(-5))
    assert found.rows == 0
    assert found.labels is None
    assert any(note.startswith("the log begins at 2026-01-01T00:") for note in found.notes)


def test_a_reference_without_rows(world: World):
    world.settings = {"reference": (day(-20), day(-10)), "version": None}
    found = measured(world)
    assert (found.rows, found.reference_rows, found.expected_rows) == (ROWS, 0, 0)
    assert "the reference period 2025-12-12 00:00 to 2025-12-22 00:00 holds no rows" in found.notes


# --- times ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", [pa.timestamp("us"), pa.timestamp("ns"), pa.timestamp("ms"), pa.timestamp("s"), pa.string()], ids=str
)
def test_times_without_a_zone_are_taken_as_utc_and_noted(world: World, kind: pa.DataType):
    whole = measured(world)
    for number in range(16):
        rows = rows_of(number)
        at = pa.array(rows["at"], UTC_TIME).cast(pa.timestamp("us")).cast(pa.timestamp("s")).cast(kind)
        world.write_log(number, {**{name: rows[name] for name in LOGGED}, "at": at})
    found = measured(world)
    assert found.features == whole.features
    assert found.labels == whole.labels
    assert found.notes == ("times in column at carry no zone and are taken as UTC",)


@pytest.mark.parametrize("kind", [pa.timestamp("ns", "America/New_York"), pa.timestamp("s", "+05:30")], ids=str)
def test_times_of_another_zone_are_converted(world: World, kind: pa.DataType):
    whole = measured(world)
    for number in range(16):
        rows = rows_of(number)
        world.write_log(
            number, {**{name: rows[name] for name in LOGGED}, "at": pa.array(rows["at"], UTC_TIME).cast(kind)}
        )
    found = measured(world)
    assert (found.features, found.notes) == (whole.features, ())


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (pa.array(range(ROWS)), "holds int64, not times"),
        (pa.array(["yesterday"] * ROWS), "holds 'yesterday', not times of one kind"),
        (pa.array(["2026-01-15T00:00:00Z", "2026-01-15T00:00:00"] * (ROWS // 2)), "not times of one kind"),
        (pa.array([True] * ROWS), "holds bool, not times"),
    ],
)
def test_times_that_are_none(world: World, values: pa.Array, found: str):
    path = world.write_log(14, {**{name: rows_of(14)[name] for name in LOGGED}, "at": values})
    with pytest.raises(Misconfigured, match=found) as raised:
        measured(world)
    assert f"{path}, column at" in raised.value.message
    assert raised.value.hint


def test_rows_without_a_time_are_left_out_and_noted(world: World):
    rows = rows_of(14)
    at = [None if number < 7 else at for number, at in enumerate(rows["at"])]
    world.write_log(14, {**{name: rows[name] for name in LOGGED}, "at": at})
    found = measured(world)
    assert found.rows == ROWS - 7
    assert "7 rows have no time and are left out" in found.notes


def test_rows_dated_in_the_future_between_others_are_counted(world: World):
    rows = rows_of(14)
    at = [day(400) if number % 30 == 0 else at for number, at in enumerate(rows["at"])]
    world.write_log(14, {**{name: rows[name] for name in LOGGED}, "at": at})
    found = measured(world)
    assert (found.rows, found.future_rows) == (ROWS - 10, 10)


def test_a_log_looked_at_as_of_an_earlier_moment_has_no_rows_of_the_future(world: World):
    rows = [rows_of(number) for number in range(16)]
    for path in (world.folder / "log").iterdir():
        path.unlink()
    save(world.folder / "log" / "all.csv", {name: [x for day_rows in rows for x in day_rows[name]] for name in LOGGED})
    assert world.monitor.measure("1", day(13.2)).future_rows == 0


# --- columns ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "settings", "message", "hint"),
    [
        ("log", {"features": ("ammount",)}, "has no column ammount; it has id, at, version", "did you mean amount?"),
        ("log", {"prediction": "probability"}, "has no column probability", "name a column"),
        ("log", {"timestamp": "time"}, "has no column time", "name a column"),
        ("log", {"id": "idd"}, "has no column idd", "did you mean id?"),
        ("log", {"version": "versions"}, "has no column versions", "did you mean version?"),
        ("labels", {"label": "fraud"}, "has no column fraud; it has id, label, labelled_at", "name a column"),
        ("labels", {"timestamp": "labeled_at"}, "has no column labeled_at", "did you mean labelled_at?"),
    ],
)
def test_a_missing_column_is_named_with_the_nearest_one(
    world: World, where: str, settings: Mapping[str, Any], message, hint
):
    if where == "labels":
        given = {"label": "label", "timestamp": "labelled_at", **settings}
        delay = world.log.delay
        settings = {"labels": LabelSource(str(world.folder / "labels"), "id", delay=delay, **given)}
    world.settings = dict(settings)
    with pytest.raises(Misconfigured) as raised:
        measured(world)
    assert message in raised.value.message
    assert raised.value.message.startswith(f"shop: {world.folder / where}")
    assert hint in raised.value.hint


def test_a_column_that_is_there_twice(world: World):
    path = world.folder / "log" / "14.csv"
    path.write_text("id,at,at,version,score,amount,visits,word\n1,2026-01-15,2026-01-15,1,0.5,1,1,a\n")
    with pytest.raises(Misconfigured, match=r"14\.csv has more than one column at"):
        measured(world)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"amount": ["many"] * ROWS}, "column amount: holds text such as 'many', and no text in the reference"),
        ({"amount": [day(1)] * ROWS}, "column amount: holds timestamp"),
        ({"visits": [[1]] * ROWS}, "column visits: holds list"),
        ({"score": ["0.5"] * ROWS}, "column score: holds text such as '0.5' where scores were expected"),
        ({"id": np.linspace(0, 1, ROWS)}, "column id: holds fractions where ids were expected"),
        ({"id": [day(1)] * ROWS}, "column id: holds timestamp"),
        ({"version": [[1]] * ROWS}, "column version: holds list"),
    ],
)
def test_a_wrong_type_is_named_with_what_was_found(world: World, changes: Mapping[str, Any], message: str):
    world.write_log(14, {**{name: rows_of(14)[name] for name in LOGGED}, **changes})
    with pytest.raises(Misconfigured) as raised:
        measured(world)
    assert f"{world.folder / 'log' / '14.parquet'}, {message}" in raised.value.message
    assert raised.value.hint


def test_text_and_numbers_in_one_reference(world: World):
    world.write(4, {"amount": ["many"] * ROWS})
    with pytest.raises(Misconfigured, match=r"04\.parquet, column amount: holds text in one part of the reference"):
        measured(world)


@pytest.mark.parametrize("bad", ["eleven", "1;2"])
def test_a_value_of_another_kind_deep_inside_a_csv(world: World, bad: str):
    rows = rows_of(14)
    text = "id,at,version,score,amount,visits,word\n" + "".join(
        f"{i},{at.isoformat()},1,{score},{amount if number < 250 else bad},2,a\n"
        for number, (i, at, score, amount) in enumerate(
            zip(rows["id"], rows["at"], rows["score"], rows["amount"], strict=True)
        )
    )
    (world.folder / "log" / "14.parquet").unlink()
    path = world.folder / "log" / "14.csv"
    path.write_text(text)
    with pytest.raises(Misconfigured, match=f"column amount: holds (text such as )?'{bad}'") as raised:
        measured(world)
    assert str(path) in raised.value.message


def test_features_of_every_odd_kind_are_evidence(world: World):
    odd = [np.nan, np.inf, -np.inf] * (ROWS // 3)
    for number in range(16):
        world.write(number, {"amount": np.full(ROWS, 5.0), "visits": [None] * ROWS})
    world.write(14, {"amount": odd, "visits": [None] * ROWS, "word": [None] * ROWS})
    amount, visits, word = measured(world).features
    assert (amount.nans, amount.nulls, amount.low, amount.psi) == (ROWS, 0, None, None)
    assert (visits.nulls, visits.reference_null_share, visits.psi) == (ROWS, 1.0, None)
    assert (word.nulls, word.psi) == (ROWS, None)


def test_a_constant_feature_is_quiet(world: World):
    for number in range(16):
        world.write(number, {"amount": np.full(ROWS, 5.0), "word": ["a"] * ROWS})
    amount, _, word = measured(world).features
    assert (amount.top_value, amount.top_share, amount.reference_top_share, amount.reference_most) == (
        "5",
        1.0,
        1.0,
        1.0,
    )
    assert (word.top_value, word.top_share, word.reference_most) == ("a", 1.0, 1.0)
    assert (amount.factor, amount.below, amount.above, word.new_category_rows) == (None, 0, 0, 0)


def test_a_value_that_fills_every_window_by_itself_is_known(world: World):
    for number in range(16):
        world.write(number, {"visits": np.full(ROWS, number % 7), "word": ["abcdefg"[number % 7]] * ROWS})
    _, visits, word = measured(world).features
    assert (visits.top_share, visits.reference_most) == (1.0, 1.0)
    assert visits.reference_top_share == pytest.approx(0.2, abs=0.11)
    assert (word.top_share, word.reference_most) == (1.0, 1.0)


@pytest.mark.parametrize("name", ["label", "score", "version", "event_time"])
def test_a_feature_cannot_have_a_name_of_the_holdout(world: World, name: str):
    world.settings = {"features": ("amount", name)}
    with pytest.raises(Misconfigured, match=f"a feature cannot be called {name}"):
        _ = world.monitor
