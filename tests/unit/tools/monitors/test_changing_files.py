"""A log that is damaged, or changes while it is read, is no measurement: never half a count."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graph.errors import Misconfigured, Unavailable
from graph.evidence import Evidence
from tests.unit.tools.monitors.logs import LOGGED, World, day, rows_of, save
from tools.monitors.predictions import PredictionMonitor


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, days=16)


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"",
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:-20],
        lambda whole: b"PAR1" + b"\0" * 200 + b"PAR1",
        lambda whole: whole[:4] + b"\xff" * (len(whole) // 2) + whole[4 + len(whole) // 2 :],
    ],
    ids=["no bytes", "half", "no end", "no footer", "no pages"],
)
def test_a_damaged_parquet_is_named(world: World, damage: Callable[[bytes], bytes]):
    path = world.folder / "log" / "14.parquet"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(Unavailable, match=r"shop: .*14\.parquet is damaged or still being written"):
        world.monitor.measure("1", day(15))
    assert [each for each in world.store.all() if each.start == day(14)] == []


@pytest.mark.parametrize("damage", ["truncated gzip", "torn line", "no utf-8"])
def test_a_damaged_csv_is_named(world: World, damage: str):
    rows = rows_of(14)
    (world.folder / "log" / "14.parquet").unlink()
    path = save(world.folder / "log" / ("14.csv.gz" if "gzip" in damage else "14.csv"), {n: rows[n] for n in LOGGED})
    whole = path.read_bytes()
    if damage == "truncated gzip":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "torn line":
        path.write_bytes(whole[: whole.rindex(b",")])
    else:
        path.write_bytes(whole.replace(b'"a"', b'"\xff\xfe"'))
    with pytest.raises((Unavailable, Misconfigured), match=r"14\.csv"):
        world.monitor.measure("1", day(15))


def test_a_gzip_that_is_none(world: World):
    (world.folder / "log" / "14.csv.gz").write_bytes(gzip.compress(b"id,at\n")[:4] + b"rubbish")
    with pytest.raises(Unavailable, match="damaged"):
        world.monitor.measure("1", day(15))


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


class Meddler:
    """A store that does something to the log whenever the monitor has listed its files and is about to read them."""

    def __init__(self, world: World, deed: Callable[[int], None]) -> None:
        self._store, self._deed, self.calls = world.store, deed, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def windows(self, *args: Any) -> Any:
        self._deed(self.calls)
        self.calls += 1
        return self._store.windows(*args)


def meddled(world: World, deed: Callable[[int], None]) -> Evidence:
    world.monitor.measure("1", day(12))  # so that the profiles are there
    return PredictionMonitor(world.log, Meddler(world, deed)).measure("1", day(15))


def test_a_log_that_is_replaced_once_is_read_again(world: World):
    before = world.folder / "log" / "14.parquet"

    def replace_once(call: int) -> None:
        if call == 0:
            world.write_log(14, {name: rows_of(14, rows=200)[name] for name in LOGGED})

    found = meddled(world, replace_once)
    assert before.exists()
    assert found.rows == 200


def test_a_log_that_keeps_changing_is_no_measurement(world: World):
    def replace(call: int) -> None:
        world.write_log(14, {name: rows_of(14, rows=100 + call)[name] for name in LOGGED})

    with pytest.raises(Unavailable, match=r"14\.parquet changed while it was read, twice"):
        meddled(world, replace)
    assert [each for each in world.store.all() if each.start == day(14)] == []


def test_a_file_that_vanishes_while_it_is_read_is_no_measurement(world: World):
    with pytest.raises(Unavailable, match=r"14\.parquet vanished while it was read"):
        meddled(world, lambda call: (world.folder / "log" / "14.parquet").unlink(missing_ok=True))
    assert [each for each in world.store.all() if each.start == day(14)] == []


def test_a_file_truncated_while_it_is_read_is_no_measurement(world: World):
    path = world.folder / "log" / "14.parquet"
    with pytest.raises(Unavailable, match=r"14\.parquet"):
        meddled(world, lambda call: shorten(path))
    assert [each for each in world.store.all() if each.start == day(14)] == []
