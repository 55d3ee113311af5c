"""How values are written: enough digits to compare, none to mislead."""

from datetime import timedelta

import pytest

from autopilot import words


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        ("", "–"),
        (0, "0"),
        (1458, "1,458"),
        (0.0, "0"),
        (0.12345678, "0.1235"),
        (123456.7, "123,457"),
        (float("nan"), "–"),
        (float("inf"), "–"),
        (True, "yes"),
        ("1", "1"),
    ],
)
def test_number(value: object, shown: str):
    assert words.number(value) == shown


@pytest.mark.parametrize(
    ("value", "low", "high", "shown"),
    [
        (0.152, 0.07267, 0.2318, "0.1520 [0.0727, 0.2318]"),
        (-0.24, -0.3, 0.001, "-0.2400 [-0.3000, 0.0010]"),
        (0.00002, 0.00001, 0.00003, "2e-05 [1e-05, 3e-05]"),
        (12.5, 11.0, 14.0, "12.5 [11, 14]"),
        (None, 0.1, 0.2, "–"),
        (float("nan"), 0.1, 0.2, "–"),
    ],
)
def test_interval(value: float, low: float, high: float, shown: str):
    assert words.interval({"value": value, "low": low, "high": high}) == shown


def test_a_signed_interval_shows_its_direction():
    assert words.interval({"value": 0.1, "low": -0.1, "high": 0.3}, signed=True) == "+0.1000 [-0.1000, +0.3000]"
    assert words.interval(None) == "–"


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        ("2026-03-09T00:00:00Z", "2026-03-10T00:00:00Z", "2026-03-09"),
        ("2026-03-03T00:00:00Z", "2026-03-07T00:00:00Z", "2026-03-03 until 2026-03-07 (4 days)"),
        ("2026-03-03T10:00:00Z", "2026-03-03T11:00:00Z", "2026-03-03 10:00Z until 2026-03-03 11:00Z (1 hour)"),
        ("2026-03-03T00:00:00Z", "2026-03-04T12:00:00Z", "2026-03-03 00:00Z until 2026-03-04 12:00Z (1.5 days)"),
        (None, None, "–"),
    ],
)
def test_span(start: str | None, end: str | None, shown: str):
    assert words.span(start, end) == shown


@pytest.mark.parametrize(
    ("duration", "shown"),
    [(timedelta(days=1), "1 day"), (timedelta(hours=36), "1.5 days"), (timedelta(minutes=90), "1.5 hours")],
)
def test_length(duration: timedelta, shown: str):
    assert words.length(duration) == shown


def test_a_table_lines_up_and_is_cut_only_where_asked():
    rows = [["1", "short", "x" * 50], ["22", "a\nb", "y"]]
    whole = words.table(["n", "name", "text"], rows).splitlines()
    assert whole == ["n   name   text", "1   short  " + "x" * 50, "22  a b    y"]
    assert max(map(len, words.table(["n", "name", "text"], rows, width=20).splitlines())) == 20


def test_pieces_stay_whole_where_they_fit():
    assert words.flowing(["aaa", "bbb", "ccc"], "> ", "  ", 12) == ["> aaa · bbb", "  ccc"]
    assert words.flowing([], "> ", "  ") == []


def test_wrapping_keeps_to_the_width_and_to_the_words():
    lines = words.wrapped("one two three four", "- ", "  ", 11)
    assert lines == ["- one two", "  three", "  four"]


def test_control_characters_are_shown_as_such():
    assert words.printable("a\x1b[31mb\u202ec\nd") == "a�[31mb�c\nd"
