"""When a model is due: once per time of its schedule, spread by its name, and only once after an outage."""

from datetime import UTC, datetime, timedelta

import pytest

from autopilot.cron import five_fields
from autopilot.fleet.schedule import Ticks, chunk, due, due_models, jitter, retry_at, ticks
from checkpoints.ledger.watches import Watch

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
LATE = jitter("fraud", HOUR)
NAMES = [f"model-{number}" for number in range(2000)]


@pytest.mark.parametrize(
    ("schedule", "now", "newest", "before"),
    [
        ("0 * * * *", NOON, NOON, NOON - HOUR),
        ("0 * * * *", NOON + timedelta(microseconds=1), NOON, NOON - HOUR),
        ("0 * * * *", NOON - timedelta(microseconds=1), NOON - HOUR, NOON - 2 * HOUR),
        ("*/15 * * * *", NOON + 29 * MINUTE, NOON + 15 * MINUTE, NOON),
        ("30 6 * * 1", NOON, datetime(2026, 3, 9, 6, 30, tzinfo=UTC), datetime(2026, 3, 2, 6, 30, tzinfo=UTC)),
        ("0 0 29 2 *", NOON, datetime(2024, 2, 29, tzinfo=UTC), datetime(2020, 2, 29, tzinfo=UTC)),
    ],
)
def test_the_two_newest_ticks(schedule, now, newest, before):
    assert ticks(schedule, now) == Ticks(newest, before)


@pytest.mark.parametrize(
    ("watch", "after", "expected"),
    [
        # A new model is checked at once.
        (Watch(), timedelta(0), NOON),
        # Each tick once, after the model's own delay.
        (Watch(NOON - HOUR), LATE - timedelta(seconds=1), None),
        (Watch(NOON - HOUR), LATE, NOON),
        (Watch(NOON), LATE, None),
        (Watch(NOON), HOUR - MINUTE, None),
        # After an outage the newest tick alone; before its delay is over, the one before.
        (Watch(NOON - 100 * HOUR), LATE, NOON),
        (Watch(NOON - 100 * HOUR), LATE - timedelta(seconds=1), NOON - HOUR),
        # A clock that was set back checks nothing twice.
        (Watch(NOON + 5 * HOUR), LATE, None),
        # What got no answer is tried when it is time, and not before.
        (Watch(NOON - HOUR, 1, NOON + 30 * MINUTE), 30 * MINUTE - timedelta(seconds=1), None),
        (Watch(NOON - HOUR, 1, NOON + 30 * MINUTE), 30 * MINUTE, NOON),
        (Watch(None, 1, NOON + MINUTE), timedelta(0), None),
    ],
)
def test_a_model_is_due(watch, after, expected):
    now = NOON + after
    assert due("fraud", ticks("0 * * * *", now), watch, now) == expected


@pytest.mark.parametrize("written", ["* * * * *", "*/15 6-18 * * mon-fri", "0 0 29 2 *", "5,35 * 1 jan,mar *"])
def test_a_schedule_is_five_fields(written):
    assert five_fields(written) == written


@pytest.mark.parametrize(
    "written",
    ["", "hourly", "@hourly", "0 * * * * *", "61 * * * *", "0 0 30 2 *", "H * * * *", "0 R * * *", "x * * * *"],
)
def test_what_is_no_schedule_is_refused(written):
    with pytest.raises(ValueError, match="no schedule; write five fields of cron"):
        five_fields(written)


def test_models_are_spread_and_each_keeps_its_place():
    late = [jitter(name, HOUR) for name in NAMES]
    assert late == [jitter(name, HOUR) for name in NAMES]
    assert min(late) >= timedelta(0)
    assert max(late) < 15 * MINUTE
    by_minute = [sum(each // MINUTE == minute for each in late) for minute in range(15)]
    assert max(by_minute) < 2 * len(NAMES) / 15


@pytest.mark.parametrize(("period", "most"), [(MINUTE, 15), (HOUR, 900), (timedelta(days=7), 900)])
def test_no_model_waits_longer_than_a_fourth_of_its_period(period, most):
    assert max(jitter(name, period) for name in NAMES) < timedelta(seconds=most)


def test_due_models_are_those_of_a_schedule_with_their_ticks():
    schedules = {"a": "0 * * * *", "b": "0 * * * *", "c": "0 6 * * *"}
    watches = {"a": Watch(NOON), "c": Watch(NOON - 30 * HOUR)}
    assert due_models(schedules, watches, NOON) == {"b": NOON, "c": NOON - 6 * HOUR}


@pytest.mark.parametrize(("failures", "minutes"), [(0, 1), (1, 2), (2, 4), (3, 8), (4, 15), (1000, 15)])
def test_a_check_without_an_answer_is_tried_again_less_and_less_often(failures, minutes):
    assert retry_at(failures, NOON) == NOON + minutes * MINUTE


def test_chunks_are_even_and_keep_their_models():
    sizes = [0] * 40
    for name in NAMES:
        sizes[chunk(name, 40)] += 1
    assert min(sizes) > 20
    assert max(sizes) < 90
    assert {chunk(name, 1) for name in NAMES} == {0}
