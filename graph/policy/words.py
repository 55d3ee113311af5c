"""How numbers, shares and times are written in reasons, and how they are rounded in rules."""

import math
from datetime import UTC, datetime, timedelta

from graph.evidence import Interval

DIGITS = 6
"""Digits after the point that rules keep: enough to compare, few enough to read and to replay on any platform."""
LONGEST_NAME = 40
"""Longest piece of text out of the data (a category, a value) that a reason repeats."""


def finite(number: float | None) -> float | None:
    """Return the number, or None when it is missing, NaN or infinite."""
    return number if number is not None and math.isfinite(number) else None


def rounded(value: float | int | str | None) -> float | int | str | None:
    """Return a rule's value as it is stored; a number that JSON has no word for becomes None."""
    if not isinstance(value, float):
        return value
    return round(value, DIGITS) if math.isfinite(value) else None


def number(value: float) -> str:
    """Return a measured number with four significant digits."""
    return f"{value:.4g}"


def interval(measured: Interval) -> str:
    """Return a value with its interval: `0.912 [0.89, 0.934]`."""
    return f"{number(measured.value)} [{number(measured.low)}, {number(measured.high)}]"


def percent(share: float) -> str:
    """Return a fraction as a percentage that never hides a small part: `98 %`, `1.2 %`."""
    points = 100 * share
    return f"{points:.0f} %" if points >= 10 else f"{points:.2g} %"


def shares(measured: Interval) -> str:
    """Return a share with its interval in per cent, both cut to what a share can be: `9.5 % [0 %, 37 %]`."""
    value, low, high = (percent(min(1.0, max(0.0, each))) for each in (measured.value, measured.low, measured.high))
    return f"{value} [{low}, {high}]"


def moment(time: datetime) -> str:
    """Return a time as RFC 3339 in UTC, to the second."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def span(duration: timedelta) -> str:
    """Return a duration in the largest unit that fits: `3 days`, `6 hours`, `90 seconds`."""
    seconds = duration.total_seconds()
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * size or seconds == size:
            return plural(round(seconds / size, 1), unit)
    return plural(round(seconds, 1), "second")


def plural(count: float, noun: str) -> str:
    """Return a count with its noun: `1 day`, `2.5 days`."""
    return f"{count:g} {noun}" if count == 1 else f"{count:g} {noun}s"


def short(text: str) -> str:
    """Return a piece of text from the data, quoted, without line breaks and cut to a bearable length."""
    return repr(text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…")
