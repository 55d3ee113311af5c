"""How values, times and tables are written for people: the same on a terminal and on a page."""

import math
import textwrap
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from graph.model import Json

WIDTH = 120
"""Columns of a line of text."""
MARK = {"passed": "✓", "blocked": "✗", "not_reached": "·", "failed": "✗", "inconclusive": "?", "error": "!"}
NOTHING = "–"
_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)


def number(value: object, signed: bool = False) -> str:
    """Return a value as it is shown: fractions to four significant digits, counts in groups, nothing as a dash."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:+,}" if signed else f"{value:,}"
    if isinstance(value, float):
        return _fraction(value, signed)
    return str(value)


def _fraction(value: float, signed: bool) -> str:
    if not math.isfinite(value):
        return NOTHING
    form = ",.0f" if abs(value) >= 10_000 else ".4g"
    return f"{value:{'+' if signed else ''}{form}}"


def interval(value: Json | None, signed: bool = False) -> str:
    """Return `0.0420 [0.0310, 0.0552]`: all three to the same place, so that intervals below each other compare."""
    if value is None:
        return NOTHING
    parts = [value[key] for key in ("value", "low", "high")]
    if any(part is None or not math.isfinite(part) for part in parts):
        return NOTHING
    sizes = [abs(part) for part in parts]
    form = ".4f" if 0.001 <= max(sizes) < 10 else ".4g"
    middle, low, high = (f"{part:{'+' if signed else ''}{form}}" for part in parts)
    return f"{middle} [{low}, {high}]"


def share(part: float | None, whole: float | None) -> str:
    """Return a part of a whole in per cent."""
    return f"{part / whole:.1%}" if part is not None and whole else NOTHING


def count(number_of: float, noun: str) -> str:
    """Return a count with its noun: `1 row`, `5,788 rows`."""
    return f"{number_of:,} {noun}" if number_of == 1 else f"{number_of:,} {noun}s"


def moment(text: str | None) -> str:
    """Return an RFC 3339 time to the minute: `2026-03-10 09:00Z`."""
    return text[:16].replace("T", " ") + "Z" if text else NOTHING


def rfc3339(at: datetime) -> str:
    """Return a time in UTC, to the second, as documents have it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(text: str) -> str:
    """Return an RFC 3339 time as its day; at another hour than midnight to the minute."""
    return text[:10] if _is_midnight(datetime.fromisoformat(text)) else moment(text)


def span(start: str | None, end: str | None) -> str:
    """Return a half-open stretch of time with its length; whole days without the hours."""
    if start is None or end is None:
        return NOTHING
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    if last - first == _DAY and _is_midnight(first):
        return f"{first:%Y-%m-%d}"
    if _is_midnight(first) and _is_midnight(last):
        return f"{first:%Y-%m-%d} until {last:%Y-%m-%d} ({length(last - first)})"
    return f"{moment(start)} until {moment(end)} ({length(last - first)})"


def _is_midnight(time: datetime) -> bool:
    return time.hour == time.minute == time.second == 0


def length(duration: timedelta) -> str:
    """Return a duration in days or hours."""
    unit, noun = (_DAY, "day") if duration >= _DAY else (_HOUR, "hour")
    size = round(duration / unit, 1)
    return count(int(size) if size == int(size) else size, noun)


def written(duration: timedelta) -> str:
    """Return a duration as autopilot.yaml has it, in one unit: `30d`, `36h`."""
    seconds = duration.total_seconds()
    unit, size = next((each for each in _UNITS if seconds % each[1] == 0), ("s", 1))
    return f"{seconds / size:g}{unit}"


def spoken(word: str) -> str:
    """Return the product's words as they are read aloud: `broken_data` is `broken data`."""
    return word.replace("_", " ")


def sentence(text: str) -> str:
    """Return text as a sentence of its own."""
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".")


def state(run: Json) -> str:
    """Return what became of a run, or what it does now."""
    word: str = run["outcome"] or run["status"]
    return word


def one_line(text: object) -> str:
    """Return text from outside on one line."""
    return " ".join(str(text).split())


def printable(text: str) -> str:
    """Return text without anything that a terminal would obey rather than show."""
    return "".join(each if each.isprintable() or each == "\n" else "\N{REPLACEMENT CHARACTER}" for each in text)


def cut(text: str, width: int) -> str:
    """Return text on one line of at most `width` columns, with a mark where something was left out."""
    line = one_line(text)
    return line if len(line) <= width else line[: max(0, width - 1)] + "…"


def wrapped(text: str, first: str, rest: str, width: int = WIDTH) -> list[str]:
    """Return text as lines that begin with `first`, then `rest`. Only a word that fits no line is broken."""
    lines = textwrap.wrap(
        one_line(text), width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False, tabsize=1
    )
    return lines or [first.rstrip()]


def flowing(pieces: Iterable[str], first: str, rest: str, width: int = WIDTH, between: str = " · ") -> list[str]:
    """Return pieces one after the other, each kept whole where it fits a line."""
    lines: list[str] = []
    line = ""
    for piece in map(one_line, pieces):
        longer = f"{line}{between}{piece}" if line else piece
        if line and len(rest if lines else first) + len(longer) > width:
            lines.append(line)
            line = piece
        else:
            line = longer
    lines += [line] if line else []
    indents = [first, *[rest] * len(lines)]
    return [part for indent, text in zip(indents, lines, strict=False) for part in wrapped(text, indent, rest, width)]


def table(head: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None, indent: str = "") -> str:
    """Return left-aligned columns; the last one is as long as it is, or cut where a line may be `width` wide only."""
    cells = [[one_line(cell) for cell in row] for row in [head, *rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head) - 1)]
    lines = []
    for row in cells:
        fixed = [cell.ljust(size) for cell, size in zip(row[:-1], widths, strict=True)]
        line = indent + "  ".join([*fixed, row[-1]])
        lines.append(line.rstrip() if width is None or len(line) <= width else line[: width - 1] + "…")
    return "\n".join(lines)
