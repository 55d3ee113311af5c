"""Which models were not checked on time."""

from datetime import UTC, datetime, timedelta

import pytest

from autopilot import spec
from autopilot.observing.lateness import overdue
from tests.serving import FILE


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


HOURLY = spec.parse(FILE.replace("    task:", '    schedule: "0 * * * *"\n    task:'), "here")
LATE = at("2026-03-01 11:30")
"""The moment from which on the check of eleven o'clock is missed."""


@pytest.mark.parametrize(
    ("checked", "now", "late"),
    [
        ("2026-03-01 10:30", LATE - timedelta(seconds=1), []),
        ("2026-03-01 10:30", LATE, ["fraud"]),
        ("2026-03-01 11:00", LATE + timedelta(minutes=15), []),
        ("2026-03-01 12:00", at("2026-03-01 11:59"), []),  # checked under a later clock
        (None, at("2026-03-01 00:00"), ["fraud"]),  # never: silence is not health
    ],
)
def test_who_is_late(checked: str | None, now: datetime, late: list[str]):
    known = {"fraud": at(checked)} if checked else {}
    assert overdue(HOURLY, known, now) == late


def test_one_without_a_schedule_is_never_late():
    assert overdue(spec.parse(FILE, "here"), {}, LATE) == []
