"""The windows around a change as one drawing: a panel per number, all on the same time axis."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from autopilot import words
from autopilot.report.around import Around, Bar, Panel, Point
from autopilot.report.markup import Markup, joined, tag

_WIDTH = 720.0
_LEFT, _RIGHT = 96.0, 14.0
_PLOT = 74.0
"""Height of a panel's plot."""
_TITLE, _LANE, _BAR, _GAP = 18.0, 15.0, 17.0, 12.0
_LETTER = 6.6
"""Width of a letter of a label at most, on average."""
_TICK_ROOM = 92.0
"""Between two dates on the axis at least: a date is ten letters long."""
_MANY = 60
"""Windows in a panel from which on dots are small."""
_LEAST = 1e-9
"""Differences below this are none."""
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_HOURS = (1 / 60, 1 / 12, 1 / 4, 1 / 2, 1, 2, 3, 6, 12)
_STEPS = (*(_HOUR * hours for hours in _HOURS), *(_DAY * days for days in (1, 2, 7, 14, 28, 91, 182, 364)))
_EPOCH = datetime(1970, 1, 5, tzinfo=UTC)
"""A Monday: dates a week apart are Mondays."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Where on a line a number is drawn: `low` at `start`, `high` at `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the place, inside the line."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * min(1.0, max(0.0, share))


def chart(seen: Around, said: str) -> Markup:
    """Return the drawing; `said` tells in a sentence or two what it shows."""
    time = Scale(seen.start.timestamp(), seen.end.timestamp(), _LEFT, _WIDTH - _RIGHT)
    parts: list[Markup] = []
    crossed: list[tuple[float, float]] = []
    top = 0.0
    for panel in seen.panels:
        parts.append(_text(_LEFT, top + 13, panel.title, "title"))
        top += _TITLE
        if seen.since and not crossed:
            parts.append(_label(seen.since, time(seen.since.timestamp()), top + 11))
            top += _LANE
        parts.append(_panel(panel, seen, time, top))
        crossed.append((top, top + _PLOT))
        top += _PLOT + _GAP
    for bar in seen.bars:
        parts.append(_bar(bar, time, top))
        crossed.append((top, top + _BAR))
        top += _BAR
    if seen.since:
        place = time(seen.since.timestamp())
        parts += [_line(place, place, first, last, "since") for first, last in crossed]
    parts.append(_axis(time, top + 2))
    told = tag("title", "The windows over time", id="around-title"), tag("desc", said, id="around-said")
    size = f"0 0 {_WIDTH:.0f} {top + 22:.0f}"
    named = {"aria_labelledby": "around-title", "aria_describedby": "around-said"}
    return tag("svg", *told, *parts, viewBox=size, role="img", class_="around", **named)


def _label(since: datetime, place: float, y: float) -> Markup:
    """Return the word on the beginning, beside its line where there is room."""
    text = f"harm began {_day(since)}"
    anchor = None if place + _LETTER * len(text) <= _WIDTH else "end"
    return _text(place, y, text, "since", anchor)


def _panel(panel: Panel, seen: Around, time: Scale, top: float) -> Markup:
    ticks = _ticks(panel)
    value = Scale(ticks[0], ticks[-1], top + _PLOT, top)
    wide = time.end - time.start
    parts = [_box(time.start, top, wide, _PLOT, "frame")]
    parts += [_stretch(start, end, time, top, _PLOT, "aside") for start, end in seen.aside]
    parts += [_band(point, time, value) for point in panel.points if point.band]
    for tick in ticks:
        parts.append(_line(time.start, time.end, value(tick), value(tick), "grid"))
        parts.append(_text(_LEFT - 7, value(tick) + 4, words.number(tick), "tick", "end"))
    if panel.level is not None and ticks[0] <= panel.level <= ticks[-1]:
        parts.append(_line(time.start, time.end, value(panel.level), value(panel.level), "level"))
    small = len(panel.points) > _MANY
    parts += [_point(point, time, value, 2.0 if small else 3.2) for point in panel.points]
    return tag("g", *parts)


def _ticks(panel: Panel) -> list[float]:
    """Return round numbers from below the least to above the largest number of a panel: two to six of them."""
    numbers = [number for point in panel.points for number in _numbers(point)]
    numbers += [panel.level] if panel.level is not None else []
    low, high = min(numbers), max(numbers)
    room = max((high - low) or abs(high) or 1.0, _LEAST)
    step = next(size for size in _sizes(room) if room / size <= 3)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    last += first == last
    return [round(step * at, 12) for at in range(first, last + 1)]


def _sizes(room: float) -> Iterator[float]:
    exponent = math.floor(math.log10(room)) - 1
    while True:
        yield from (factor * 10.0**exponent for factor in (1, 2, 5))
        exponent += 1


def _numbers(point: Point) -> Iterator[float]:
    known = (point.value, point.low, point.high, point.beside, *(point.band or ()))
    yield from (number for number in known if number is not None)


def _band(point: Point, time: Scale, value: Scale) -> Markup:
    low, high = point.band or (0.0, 0.0)
    start, end = time(point.start.timestamp()), time(point.end.timestamp())
    return _box(start, value(high), max(end - start, 1.0), value(low) - value(high), "band")


def _point(point: Point, time: Scale, value: Scale, size: float) -> Markup:
    at = time((point.start.timestamp() + point.end.timestamp()) / 2)
    tone = f"{'bad' if point.strange else 'plain'}{' other' if point.other else ''}"
    parts = []
    if point.beside is not None:
        parts.append(_line(at - size - 2, at + size + 2, value(point.beside), value(point.beside), "beside"))
    if point.low is not None and point.high is not None:
        parts.append(_line(at, at, value(point.low), value(point.high), f"whisker {tone}"))
    parts.append(tag("circle", cx=f"{at:.1f}", cy=f"{value(point.value):.1f}", r=size, class_=tone))
    return joined(parts)


def _bar(bar: Bar, time: Scale, top: float) -> Markup:
    inside = [(start, end) for start, end in bar.spans if end.timestamp() > time.low and start.timestamp() < time.high]
    drawn = [_stretch(start, end, time, top + 3, _BAR - 7, f"stretch {bar.tone}") for start, end in inside]
    name = _text(_LEFT - 7, top + 12, bar.name, "tick", "end")
    middle = top + _BAR / 2 - 0.5
    earlier = [_text(_LEFT + 2, top + 12, "◂", "earlier")] if bar.spans[0][0].timestamp() < time.low else []
    return tag("g", name, _line(time.start, time.end, middle, middle, "grid"), *drawn, *earlier)


def _stretch(start: datetime, end: datetime, time: Scale, top: float, height: float, class_: str) -> Markup:
    first, last = time(start.timestamp()), time(end.timestamp())
    return _box(first, top, max(last - first, 1.5), height, class_)


def _axis(time: Scale, top: float) -> Markup:
    step = _step(time)
    at = _EPOCH + math.ceil((datetime.fromtimestamp(time.low, UTC) - _EPOCH) / step) * step
    parts = []
    while at.timestamp() <= time.high:
        place = time(at.timestamp())
        anchor = "end" if place > time.end - _TICK_ROOM / 2 else "middle"
        parts += [_line(place, place, top, top + 4, "grid"), _text(place, top + 16, _date(at, step), "tick", anchor)]
        at += step
    return tag("g", *parts)


def _step(time: Scale) -> timedelta:
    """Return how far apart the dates on the axis are, none closer to the next than a date is wide."""
    least = (time.high - time.low) * 1.5 * _TICK_ROOM / (time.end - time.start)
    return next((step for step in _STEPS if step.total_seconds() >= least), _STEPS[-1])


def _date(at: datetime, step: timedelta) -> str:
    return _day(at) if step >= _DAY else f"{at:%m-%d %H:%M}"


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}" if at.hour == at.minute == 0 else f"{at:%Y-%m-%d %H:%M}Z"


def _text(x: float, y: float, text: str, class_: str, anchor: str | None = None) -> Markup:
    return tag("text", text, x=f"{x:.1f}", y=f"{y:.1f}", class_=class_, text_anchor=anchor)


def _line(x1: float, x2: float, y1: float, y2: float, class_: str) -> Markup:
    return tag("line", x1=f"{x1:.1f}", x2=f"{x2:.1f}", y1=f"{y1:.1f}", y2=f"{y2:.1f}", class_=class_)


def _box(x: float, y: float, wide: float, high: float, class_: str) -> Markup:
    return tag("rect", x=f"{x:.1f}", y=f"{y:.1f}", width=f"{wide:.1f}", height=f"{max(high, 0.0):.1f}", class_=class_)
