"""The checks of a replay over time: a lane per policy, the harm that was served above them, changes of champion."""

from datetime import datetime, timedelta

from autopilot import words
from autopilot.report.markup import Markup, joined, scrolling, tag
from autopilot.report.replay_rows import done, labels
from graph.model import Json

_WIDTH, _LEFT, _RIGHT = 960.0, 120.0, 36.0
_HARM, _LANE, _AXIS = 70.0, 40.0, 26.0
_MOST_TICKS = 8
_LONGEST_NAME = 18
_STEPS = (1, 2, 7, 14, 28, 56, 112, 224, 448)
"""Days between two dates on the axis."""


class Scale:
    """Moments to places."""

    def __init__(self, found: Json) -> None:
        moments = [_at(each["at"]) for each in found["decisions"]]
        moments += [_at(each[end]) for each in found["windows"] for end in ("start", "end")]
        moments += [_at(each["at"]) for each in found["promotions"]]
        self.first, self.last = min(moments), max(moments)
        self._room = (self.last - self.first) or timedelta(1)

    def place(self, moment: str | datetime) -> float:
        """Return how far to the right a moment lies."""
        at = _at(moment) if isinstance(moment, str) else moment
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * ((at - self.first) / self._room)


def drawn(found: Json) -> Markup:
    """Return the picture with its legend."""
    scale, top = Scale(found), _HARM if found["windows"] else 14.0
    height = top + _LANE * len(found["policies"]) + _AXIS
    parts = [*_differing(found, scale, top, height), *_axis(scale, height), *_harm(found, scale)]
    for place, policy in enumerate(found["policies"]):
        parts += _lane(found, policy, scale, top + _LANE * (place + 0.5))
    parts += _promotions(found, scale, height)
    picture = tag(
        "svg",
        *parts,
        viewBox=f"0 0 {_WIDTH:.0f} {height:.0f}",
        role="img",
        aria_label=f"decisions over time: {', '.join(labels(found))}",
        class_="course",
    )
    return joined(
        [tag("h2", "Decisions over time"), scrolling(picture, "drawing: decisions over time"), _legend(found)]
    )


def _differing(found: Json, scale: Scale, top: float, height: float) -> list[Markup]:
    wide = max(1.5, min(10.0, 800 / len(found["decisions"])))
    places = [scale.place(each["at"]) - wide / 2 for each in found["decisions"] if each["differs"]]
    size = {"width": f"{wide:.1f}", "height": f"{height - top - _AXIS:.1f}"}
    return [tag("rect", x=f"{at:.1f}", y=f"{top:.1f}", **size, class_="differs") for at in places]


