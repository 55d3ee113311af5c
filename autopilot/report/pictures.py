"""Small drawings: an interval on a line. They scale with the text and print."""

from collections.abc import Iterable

from autopilot import words
from autopilot.report.markup import Markup, tag
from graph.model import Json

_WIDTH = 200.0
_MIDDLE = 8.0


def reach(differences: Iterable[Json | None]) -> float:
    """Return how far from zero the furthest end of these intervals lies: one scale for all of a table."""
    ends = [abs(each[end]) for each in differences if each and whole(each) for end in ("low", "high")]
    return max(ends, default=0.0) or 1.0


def whole(interval: Json | None) -> bool:
    """Tell whether all of an interval was measured."""
    return interval is not None and None not in (interval["value"], interval["low"], interval["high"])


def difference(interval: Json | None, furthest: float) -> Markup:
    """Draw an interval around zero: right of the line is better, green where that is certain, red where worse is."""
    if interval is None or not whole(interval):
        return Markup("")
    low, value, high = (_WIDTH / 2 * (1 + interval[key] / furthest * 0.96) for key in ("low", "value", "high"))
    tone = "good" if interval["low"] > 0 else "bad" if interval["high"] < 0 else "open"
    zero = tag("line", x1=_WIDTH / 2, x2=_WIDTH / 2, y1=0, y2=16, class_="zero")
    return _drawing(words.interval(interval, signed=True), zero, *_interval(low, value, high, tone))


def _interval(low: float, value: float, high: float, tone: str) -> tuple[Markup, Markup]:
    return (
        tag("line", x1=f"{low:.1f}", x2=f"{high:.1f}", y1=_MIDDLE, y2=_MIDDLE, class_=f"span {tone}"),
        tag("circle", cx=f"{value:.1f}", cy=_MIDDLE, r=4, class_=tone),
    )


def performance(labels: Json) -> Markup:
    """Draw what was realised, with its interval, beside what the scores foresee and what the reference had."""
    realised = labels["realised"]
    if not whole(realised):
        return Markup("")
    marks = [value for value in (labels["foreseen"], labels["reference_value"]) if value is not None]
    ends = [realised["low"], realised["high"], *marks]
    start, room = float(min(ends)), float(max(ends) - min(ends)) or 1.0

    def place(value: float) -> float:
        return _WIDTH * (0.04 + 0.92 * (value - start) / room)

    low, value, high = (place(realised[key]) for key in ("low", "value", "high"))
    beside = [
        tag("line", x1=f"{place(each):.1f}", x2=f"{place(each):.1f}", y1=0, y2=16, class_="mark") for each in marks
    ]
    said = f"{labels['metric']} {words.interval(realised)}, foreseen {words.number(labels['foreseen'])}"
    return _drawing(said, *beside, *_interval(low, value, high, "plain"))


def share(value: float, limit: float, furthest: float) -> Markup:
    """Draw a bar with a mark at its limit."""
    room = furthest or 1.0
    long, mark = (_WIDTH * min(1.0, each / room) for each in (value, limit))
    return _drawing(
        f"{words.number(value)}, noise {words.number(limit)}",
        tag("rect", x=0, y=4, width=f"{long:.1f}", height=8, class_="bar bad" if value > limit else "bar"),
        tag("line", x1=f"{mark:.1f}", x2=f"{mark:.1f}", y1=0, y2=16, class_="mark"),
    )


def pair(then: float, now: float, furthest: float) -> Markup:
    """Draw two shares below each other: the reference's above, today's beneath it."""
    long = [_WIDTH * share_ / (furthest or 1.0) for share_ in (then, now)]
    return _drawing(
        f"reference {then:.1%}, now {now:.1%}",
        tag("rect", x=0, y=1, width=f"{long[0]:.1f}", height=6.5, class_="then"),
        tag("rect", x=0, y=8.5, width=f"{long[1]:.1f}", height=6.5, class_="now"),
    )


def _drawing(said: str, *parts: Markup) -> Markup:
    return tag("svg", *parts, viewBox=f"0 0 {_WIDTH:.0f} 16", role="img", aria_label=said)
