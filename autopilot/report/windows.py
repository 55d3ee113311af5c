"""The page's part about the windows around the change: the drawing, what it shows in words, and all of it as tables."""

from collections.abc import Iterator
from datetime import datetime

from autopilot import words
from autopilot.report.around import Around, Panel, Point, Span, around
from autopilot.report.chart import chart
from autopilot.report.markup import Markup, joined, scrolling, table, tag
from autopilot.report.plain import counts_drift
from graph.model import Json

_TITLE = "The windows around the change"


def windows(found: Json, past: Json) -> Markup:
    """Return the drawing with its words; only words where the ledger keeps too little to draw."""
    seen = around(found, past)
    if seen is None:
        return joined([tag("h2", _TITLE), tag("p", _too_few(found), class_="note")])
    said = " ".join(_said(found, seen))
    tables = [table(["window", panel.title, _beside(panel)], _rows(panel), class_="loose") for panel in seen.panels]
    return joined(
        [
            tag("h2", _title(found)),
            tag("p", said),
            scrolling(chart(seen, said), "drawing: the windows over time"),
            _legend(seen),
            tag("details", tag("summary", "The same numbers as tables"), *tables),
        ]
    )


def _title(found: Json) -> str:
    changed = found["decision"]["verdict"] in ("degraded", "broken_data")
    return _TITLE if changed else "The windows up to this check"


def _too_few(found: Json) -> str:
    if found["decision"] is None:
        return "There is no decision yet, and so no change to look around."
    if found.get("folded_at"):
        return "There is no course to draw: what was measured is not kept any more."
    if found["evidence"] is None:
        return "Nothing was measured: a person asked for a return."
    return "There is no course to draw: of fewer than two windows the ledger keeps a number."


def _said(found: Json, seen: Around) -> Iterator[str]:
    """Yield what the drawing shows, for those who do not see it too."""
    first, last = (at(point.start for panel in seen.panels for point in panel.points) for at in (min, max))
    most = max(len(panel.points) for panel in seen.panels)
    yield f"{words.count(most, 'window')} that checks have counted, from {_moment(first)} to {_moment(last)}."
    if seen.since:
        yield f"The harm began with the window of {_moment(seen.since)}."
    elif found["decision"]["verdict"] == "degraded":
        yield (
            "No loss is certain here, so none is dated: what moved are the inputs."
            if counts_drift(found)
            else ("No window is dated as the beginning of it.")
        )
    strange = [f"{panel.name} in {_strange(panel)}" for panel in seen.panels if _strange(panel)]
    if strange:
        yield f"Worse than chance explains: {', '.join(strange)}."
    bars = {bar.name: bar.spans for bar in seen.bars}
    if seen.aside:
        yield f"Set aside as broken: {_stretches(seen.aside)}."
    if "trained on" in bars:
        yield f"The challenger learned from {_stretches(bars['trained on'])}."
    if "compared on" in bars:
        yield f"Both were compared on {_stretches(bars['compared on'])}."


def _strange(panel: Panel) -> str:
    """Return in how many windows of the version that is judged the number is worse than chance explains."""
    own = [point.strange for point in panel.points if not point.other]
    return f"{sum(own)} of {len(own)}" if any(own) else ""


def _stretches(spans: tuple[Span, ...]) -> str:
    return ", ".join(_span(span) for span in spans)


def _span(span: Span) -> str:
    return words.span(span[0].isoformat(), span[1].isoformat())


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d}" if at.hour == at.minute == 0 else words.moment(at.isoformat())


def _beside(panel: Panel) -> str:
    if any(point.band for point in panel.points):
        return "where chance alone leaves it, 95 %"
    return "foreseen" if any(point.beside is not None for point in panel.points) else "held against"


def _rows(panel: Panel) -> Iterator[list[str]]:
    for point in panel.points:
        value = tag("b", _value(point)) if point.strange else _value(point)
        yield [_span((point.start, point.end)) + (", another version" if point.other else ""), value, _held(point)]


def _value(point: Point) -> str:
    if point.low is None or point.high is None:
        return words.number(point.value)
    return words.interval({"value": point.value, "low": point.low, "high": point.high})


def _held(point: Point) -> str:
    if point.band:
        return f"{words.number(point.band[0])} to {words.number(point.band[1])}"
    return words.number(point.beside)


def _legend(seen: Around) -> Markup:
    """Return what the signs mean; only of those that are there."""
    points = [point for panel in seen.panels for point in panel.points]
    signs = [
        ("dot", "a window", any(not point.strange for point in points)),
        ("dot bad", "a window worse than chance explains", any(point.strange for point in points)),
        ("ring", "served by another version", any(point.other for point in points)),
        ("dash", "what was foreseen", any(point.beside is not None for point in points)),
        ("wash", "where chance alone leaves it (95 %)", any(point.band for point in points)),
        ("wash bad", "set aside as broken", bool(seen.aside)),
    ]
    return tag(
        "p",
        *[tag("span", tag("i", class_=f"sign {name}"), text, class_="key") for name, text, there in signs if there],
        class_="note",
    )
