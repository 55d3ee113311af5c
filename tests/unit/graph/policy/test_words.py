"""Numbers, shares and times as people read them and as rules keep them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from graph.evidence import Interval
from graph.policy import words
from graph.policy.metrics import better_by, reaches


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (0.12345678, 0.123457),
        (3, 3),
        (True, True),
        ("7", "7"),
        (None, None),
        # JSON has no word for these.
        (float("nan"), None),
        (float("inf"), None),
    ],
)
def test_rules_keep_six_digits(value, kept):
    assert words.rounded(value) == kept


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.984, "98 %"), (0.1, "10 %"), (0.0123, "1.2 %"), (0.0004, "0.04 %"), (0.0, "0 %"), (1.0, "100 %")],
)
def test_small_shares_stay_visible(share, text):
    assert words.percent(share) == text


def test_a_share_stays_between_nothing_and_all():
    assert words.shares(Interval(0.0952, -0.179, 0.3695)) == "9.5 % [0 %, 37 %]"
    assert words.shares(Interval(0.97, 0.9, 1.04)) == "97 % [90 %, 100 %]"


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(days=3), "3 days"),
        (timedelta(days=1), "1 day"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(days=2, hours=12), "2.5 days"),
        (timedelta(hours=6), "6 hours"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(seconds=90), "90 seconds"),
        (timedelta(0), "0 seconds"),
    ],
)
def test_durations_read_naturally(duration, text):
    assert words.span(duration) == text


def test_moments_are_utc():
    east = timezone(timedelta(hours=2))

    assert words.moment(datetime(2026, 3, 1, 12, 30, 5, 999, tzinfo=east)) == "2026-03-01T10:30:05Z"
    assert words.moment(datetime(2026, 3, 1, tzinfo=UTC)) == "2026-03-01T00:00:00Z"


@pytest.mark.parametrize(
    ("metric", "value", "than", "gain"),
    [("roc_auc", 0.9, 0.8, 0.1), ("log_loss", 0.2, 0.3, 0.1), ("brier", 0.2, 0.1, -0.1), ("profit", 12, 10, 2)],
)
def test_better_means_better_whatever_the_metric(metric, value, than, gain):
    assert better_by(metric, value, than) == pytest.approx(gain)
    assert reaches(metric, value, than) == (gain > 0)
    assert reaches(metric, value, value)
