"""When a schedule comes next, and which models were not checked on time."""

from datetime import UTC, datetime, timedelta

import pytest

from autopilot import spec
from autopilot.observing.cron import following
from autopilot.observing.lateness import GRACE, overdue
from tests.serving import FILE


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "after", "found"),
    [
        ("0 * * * *", "2026-03-01 10:30", "2026-03-01 11:00"),
        ("0 * * * *", "2026-03-01 10:00", "2026-03-01 11:00"),  # after it, not at it
        ("*/15 * * * *", "2026-03-01 10:46:30", "2026-03-01 11:00"),
        ("7,37 9-17 * * *", "2026-03-01 17:40", "2026-03-02 09:07"),
        ("10-30/10 * * * *", "2026-03-01 10:20", "2026-03-01 10:30"),
        ("5/20 * * * *", "2026-03-01 10:26", "2026-03-01 10:45"),  # from the fifth minute on
        ("0 6 * * mon-fri", "2026-03-06 07:00", "2026-03-09 06:00"),  # a Friday
        ("0 6 * * 7", "2026-03-06 07:00", "2026-03-08 06:00"),  # 7 is Sunday, too
        ("0 6 * * 0", "2026-03-06 07:00", "2026-03-08 06:00"),
        ("0 0 13 * 5", "2026-03-01 00:00", "2026-03-06 00:00"),  # both kinds of day: either will do
        ("0 0 */2 * 5", "2026-03-01 00:00", "2026-03-13 00:00"),  # a star leaves the other alone
        ("0 0 1 jan *", "2026-03-01 00:00", "2027-01-01 00:00"),
        ("0 0 29 2 *", "2026-03-01 00:00", "2028-02-29 00:00"),
        ("@daily", "2026-03-01 10:30", "2026-03-02 00:00"),
    ],
)
def test_the_next_time(expression: str, after: str, found: str):
    assert following(expression, at(after)) == at(found)


def test_a_time_of_another_zone_is_the_same_moment():
    berlin = datetime.fromisoformat("2026-03-01T11:30+01:00")
    assert following("0 * * * *", berlin) == at("2026-03-01 11:00")


@pytest.mark.parametrize(
    "expression",
    ["", "0 * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "*/0 * * * *", "x * * * *", "5-2 * * * *", "0 0 30 2 *"],
)
def test_what_is_no_schedule(expression: str):
    with pytest.raises(ValueError):
        following(expression, at("2026-03-01 10:30"))


HOURLY = spec.parse(FILE.replace("    task:", '    schedule: "0 * * * *"\n    task:'), "here")
LATE = at("2026-03-01 11:00") + GRACE


@pytest.mark.parametrize(
    ("checked", "now", "late"),
    [
        ("2026-03-01 10:30", LATE, []),
        ("2026-03-01 10:30", LATE + timedelta(seconds=1), ["fraud"]),
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
