"""The report as JSON: what text and page say first, beside everything that they were made from."""

from autopilot.report.around import Around, Point, around
from autopilot.report.brief import Fact, facts, numbers
from autopilot.report.doubting import doubts
from autopilot.report.reading import Figure, figures, headline
from autopilot.words import rfc3339
from graph.model import Json


def report_document(found: Json, past: Json) -> Json:
    """Return the explanation with one key more, `report`: `{recommendation, numbers, doubts, beside, facts, …}`."""
    said, judged = headline(found), found["validation"] is not None
    return {
        **found,
        "report": {
            "recommendation": {"word": said.word, "tone": said.tone, "text": said.text},
            "numbers": [_figure(each) for each in numbers(found)],
            "doubts": doubts(found) if judged else [],
            "facts": [_fact(each) for each in facts(found, past)],
            "beside": [_figure(each) for each in figures(found)] if judged else [],
            "distributions": past["distributions"],
            "over_time": _over_time(around(found, past)),
        },
    }


def _over_time(seen: Around | None) -> list[Json]:
    """Return the series that the page draws; times are RFC 3339, UTC."""
    return [
        {"name": panel.name, "title": panel.title, "level": panel.level, "points": [*map(_point, panel.points)]}
        for panel in (seen.panels if seen else ())
    ]


def _point(each: Point) -> Json:
    return {
        "start": rfc3339(each.start),
        "end": rfc3339(each.end),
        "value": each.value,
        "low": each.low,
        "high": each.high,
        "foreseen": each.beside,
        "band": list(each.band) if each.band else None,
        "beyond_chance": each.strange,
        "other_version": each.other,
    }


def _figure(each: Figure) -> Json:
    return {"label": each.label, "value": each.value, "interval": each.interval or None, "note": each.note}


def _fact(each: Fact) -> Json:
    return {"term": each.term, "text": each.text, "command": each.command or None, "detail": each.detail or None}
