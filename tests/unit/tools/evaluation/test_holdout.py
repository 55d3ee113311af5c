"""Which rows belong together, and which parts are compared."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from graph.spec import ValidationSpec
from tests.saved_models import FEATURES, START, payments, write_holdout
from tools.evaluation import holdout
from tools.evaluation.request import Request

HOUR = 3_600_000_000
DAY = 24 * HOUR


def asked(path, slices=(), harm_from=None) -> Request:
    return Request(
        model="m",
        features=FEATURES,
        metric="roc_auc",
        validation=ValidationSpec(slices=slices),
        holdout=path,
        champion=None,
        challenger="",
        harm_from=harm_from,
        positive=1,
        threshold=0.5,
        deadline_s=1,
        command_timeout_s=1,
        command_environment={},
    )


def parts_of(tmp_path, frame: pd.DataFrame, **more) -> dict[str, int]:
    request = asked(write_holdout(frame, tmp_path / "h.parquet").path, **more)
    return {name: int(chosen.sum()) for name, chosen in holdout.parts(request, holdout.read(request))}


def test_ten_days_or_more_are_cut_at_midnight_utc():
    times = np.array([0, DAY - 1, DAY, 3 * DAY, 10 * DAY])
    assert holdout.blocks(times).tolist() == [0, 0, 1, 2, 3]


@pytest.mark.parametrize("span_h", [20, 26, 100, 239])
def test_shorter_spans_are_cut_into_about_twenty(span_h: int):
    times = np.linspace(5 * DAY, 5 * DAY + span_h * HOUR, 5000).astype(np.int64)
    assert 18 <= holdout.blocks(times).max() + 1 <= 21


def test_no_block_is_shorter_than_an_hour():
    times = np.linspace(0, 6 * HOUR - 1, 500).astype(np.int64)
    assert holdout.blocks(times).max() + 1 == 6


def test_a_single_moment_is_one_block():
    assert holdout.blocks(np.array([7, 7, 7])).tolist() == [0, 0, 0]


def test_harm_and_rest_split_the_rows(tmp_path):
    frame = payments(500)
    found = parts_of(tmp_path, frame, harm_from=START + timedelta(days=10))
    late = int((frame["event_time"] >= START + timedelta(days=10)).sum())
    assert found == {"overall": 500, "harm": late, "rest": 500 - late}


def test_no_rest_when_the_harm_is_everything(tmp_path):
    assert parts_of(tmp_path, payments(100), harm_from=START) == {"overall": 100, "harm": 100}


def test_a_harm_without_rows_is_still_named(tmp_path):
    assert parts_of(tmp_path, payments(100), harm_from=START + timedelta(days=99))["harm"] == 0


def test_slices_are_the_large_values_of_a_feature(tmp_path):
    frame = payments(1400)
    sizes = frame["merchant"].value_counts()
    found = parts_of(tmp_path, frame, slices=("merchant",))
    assert found == {
        "overall": 1400,
        "slice:merchant=grocery": sizes["grocery"],
        "slice:merchant=travel": sizes["travel"],
        "slice:merchant=games": sizes["games"],
        "slice:merchant=null": frame["merchant"].isna().sum(),
    }


def test_small_values_are_no_slice_and_twenty_are_the_most(tmp_path):
    frame = payments(30 * 60 + 49)
    frame["merchant"] = [f"m{i:02}" for i in range(30) for _ in range(60)] + ["small"] * 49
    found = [name for name in parts_of(tmp_path, frame, slices=("merchant",)) if name != "overall"]
    assert found == [f"slice:merchant=m{i:02}" for i in range(20)]


def test_categories_in_the_file_are_read_as_their_values(tmp_path):
    frame = payments(300)
    frame["merchant"] = frame["merchant"].astype("category")
    assert "slice:merchant=travel" in parts_of(tmp_path, frame, slices=("merchant",))


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", None])
def test_times_of_any_zone_are_the_same_moments(tmp_path, zone):
    frame = payments(10)
    moments = frame["event_time"].dt.tz_convert("UTC")
    frame["event_time"] = moments.dt.tz_localize(None) if zone is None else moments.dt.tz_convert(zone)
    rows = holdout.read(asked(write_holdout(frame, tmp_path / "h.parquet").path))
    assert rows.time.tolist() == (moments.astype("datetime64[us, UTC]").astype("int64")).tolist()


@pytest.mark.parametrize("label", [2, np.nan])
def test_a_label_that_is_none_is_refused(tmp_path, label):
    frame = payments(10).assign(label=[label, *[0.0] * 9])
    file = tmp_path / "h.parquet"
    frame.to_parquet(file)
    with pytest.raises(ValueError, match="labels other than 0 and 1"):
        holdout.read(asked(str(file)))


def test_a_missing_column_is_named(tmp_path):
    file = write_holdout(payments(10), tmp_path / "h.parquet").path
    with pytest.raises(KeyError, match="device"):
        holdout.read(replace(asked(file), features=(*FEATURES, "device")))
