"""What may be folded and dropped, as tables: one row per reason why something stays."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from graph.policy import retention
from graph.policy.retention import NEWEST, Bounds, Check, Fold, Folded, Retention, Window, folds, forgotten, outlived

DAY0 = datetime(2026, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = DAY0 + 500 * DAY
KEEP = Retention()
FREE = Bounds()
QUIET = Check("r", DAY0, "healthy", "none")


def at(hour: float) -> datetime:
    return DAY0 + hour * HOUR


def hour(start: float, length: float = 1, **more) -> Window:
    return Window(at(start), at(start + length), 1, **more)


def newest() -> list[Window]:
    """As many windows as are never folded, long after those of the test."""
    return [hour(2400 + number) for number in range(NEWEST)]


def folded(windows, bounds=FREE, sums=()):
    made, twice = folds([*windows, *newest()], sums, bounds, at(48))
    return [(hours(fold), fold.onto) for fold in made], [start(each) for each in twice]


def start(window: Window) -> float:
    return (window.start - DAY0) / HOUR


def hours(fold: Fold) -> list[float]:
    return [start(each) for each in fold.windows]


@pytest.mark.parametrize(
    ("check", "before", "expected"),
    [
        (QUIET, QUIET, False),
        (QUIET, None, True),  # nobody can say what it is like
        (QUIET, replace(QUIET, verdict="degraded"), True),
        (QUIET, replace(QUIET, action="wait"), True),
        (replace(QUIET, verdict="insufficient", action="wait"), QUIET, True),
        (replace(QUIET, acted=True), QUIET, True),
        (replace(QUIET, referred=True), QUIET, True),  # by a question, a validation, an effect
    ],
)
def test_a_decision_is_kept_whole_where_it_says_something_new_or_is_named(check, before, expected):
    assert retention.whole(check, before) == expected


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (QUIET, True),
        (replace(QUIET, at=NOW - KEEP.decisions), True),
        (replace(QUIET, at=NOW - KEEP.decisions + HOUR), False),
        (replace(QUIET, acted=True), False),
        (replace(QUIET, referred=True), False),
        (replace(QUIET, newest=True), False),  # what is known of the model
    ],
)
def test_only_old_checks_that_did_nothing_are_dropped(check, expected):
    assert forgotten(check, KEEP, NOW) == expected


@pytest.mark.parametrize(
    ("version", "bounds", "expected"),
    [
        ("*", Bounds(), True),
        ("7", Bounds(), True),
        ("1", Bounds(), False),  # serves, served before, or was approved first
        ("*", Bounds(open_since=at(10)), False),
        ("*", Bounds(open_since=at(24)), True),
        ("*", Bounds(referred=frozenset({(at(0), at(24))})), False),
    ],
)
def test_old_counts_are_dropped_unless_somebody_may_ask_for_them(version, bounds, expected):
    span = (at(0), at(24))
    assert outlived(span, version, bounds, frozenset({"1"}), NOW) == expected
    assert not outlived(span, version, bounds, frozenset({"1"}), at(23))


@pytest.mark.parametrize(
    ("windows", "bounds", "expected"),
    [
        ([0, 1, 2], Bounds(), [[0, 1, 2]]),
        ([0, 5, 23], Bounds(), [[0, 5, 23]]),  # hours that were never checked are no border
        ([22, 23, 24, 25], Bounds(), [[22, 23], [24, 25]]),  # two days
        ([46, 47, 48], Bounds(), [[46, 47]]),  # the last day is not over
        ([0, 1, 2, 3], Bounds(flags=((at(1), at(3)),)), [[0], [1, 2], [3]]),
        ([0, 1, 2], Bounds(flags=((at(0.5), at(0.6)),)), [[0], [1, 2]]),  # a flag on a part of a window
        ([0, 1, 2], Bounds(flags=((at(0), at(2)), (at(1), at(3)))), [[0], [1], [2]]),  # two that overlap
        ([0, 1, 24, 25], Bounds(open_since=at(25)), [[0, 1]]),  # a question about the second day
        ([0, 1, 24, 25], Bounds(open_since=at(2)), []),
        ([0, 1, 2], Bounds(referred=frozenset({(at(1), at(2))})), [[0, 2]]),
    ],
)
def test_whole_days_fold_and_never_across_a_border(windows, bounds, expected):
    found, twice = folded([hour(each) for each in windows], bounds)
    assert ([each for each, _ in found], twice) == (expected, [])


@pytest.mark.parametrize(
    "windows",
    [
        [hour(0, 24)],  # a day already
        [hour(0), hour(1, closed=False)],  # labels may still come
    ],
)
def test_what_is_a_day_or_not_closed_is_left_alone(windows):
    assert folded(windows) == ([], [])


def test_the_newest_windows_stay_apart_whatever_their_age():
    windows = [hour(number) for number in range(24 + NEWEST)]
    made, _ = folds(windows, [], Bounds(), NOW)
    assert [hours(fold) for fold in made] == [list(range(24))]
    made, _ = folds(windows[:-1], [], Bounds(), NOW)
    assert made == []  # one of the day is among the newest, and a day goes whole or not at all


def test_windows_that_are_set_aside_are_none_of_the_newest():
    flagged = Bounds(flags=((at(24), at(48)),))
    made, _ = folds([hour(number) for number in range(24 + NEWEST)], [], flagged, NOW)
    assert [hours(fold) for fold in made] == [list(range(24, 48))]


@pytest.mark.parametrize(
    ("late", "flags", "expected"),
    [
        (3, (), ([([3], True)], [])),  # onto the sum around it
        (1, (), ([], [1])),  # counted already: not twice
        (12, (), ([([12], False)], [])),  # outside of it: one of its own
        (3, ((at(0), at(2)),), ([], [])),  # a part of the sum is flagged, and this is not: neither is touched
    ],
)
def test_windows_that_come_after_their_day_was_folded_are_counted_once(late, flags, expected):
    spans = frozenset((at(number), at(number + 1)) for number in (0, 1, 2, 7))
    assert folded([hour(late)], Bounds(flags=flags), [Folded(at(0), at(8), spans)]) == expected


def test_a_flag_over_a_whole_sum_lets_late_windows_of_it_join():
    sums = [Folded(at(0), at(8), frozenset({(at(0), at(1)), (at(7), at(8))}))]
    found, _ = folded([hour(3)], Bounds(flags=((at(0), at(8)),)), sums)
    assert found == [([3], True)]
