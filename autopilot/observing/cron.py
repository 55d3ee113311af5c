"""When a cron expression came last: five fields, in UTC."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_WORDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_FURTHEST = timedelta(days=8 * 366)
"""A 29 February may be eight years away."""


def latest(expression: str, until: datetime) -> datetime:
    """Return the last time up to `until` that the expression names. ValueError for one that never comes or is none."""
    words = _WORDS.get(expression.strip().lower(), expression).split()
    if len(words) != 5:
        raise ValueError(f"{expression!r} is no cron expression: it has {len(words)} fields, not five")
    minutes, hours = _numbers(words[0], 0, 59), _numbers(words[1], 0, 23)
    is_day = _days(words)
    until = until.astimezone(UTC)
    day = until.replace(hour=0, minute=0, second=0, microsecond=0)
    while until - day < _FURTHEST:
        found = _on(day, hours, minutes, until) if is_day(day) else None
        if found:
            return found
        day -= timedelta(days=1)
    raise ValueError(f"{expression!r} names no day that ever comes")


def _on(day: datetime, hours: Sequence[int], minutes: Sequence[int], until: datetime) -> datetime | None:
    times = (day.replace(hour=hour, minute=minute) for hour in reversed(hours) for minute in reversed(minutes))
    return next((each for each in times if each <= until), None)


def _days(words: Sequence[str]) -> Callable[[datetime], bool]:
    """Return what tells whether a day is meant. Where both kinds of day are limited, either will do: so cron has it."""
    dates, months = set(_numbers(words[2], 1, 31)), set(_numbers(words[3], 1, 12, _MONTHS))
    weekdays = {each % 7 for each in _numbers(words[4], 0, 7, _DAYS)}
    either = not words[2].startswith("*") and not words[4].startswith("*")

    def meant(day: datetime) -> bool:
        by_date, by_weekday = day.day in dates, day.isoweekday() % 7 in weekdays
        return day.month in months and ((by_date or by_weekday) if either else (by_date and by_weekday))

    return meant


def _numbers(field: str, least: int, most: int, names: Sequence[str] = ()) -> list[int]:
    found: set[int] = set()
    for part in field.lower().split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        low = least if first == "*" else _number(first, least, names)
        high = _number(last, least, names) if last else most if first == "*" or step else low
        if not least <= low <= high <= most or (step and not step.isdecimal()) or step == "0":
            raise ValueError(f"{part!r} is nothing between {least} and {most}")
        found.update(range(low, high + 1, int(step or 1)))
    return sorted(found)


def _number(word: str, least: int, names: Sequence[str]) -> int:
    if word in names:
        return names.index(word) + least
    if not (word.isascii() and word.isdecimal()):
        raise ValueError(f"{word!r} is no number")
    return int(word)
