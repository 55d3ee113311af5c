"""When a schedule fired last."""

from datetime import UTC, datetime

import pytest

from autopilot.cron import last


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
        ("0 0 1 jan *", "2026-03-01 00:00", "2026-01-01 00:00"),
        ("0 0 29 2 *", "2026-03-01 00:00", "2024-02-29 00:00"),
    ],
)
def test_the_last_time(expression: str, until: str, found: str):
    assert last(expression, at(until)) == at(found)


def test_a_time_of_another_zone_is_the_same_moment():
    berlin = datetime.fromisoformat("2026-03-01T11:30+01:00")
    assert last("0 * * * *", berlin) == at("2026-03-01 10:00")