def _lane(found: Json, policy: Json, scale: Scale, middle: float) -> list[Markup]:
    size = max(1.5, min(4.0, 700 / len(found["decisions"])))
    line = tag("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=f"{middle:.1f}", y2=f"{middle:.1f}", class_="lane")
    label = tag("text", words.cut(policy["label"], _LONGEST_NAME), x=0, y=f"{middle + 4:.1f}", class_="name")
    marks = [
        _mark(each, each["policies"][policy["name"]], scale.place(each["at"]), middle, size)
        for each in found["decisions"]
    ]
    return [line, label, *marks]


def _mark(check: Json, decided: Json, at: float, middle: float, size: float) -> Markup:
    said = tag("title", f"{words.moment(check['at'])} {done(decided)}: {decided['reason']}")
    return tag("g", said, shape(decided, at, middle, size))


def shape(decided: Json, at: float, middle: float, size: float = 4.0) -> Markup:
    """Return the sign of one decision: a dot, a ring, a square, or a disc for what was started."""
    place = {"cx": f"{at:.1f}", "cy": f"{middle:.1f}"}
    action = decided["action"]
    if action in ("retrain", "rollback"):
        known = "acts" if decided["known"] else "acts unknown"
        return tag("circle", **place, r=f"{size + 3:.1f}", class_=known if decided["acts"] else "acts shadowed")
    if action == "fix_data":
        side = 2 * size + 2
        return tag(
            "rect", x=f"{at - side / 2:.1f}", y=f"{middle - side / 2:.1f}", width=side, height=side, class_="fix"
        )
    return tag("circle", **place, r=f"{size:.1f}", class_="waits" if action == "wait" else "rests")


def _harm(found: Json, scale: Scale) -> list[Markup]:
    """Draw each window's wrong decisions beyond the foreseen, upwards where there are more than foreseen."""
    windows = found["windows"]
    if not windows:
        return []
    most = max(abs(each["excess"]) for each in windows) or 1.0
    zero, room = _HARM * 0.66, _HARM * 0.6
    label = tag("text", "wrong beyond", tag("tspan", "foreseen", x=0, dy=14), x=0, y=f"{zero - 10:.1f}", class_="name")
    parts = [label, tag("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=f"{zero:.1f}", y2=f"{zero:.1f}", class_="lane")]
    return parts + [_bar(each, scale, zero, room * each["excess"] / most) for each in windows]


def _bar(window: Json, scale: Scale, zero: float, high: float) -> Markup:
    start, end = scale.place(window["start"]), scale.place(window["end"])
    said = (
        f"{words.span(window['start'], window['end'])}, version {window['champion']}: "
        f"{words.number(window['excess'], signed=True)} in {words.count(window['rows'], 'row')}"
    )
    high = max(-0.25 * _HARM, high)
    bar = tag(
        "rect",
        x=f"{start:.1f}",
        y=f"{zero - max(high, 0):.1f}",
        width=f"{max(0.8, end - start - 0.6):.1f}",
        height=f"{abs(high):.1f}",
        class_="harm" if high > 0 else "harm less",
    )
    return tag("g", tag("title", said), bar)


def _promotions(found: Json, scale: Scale, height: float) -> list[Markup]:
    parts: list[Markup] = []
    for each in found["promotions"]:
        at = scale.place(each["at"])
        parts.append(tag("line", x1=f"{at:.1f}", x2=f"{at:.1f}", y1=10, y2=f"{height - _AXIS:.1f}", class_="moved"))
        parts.append(tag("text", f"version {each['version']}", x=f"{at + 4:.1f}", y=10, class_="date"))
    return parts


def _axis(scale: Scale, height: float) -> list[Markup]:
    days = (scale.last - scale.first).days + 1
    step = next((each for each in _STEPS if days / each <= _MOST_TICKS), _STEPS[-1])
    at = scale.first.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(1)
    parts: list[Markup] = []
    while at <= scale.last:
        place = f"{scale.place(at):.1f}"
        parts.append(tag("line", x1=place, x2=place, y1=f"{height - _AXIS:.1f}", y2=f"{height - _AXIS + 5:.1f}"))
        parts.append(tag("text", f"{at:%Y-%m-%d}", x=place, y=f"{height - 6:.1f}", class_="date middle"))
        at += timedelta(step)
    return parts


_SIGNS: tuple[tuple[str, Json], ...] = (
    ("nothing to do", {"action": "none"}),
    ("waits", {"action": "wait"}),
    ("data or labels to be fixed", {"action": "fix_data"}),
    ("acts, as it really happened", {"action": "retrain", "acts": True, "known": True}),
    ("acts where nobody did: not known what came of it", {"action": "retrain", "acts": True, "known": False}),
)


def _legend(found: Json) -> Markup:
    said = [tag("span", _sign(sign), f" {text}", class_="legend") for text, sign in _SIGNS]
    one, other = labels(found)[-2:]
    said.append(tag("span", f"Shaded: {one} and {other} decide otherwise.", class_="legend"))
    return tag("p", *said, class_="note")


def _sign(decided: Json) -> Markup:
    return tag("svg", shape(decided, 10, 8), viewBox="0 0 20 16", class_="course small")


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
