"""When a schedule came last, and which models were not checked on time."""

from datetime import UTC, datetime, timedelta

import pytest

from autopilot import spec
from autopilot.observing.cron import latest
from autopilot.observing.lateness import GRACE, overdue
from tests.serving import FILE


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "until", "found"),
    [
        ("0 * * * *", "2026-03-01 10:30", "2026-03-01 10:00"),
        ("0 * * * *", "2026-03-01 10:00", "2026-03-01 10:00"),  # at it, too
        ("0 * * * *", "2026-03-01 09:59:59", "2026-03-01 09:00"),
        ("*/15 * * * *", "2026-03-01 10:46:30", "2026-03-01 10:45"),
        ("7,37 9-17 * * *", "2026-03-02 09:06", "2026-03-01 17:37"),
        ("10-30/10 * * * *", "2026-03-01 10:29", "2026-03-01 10:20"),
        ("5/20 * * * *", "2026-03-01 10:24", "2026-03-01 10:05"),  # from the fifth minute on
        ("0 6 * * mon-fri", "2026-03-09 05:00", "2026-03-06 06:00"),  # a Monday
        ("0 6 * * 7", "2026-03-10 07:00", "2026-03-08 06:00"),  # 7 is Sunday, too
        ("0 6 * * 0", "2026-03-10 07:00", "2026-03-08 06:00"),
        ("0 0 13 * 5", "2026-03-12 00:00", "2026-03-06 00:00"),  # both kinds of day: either will do
        ("0 0 */2 * 5", "2026-03-12 00:00", "2026-02-27 00:00"),  # a star leaves the other alone
        ("0 0 1 jan *", "2026-03-01 00:00", "2026-01-01 00:00"),
        ("0 0 29 2 *", "2026-03-01 00:00", "2024-02-29 00:00"),
        ("@daily", "2026-03-01 10:30", "2026-03-01 00:00"),
    ],
)
def test_the_last_time(expression: str, until: str, found: str):
    assert latest(expression, at(until)) == at(found)


def test_a_time_of_another_zone_is_the_same_moment():
    berlin = datetime.fromisoformat("2026-03-01T11:30+01:00")
    assert latest("0 * * * *", berlin) == at("2026-03-01 10:00")


@pytest.mark.parametrize(
    "expression",
    ["", "0 * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "*/0 * * * *", "x * * * *", "5-2 * * * *", "0 0 30 2 *"],
)
def test_what_is_no_schedule(expression: str):
    with pytest.raises(ValueError):
        latest(expression, at("2026-03-01 10:30"))


HOURLY = spec.parse(FILE.replace("    task:", '    schedule: "0 * * * *"\n    task:'), "here")
LATE = at("2026-03-01 11:00") + GRACE
"""The moment from which on the check of eleven o'clock is missed."""


@pytest.mark.parametrize(
    ("checked", "now", "late"),
    [
        ("2026-03-01 10:30", LATE - timedelta(seconds=1), []),
        ("2026-03-01 10:30", LATE, ["fraud"]),
        ("2026-03-01 11:00", LATE + timedelta(minutes=30), []),
        ("2026-03-01 12:00", at("2026-03-01 11:59"), []),  # checked under a later clock
        (None, at("2026-03-01 00:00"), ["fraud"]),  # never: silence is not health
    ],
)
def test_who_is_late(checked: str | None, now: datetime, late: list[str]):
    known = {"fraud": at(checked)} if checked else {}
    assert overdue(HOURLY, known, now) == late


def test_one_without_a_schedule_is_never_late():
    assert overdue(spec.parse(FILE, "here"), {}, LATE) == []
