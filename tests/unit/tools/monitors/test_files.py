"""Where a log's files are found, which of them are read, and that Parquet and CSV say the same."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graph.errors import Misconfigured
from tests.unit.tools.monitors.logs import LABELS, LOGGED, ROWS, UTC_TIME, World, day, rows_of, save, table
from tools.monitors import parquet_files
from tools.monitors.log_files import find
from tools.monitors.predictions import LabelSource
from tools.monitors.spans import Span, buckets, groups, microseconds, newest_buckets, span


def touched(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def paths(folder: Path, *sources: str) -> list[str]:
    files = find("shop", tuple(str(folder / source) for source in sources))
    return [str(Path(file.path).relative_to(folder)) for file in files]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "a folder [1]"
    touched(
        root,
        "2026/01/b.parquet",
        "2026/01/a.csv",
        "2026/02/c.csv.gz",
        "date=2026-01-03/part-0.parquet",
        "spark.parquet/part-0.parquet",
        "spark.parquet/_SUCCESS",
        "_temporary/x.parquet",
        ".hidden/x.parquet",
        "2026/.x.parquet.part",
        "README.md",
    )
    return root


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (["2026"], ["2026/01/a.csv", "2026/01/b.parquet", "2026/02/c.csv.gz"]),
        (["2026/*/*.csv*"], ["2026/01/a.csv", "2026/02/c.csv.gz"]),
        (["2026/*"], ["2026/01/a.csv", "2026/01/b.parquet", "2026/02/c.csv.gz"]),
        (["**/*.parquet"], ["2026/01/b.parquet", "date=2026-01-03/part-0.parquet", "spark.parquet/part-0.parquet"]),
        (["date=*"], ["date=2026-01-03/part-0.parquet"]),
        (["*.parquet"], ["spark.parquet/part-0.parquet"]),
        (["2026/01/b.parquet"], ["2026/01/b.parquet"]),
        (["2026/01", "2026/01/a.csv", "2026/*/a*"], ["2026/01/a.csv", "2026/01/b.parquet"]),
        (["nowhere/*.parquet"], []),
        (["nowhere"], []),
        (["2026/01/b.parquet/x"], []),
    ],
)
def test_files_globs_and_folders(folder: Path, sources: list[str], expected: list[str]):
    assert paths(folder, *sources) == expected


def test_a_file_of_another_kind_is_refused(folder: Path):
    with pytest.raises(Misconfigured, match=r"README\.md is neither Parquet nor CSV"):
        paths(folder, "README.md")


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_csv_says_what_parquet_says(tmp_path: Path, suffix: str):
    world = World(tmp_path)
    whole = world.monitor.measure("1", day(15))
    for number in range(20):
        for kind in ("log", "labels"):
            (tmp_path / kind / f"{number:02}.parquet").unlink()
        rows = rows_of(number)
        save(tmp_path / "log" / f"{number:02}{suffix}", {name: rows[name] for name in LOGGED})
        save(tmp_path / "labels" / f"{number:02}{suffix}", {name: rows[name] for name in LABELS})
    found = world.monitor.measure("1", day(15))
    assert found.features == whole.features
    assert found.labels == whole.labels


def test_one_csv_with_gaps_holds_everything(tmp_path: Path):
    world = World(tmp_path, days=0)
    lines = ["id,at,version,score,amount,visits,word,label,labelled_at"]
    for number in range(20):
        rows = rows_of(number)
        for i in range(ROWS):
            amount = "NA" if i % 10 == 0 else f"{rows['amount'][i]}"
            visits = "" if number == 0 else f"{rows['visits'][i]}"
            lines.append(
                f"{number}{i:03},{rows['at'][i]:%Y-%m-%dT%H:%M:%SZ},1,{rows['score'][i]},{amount},{visits},"
                f"{rows['word'][i]},{rows['label'][i]},{rows['labelled_at'][i]:%Y-%m-%d %H:%M:%S}+00:00"
            )
    (tmp_path / "log.csv").write_text("\n".join(lines))
    world.settings = {
        "source": (str(tmp_path / "log.csv"),),
        "labels": LabelSource("", "", "label", "labelled_at", timedelta(days=2)),
    }
    evidence = world.monitor.measure("1", day(15))
    first, second, _ = evidence.features
    assert (first.nulls, first.reference_null_share) == (ROWS / 10, 0.1)
    assert (second.kind, second.nulls, second.reference_null_share) == ("numeric", 0, 0.1)
    assert evidence.labels is not None
    assert evidence.labels.positives == rows_of(12)["label"].sum()
    assert evidence.labels.lag_p50_h == 24.5


def test_whole_numbers_may_get_a_fraction_later_in_a_csv(tmp_path: Path):
    world = World(tmp_path, days=0)
    many = 200_000
    at = np.linspace(microseconds(day(0)), microseconds(day(15)) - 1, many).astype(np.int64)
    columns = {
        "id": np.arange(many),
        "at": pa.array(at, pa.int64()).cast(UTC_TIME),
        "version": np.ones(many, int),
        "score": pa.array([0] * (many - 1) + [0.5]),
        "amount": pa.array(["1"] * (many - 1) + ["1.5"]),
        "visits": np.ones(many, int),
        "word": ["a"] * many,
    }
    path = tmp_path / "log" / "all.csv"
    path.parent.mkdir()
    lines = zip(*(pa.array(values).cast(pa.string()).to_pylist() for values in columns.values()), strict=True)
    path.write_text(",".join(columns) + "\n" + "\n".join(",".join(line) for line in lines))
    found = world.monitor.measure("1", day(15))
    assert found.features[0].high == 1.5
    assert found.bad_scores == 0


def test_a_float32_log_is_like_a_float64_one(tmp_path: Path):
    world = World(tmp_path)
    for number in range(20):
        world.write(number, {"amount": np.round(rows_of(number)["amount"]) / 10})
    whole = world.monitor.measure("1", day(15)).features[0]
    world.write(14, {"amount": (np.round(rows_of(14)["amount"]) / 10).astype(np.float32)})
    narrow = world.monitor.measure("1", day(15)).features[0]
    assert narrow.psi == whole.psi
    assert (narrow.below, narrow.above) == (whole.below, whole.above)


def test_dictionary_columns_are_texts(tmp_path: Path):
    world = World(tmp_path)
    whole = world.monitor.measure("1", day(15))
    rows = rows_of(14)
    coded = {name: pa.array(rows[name]).dictionary_encode() for name in ("id", "version", "word")}
    world.write_log(14, {**{name: rows[name] for name in LOGGED}, **coded})
    assert world.monitor.measure("1", day(15)).features == whole.features


# --- which parts are read ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [pa.timestamp(unit, "UTC") for unit in ("s", "ms", "us", "ns")], ids=str)
def test_the_footer_says_which_times_a_file_holds(tmp_path: Path, kind: pa.DataType):
    times = [day(0), day(1), None, day(2)]
    pq.write_table(pa.table({"at": pa.array(times, UTC_TIME).cast(kind)}), tmp_path / "x.parquet")
    extent = parquet_files.extent(str(tmp_path / "x.parquet"), "at")
    assert extent is not None
    assert (extent.rows, extent.untimed) == (4, 1)
    assert (extent.first, extent.last) == (microseconds(day(0)), microseconds(day(2)))


def test_a_footer_without_statistics_says_nothing(tmp_path: Path):
    pq.write_table(table({"at": [day(0)]}), tmp_path / "x.parquet", write_statistics=False)
    pq.write_table(table({"at": ["2026-01-01"]}), tmp_path / "y.parquet")
    assert parquet_files.extent(str(tmp_path / "x.parquet"), "at") is None
    assert parquet_files.extent(str(tmp_path / "y.parquet"), "at") is None


def test_a_log_without_statistics_is_read_all_the_same(tmp_path: Path):
    world = World(tmp_path)
    whole = world.monitor.measure("1", day(15))
    for number in range(20):
        path = tmp_path / "log" / f"{number:02}.parquet"
        pq.write_table(pq.read_table(path), path, write_statistics=False)
    found = World(tmp_path, days=0).monitor.measure("1", day(15))
    assert found.features == whole.features
    assert found.labels == whole.labels


def test_only_row_groups_of_the_window_are_read(tmp_path: Path):
    rows = [rows_of(number) for number in range(5)]
    columns = {name: [value for part in rows for value in part[name]] for name in LOGGED}
    pq.write_table(table(columns), tmp_path / "all.parquet", row_group_size=ROWS)
    wanted = span(day(2), day(3))
    read = list(parquet_files.batches(str(tmp_path / "all.parquet"), ["id", "at"], "at", wanted))
    assert sum(len(batch) for batch in read) == ROWS
    nothing = span(day(8), day(9))
    assert list(parquet_files.batches(str(tmp_path / "all.parquet"), ["id"], "at", nothing)) == []


# --- stretches of time ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("window", "until", "start", "end", "count"),
    [
        (timedelta(days=1), day(3.7), day(2), day(3), 1),
        (timedelta(days=7), day(10), day(3), day(10), 7),
        (timedelta(hours=1), day(1) + timedelta(minutes=59), day(1) - timedelta(hours=1), day(1), 1),
        (timedelta(hours=30), day(5), day(3), day(5), 2),
        (timedelta(minutes=90), day(1), day(1) - timedelta(minutes=90), day(1), 1),
    ],
)
def test_newest_buckets(window, until, start, end, count):
    made = newest_buckets(window, until)
    assert (made[0].starts_at, made[-1].ends_at, len(made)) == (start, end, count)


def test_buckets_are_aligned_whatever_the_start():
    hour = 3_600_000_000
    made = buckets(microseconds(day(0)) + 5, microseconds(day(0)) + 2 * hour, hour)
    assert [each.start for each in made] == [microseconds(day(0)), microseconds(day(0)) + hour]


def test_groups_have_no_gaps_and_not_too_many_rows():
    spans = [Span(0, 1), Span(1, 2), Span(2, 3), Span(5, 6), Span(6, 7)]
    assert groups(spans, [10, 10, 10, 10, 99], 20) == [spans[:2], spans[2:3], spans[3:4], spans[4:]]
    assert groups([], [], 20) == []
