"""A log that nobody described: what its columns hold, and what they are taken for."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from graph.errors import Misconfigured
from tools.monitors import guesses
from tools.monitors.inspection import (
    Column,
    Inspection,
    inspect,
    joined_lags,
    lags,
    newest_labelled,
    reach,
    separation,
    values_of,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def seen(tmp_path, columns, name="log.parquet") -> Inspection:
    pq.write_table(pa.table(columns), tmp_path / name)
    return inspect("fraud", (str(tmp_path / name),))


def column(tmp_path, values) -> Column:
    found = seen(tmp_path, {"it": values, "at": [START] * len(values)}).column("it")
    assert found
    return found


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2, None], "number"),
        ([0.5, float("nan")], "number"),
        ([True, None], "boolean"),
        (["a", "b"], "text"),
        (["2026-01-31T12:00:00Z", None], "time"),
        (["2026-01-31 12:00:00", "2026-02-01 12:00:00"], "time"),
        ([START, START], "time"),
        ([None, None], "empty"),
        ([[1], [2]], "other"),
        (pa.array(["a", "b"]).dictionary_encode(), "text"),
    ],
)
def test_kinds(tmp_path, values, kind):
    assert column(tmp_path, values).kind == kind


def test_what_is_counted(tmp_path):
    found = column(tmp_path, [1.0, 2.0, float("nan"), None, 2.0])
    assert (found.rows, found.missing, found.distinct) == (5, 2, 2)
    assert (found.low, found.high, found.whole) == (1.0, 2.0, True)
    assert not found.unique
    assert column(tmp_path, ["a", "b", "c"]).unique
    assert not column(tmp_path, [0.5]).whole


def test_a_big_log_is_sampled_evenly(tmp_path):
    for number in range(30):
        count = 20_000
        at = pa.array([START + (number * count + each) * HOUR / 1000 for each in range(count)])
        pq.write_table(pa.table({"at": at, "n": np.arange(count) + number * count}), tmp_path / f"{number:02}.parquet")
    found = inspect("fraud", (str(tmp_path),))
    assert 100_000 <= found.sample.num_rows <= 240_000
    numbers = found.sample.column("n").to_numpy()
    assert numbers.min() == 0
    assert numbers.max() >= 29.9 * 20_000
    extent = reach(found, "at")
    assert extent.rows == 600_000
    assert extent.first == 1_767_225_600_000_000


def test_one_big_file_is_sampled_to_its_end(tmp_path):
    found = seen(tmp_path, {"n": np.arange(500_000)})
    numbers = found.sample.column("n").to_numpy()
    assert 120_000 <= len(numbers) < 240_000
    assert numbers[0] == 0
    assert numbers[-1] >= 499_990
    assert len(set(np.diff(numbers))) == 1


def test_files_that_disagree_about_a_type_are_put_together(tmp_path):
    pq.write_table(pa.table({"x": [1, 2], "y": [1, 2], "only": [1, 2]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"x": ["a", "b"], "y": [0.5, 1.5]}), tmp_path / "b.parquet")
    found = inspect("fraud", (str(tmp_path),))
    assert {each.name: each.kind for each in found.columns} == {"x": "text", "y": "number"}


def test_files_without_a_common_column(tmp_path):
    pq.write_table(pa.table({"x": [1]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"y": [1]}), tmp_path / "b.parquet")
    with pytest.raises(Misconfigured, match="no column in common"):
        inspect("fraud", (str(tmp_path),))


def test_a_csv_holds_the_same(tmp_path):
    table = pa.table({"id": ["a", "b"], "at": [START, START + HOUR], "score": [0.1, 0.9], "n": [1, 2]})
    pacsv.write_csv(table, tmp_path / "log.csv")
    found = inspect("fraud", (str(tmp_path / "log.csv"),))
    assert {each.name: each.kind for each in found.columns} == {
        "id": "text",
        "at": "time",
        "score": "number",
        "n": "number",
    }
    assert reach(found, "at").rows == 2


@pytest.mark.parametrize(
    ("score", "label", "positive", "auc"),
    [
        ([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1], "1", 1.0),
        ([0.1, 0.2, 0.8, 0.9], [1, 1, 0, 0], "1", 0.0),
        ([0.5, 0.5, 0.5, 0.5], [0, 1, 0, 1], "1", 0.5),
        ([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], "1", 0.75),
        ([0.1, 0.9, 0.3], ["good", "bad", "good"], "bad", 1.0),
        ([0.1, float("nan"), 0.9], [0, 0, 1], "1", 1.0),
        ([0.1, 0.9], [1, 1], "1", None),
    ],
)
def test_separation_is_an_auc(tmp_path, score, label, positive, auc):
    assert separation(seen(tmp_path, {"s": score, "l": label}), "s", "l", positive) == auc


def test_values_lags_and_the_newest_label(tmp_path):
    found = seen(
        tmp_path,
        {
            "at": [START, START + HOUR, START + 5 * HOUR],
            "known": [START + 2 * HOUR, None, START + 6 * HOUR],
            "l": [0.0, 1.0, None],
        },
    )
    assert values_of(found, "l") == ["0", "1"]
    assert (lags(found, "at", "known") / 3.6e9).tolist() == [2, 1]
    newest, last = newest_labelled(found, "at", "l")
    assert (last - newest) / 3.6e9 == 4


def test_labels_are_joined_from_the_newest_file_on(tmp_path):
    for place in ("log", "labels"):
        (tmp_path / place).mkdir()
    for number in range(3):
        ids = [f"{number}-{each}" for each in range(10)]
        at = [START + number * HOUR] * 10
        pq.write_table(pa.table({"id": ids, "at": at}), tmp_path / "log" / f"{number}.parquet")
        late = pa.table({"key": [*ids, "stray"], "known": [START + (number + 2) * HOUR] * 11})
        pq.write_table(late, tmp_path / "labels" / f"{number}.parquet")
    log, labels = (inspect("fraud", (str(tmp_path / place),)) for place in ("log", "labels"))
    took, share = joined_lags(log, "id", "at", labels, "key", "known")
    assert set(took / 3.6e9) == {2.0}
    assert share == pytest.approx(30 / 33)
    assert len(joined_lags(log, "id", "at", labels, "key", None)[0]) == 0


def named(name, kind="number", **facts) -> Column:
    fresh = {"rows": 1000, "missing": 0, "distinct": 900, "low": 0.0, "high": 1.0}
    return Column(name, kind, **{**fresh, **facts})


@pytest.mark.parametrize(
    ("name", "words"),
    [("isFraud_24h", ["is", "fraud", "24h"]), ("event.time", ["event", "time"]), ("", []), ("ÄÖ", [])],
)
def test_words_of_a_name(name, words):
    assert guesses.words_of(name) == words


@pytest.mark.parametrize(
    ("names", "chosen", "rivals"),
    [
        (["when"], "when", ()),
        (["labelled_at", "event_time"], "event_time", ()),
        (["birth_date", "scored_at"], "scored_at", ()),
        (["a", "b"], "a", ("b",)),
        ([], None, ()),
    ],
)
def test_the_time_of_a_row(names, chosen, rivals):
    guess = guesses.timestamp([named(name, "time") for name in names])
    assert (guess.value, guess.rivals) == (chosen, rivals)


@pytest.mark.parametrize(
    ("columns", "chosen"),
    [
        ([named("device_risk"), named("score")], "score"),
        ([named("device_risk"), named("fraud_probability")], "fraud_probability"),
        ([named("anything")], "anything"),
        ([named("score", high=100.0)], None),
        ([named("flag", whole=True, distinct=2)], None),
    ],
)
def test_the_score(columns, chosen):
    assert guesses.score(columns).value == chosen


@pytest.mark.parametrize(
    ("columns", "chosen"),
    [
        ([named("customer_id", "text", distinct=900), named("prediction_id", "text", distinct=1000)], "prediction_id"),
        ([named("row_id", whole=True, distinct=1000, high=9e9)], "row_id"),
        ([named("amount", distinct=1000)], None),
        ([named("uuid", "text", distinct=1000, missing=1)], None),
        ([named("event_id", "text", distinct=1000), named("id", "text", distinct=1000)], "event_id"),
    ],
)
def test_the_id(columns, chosen):
    assert guesses.identifier(columns).value == chosen


@pytest.mark.parametrize(
    ("column", "chosen"),
    [
        (named("model_version", "text", distinct=2, examples=("1", "2")), "model_version"),
        (named("model_version", distinct=2, examples=("1.0", "2.0")), "model_version"),
        (named("model_version", "text", distinct=2, examples=("v1.2",)), None),
        (named("app_version", "text", distinct=900, examples=("1",)), None),
    ],
)
def test_the_version(column, chosen):
    assert guesses.version([column]).value == chosen


def two(name: str) -> Column:
    return named(name, whole=True, distinct=2)


@pytest.mark.parametrize(
    ("names", "known", "chosen", "rivals"),
    [
        (["is_fraud", "is_weekend"], {"is_fraud": 0.8, "is_weekend": 0.5}, "is_fraud", ()),
        (["label"], {}, "label", ()),
        (["churned", "converted"], {"churned": 0.8, "converted": 0.5}, "churned", ()),
        (["churned", "converted"], {}, "churned", ("converted",)),
        (["is_new"], {"is_new": 0.8}, None, ("is_new",)),
        (["channel"], {"channel": 0.8}, None, ()),
        (["default"], {"default": 1.0}, None, ()),
    ],
)
def test_the_label(names, known, chosen, rivals):
    guess = guesses.label([two(name) for name in names], known)
    assert (guess.value, guess.rivals) == (chosen, rivals)


@pytest.mark.parametrize(
    ("column", "why"),
    [
        (named("amount"), None),
        (named("flag", "boolean", distinct=2), None),
        (named("same", distinct=1), "the same value"),
        (named("gone", "empty", distinct=0), "no value"),
        (named("when", "time"), "a time"),
        (named("list", "other"), "neither"),
        (named("note", "text", distinct=800), "free text"),
        (named("shop_id", "text", distinct=400), "an id"),
        (named("prediction", distinct=2), "another output"),
        (named("label", distinct=2), "a label"),
    ],
)
def test_features(column, why):
    kept, left = guesses.features([column], set())
    assert bool(kept) == (why is None)
    assert why is None or why in left[0]


def test_the_positive_value_is_the_one_with_the_higher_scores():
    assert guesses.positive(["false", "true"], lambda value: None) == 1
    assert guesses.positive(["good", "bad"], lambda value: {"good": 0.2, "bad": 0.8}[value]) == "bad"
