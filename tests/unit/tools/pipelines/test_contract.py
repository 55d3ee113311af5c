"""The six parameters of the training contract."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from graph.errors import Misconfigured
from tests.local_jobs import order
from tools.pipelines.contract import parameters


def test_the_six_parameters_and_nothing_else():
    assert parameters(order("run-1:retrain")) == {
        "AUTOPILOT_MODEL": "fraud-detector-v1",
        "AUTOPILOT_RUN": "run-1",
        "AUTOPILOT_KEY": "run-1:retrain",
        "AUTOPILOT_TRAIN_FROM": "2026-03-01T00:00:00Z",
        "AUTOPILOT_TRAIN_UNTIL": "2026-05-30T00:00:00Z",
        "AUTOPILOT_EXCLUDE": "",
    }


def test_excluded_intervals():
    days = [datetime(2026, 4, day, tzinfo=UTC) for day in (1, 2, 10, 12)]
    ordered = order(exclude=((days[0], days[1]), (days[2], days[3])))
    assert parameters(ordered)["AUTOPILOT_EXCLUDE"] == (
        "2026-04-01T00:00:00Z/2026-04-02T00:00:00Z,2026-04-10T00:00:00Z/2026-04-12T00:00:00Z"
    )


def test_another_zone_becomes_utc():
    berlin = datetime(2026, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=1)))
    assert parameters(order(train_from=berlin))["AUTOPILOT_TRAIN_FROM"] == "2026-03-01T00:30:00Z"


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(Misconfigured, match="without a zone"):
        parameters(order(train_from=datetime(2026, 3, 1)))  # noqa: DTZ001
