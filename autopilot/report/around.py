"""What the ledger holds about the windows around a change: series to draw over time, and what happened in it."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from autopilot import words
from autopilot.report.pictures import whole
from graph.model import Json
from graph.policy.metrics import LOWER_IS_BETTER, better_by

Span = tuple[datetime, datetime]

SIGMAS = 1.96
"""Standard errors in half of a 95 % interval."""
_FEWEST = 2
"""Windows that make a course."""
_BEFORE = 30
"""Windows before the change that are drawn at least, where they are known."""
_LONGEST = 40
"""Letters of a feature's name that fit above a panel."""
_LABELS = ("label_quality", "label_shift")


@dataclass(frozen=True, slots=True)
class Point:
    """One window's number. `beside` is what was foreseen for it; `other` tells that another version served then."""

    start: datetime
    end: datetime
    value: float
    low: float | None = None
    high: float | None = None
    beside: float | None = None
    band: tuple[float, float] | None = None
    """Between these lies the number of a window in which nothing is different, 95 %."""
    strange: bool = False
    """Worse than chance explains."""
    other: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One number over the windows. `level` is where it lies when all is well, if there is such a place."""

    name: str
    title: str
    points: tuple[Point, ...]
    level: float | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """Stretches of time with a name, such as the rows that were learned from."""

    name: str
    spans: tuple[Span, ...]
    tone: str


@dataclass(frozen=True, slots=True)
class Around:
    """All that is drawn, over `[start, end)`. `since` is the start of the window with which the harm began."""

    start: datetime
    end: datetime
    panels: tuple[Panel, ...]
    bars: tuple[Bar, ...]
    aside: tuple[Span, ...]
    since: datetime | None = None


def around(found: Json, past: Json) -> Around | None:
    """Return what there is to draw about a run; None where fewer than two windows were kept."""
    evidence, decided = found["evidence"], found["decision"]
    if evidence is None or decided is None:
        return None
    since = _time(decided.get("since"))
    panels = _panels(found, past["checks"], since or _time(decided["harm_from"]))
    if not panels:
        return None
    aside = tuple(_spans(past["quarantined"]))
    bars = tuple(bar for bar in _bars(found, aside) if bar.spans)
    start, end = _reach(panels, bars, since)
    inside = tuple(_clipped(aside, start, end))
    if inside:
        bars = (*bars, Bar("set aside", inside, "bad"))
    return Around(start, end, panels, bars, inside, since)


def _panels(found: Json, checks: Sequence[Json], change: datetime | None) -> tuple[Panel, ...]:
    """Return the series with enough windows near the change."""
    evidence = found["evidence"]
    known = [_performance(evidence, checks), _estimated(found, checks), harm(evidence), _feature(found, checks)]
    if found["decision"]["cause"] in _LABELS:
        known.insert(3, _positives(evidence, checks))
    first = _first(evidence, change)
    near = [
        replace(each, points=tuple(p for p in each.points if not first or p.start >= first)) for each in known if each
    ]
    return tuple(panel for panel in near if len(panel.points) >= _FEWEST)


def _first(evidence: Json, change: datetime | None) -> datetime | None:
    """Return from when on windows are drawn: twice as long before the change as after it, and thirty windows."""
    start, end = _time(evidence["start"]), _time(evidence["end"])
    if start is None or end is None:
        return None
    pivot = min(change or start, start)
    return pivot - max(2 * (end - pivot), _BEFORE * (end - start))


def _reach(panels: Sequence[Panel], bars: Sequence[Bar], since: datetime | None) -> Span:
    """Return the stretch of time that is drawn; rows learned from long before it do not squeeze the windows."""
    points = [point for panel in panels for point in panel.points]
    spans = [span for bar in bars for span in bar.spans]
    end = max(*[point.end for point in points], *[until for _, until in spans])
    start = min([*[point.start for point in points], *([since] if since else [])])
    earliest = min([start, *[begin for begin, _ in spans]])
    return max(earliest, start - (end - start) / 2), end


def _performance(evidence: Json, checks: Iterable[Json]) -> Panel | None:
    measured = [(check, check["labels"]) for check in checks if check["labels"] and whole(check["labels"]["realised"])]
    if not measured:
        return None
    metric, level = (measured[-1][1][key] for key in ("metric", "reference_value"))
    points: dict[Span, Point] = {}
    for check, labels in measured:
        if labels["metric"] == metric:
            span, seen, other = _span(labels), labels["realised"], check["champion"] != evidence["champion"]
            known = (seen["value"], seen["low"], seen["high"], labels["foreseen"])
            points[span] = Point(*span, *known, strange=_fell(labels), other=other)
    return Panel(metric, f"{metric} of the labelled rows, as each check measured it", _ordered(points), level)


def _estimated(found: Json, checks: Sequence[Json]) -> Panel | None:
    """Return what the scores alone foresaw for each window; nothing where enough windows have labels to measure by."""
    labelled = {_span(check["labels"]) for check in checks if check["labels"] and whole(check["labels"]["realised"])}
    known = [(check, check["estimate"]) for check in checks if check.get("estimate")]
    wanted = found["policy"]["policy"]["metric"] if found["policy"] else None
    metric = wanted if known and wanted in known[-1][1] else "roc_auc"
    points: dict[Span, Point] = {}
    for check, estimate in known:
        seen = estimate[metric]
        if seen and whole(seen):
            other = check["champion"] != found["evidence"]["champion"]
            points[_span(estimate)] = Point(*_span(estimate), seen["value"], seen["low"], seen["high"], other=other)
    if len(labelled) >= _FEWEST or not points:
        return None
    return Panel(f"foreseen {metric}", f"{metric} that the scores foresee, without any label", _ordered(points))


def _fell(labels: Json) -> bool:
    """Tell whether the metric is worse than foreseen, by more than its own interval."""
    metric, seen, foreseen = labels["metric"], labels["realised"], labels["foreseen"]
    best = seen["low"] if metric in LOWER_IS_BETTER else seen["high"]
    return foreseen is not None and better_by(metric, foreseen, best) > 0


def harm(evidence: Json) -> Panel | None:
    """Return the loss that the sequential test follows: of the two the one that speaks more clearly."""
    outcome = evidence.get("outcome")
    if outcome:
        windows = [(each, each["excess"], each["variance"]) for each in outcome["losses"]]
        title = "Loss beyond what the predictions foresee, per 1,000 rows"
        return Panel("loss", title, tuple(_excess(windows)), 0.0) if windows else None
    kinds = {
        "Brier loss beyond what the mix of rows explains, per 1,000 rows": ("brier_excess", "brier_variance"),
        "Wrong decisions beyond those foreseen, per 1,000 rows": ("wrong_excess", "wrong_variance"),
    }
    series = {title: [(each, each[a], each[b]) for each in evidence["harm"]] for title, (a, b) in kinds.items()}
    title = max(series, key=lambda name: _clearness(series[name]))
    name = " ".join(title.split()[:2])
    return Panel(name, title, tuple(_excess(series[title])), 0.0) if series[title] else None


Excess = tuple[Json, float, float]


def _clearness(windows: Sequence[Excess]) -> float:
    """Return how many standard deviations the clearest window lies above nothing."""
    return max((total / math.sqrt(variance) for _, total, variance in windows if variance > 0), default=0.0)


def _excess(windows: Iterable[Excess]) -> Iterator[Point]:
    for window, total, variance in windows:
        if window["rows"]:
            chance = 1000 * SIGMAS * math.sqrt(max(variance, 0.0)) / window["rows"]
            start, end, value = *_span(window), 1000 * total / window["rows"]
            yield Point(start, end, value, band=(-chance, chance), strange=value > chance)


def _positives(evidence: Json, checks: Iterable[Json]) -> Panel | None:
    points: dict[Span, Point] = {}
    for check in checks:
        labels = check["labels"]
        if labels and labels["expected_positives"] and labels["expected_positives_sd"]:
            due, chance = labels["expected_positives"], SIGMAS * labels["expected_positives_sd"]
            start, end = _span(labels)
            band, other = (1 - chance / due, 1 + chance / due), check["champion"] != evidence["champion"]
            strange = abs(labels["positives"] - due) > chance
            points[start, end] = Point(start, end, labels["positives"] / due, band=band, strange=strange, other=other)
    title = "Positive labels for each one that the scores foresee"
    return Panel("positive labels", title, _ordered(points), 1.0) if points else None


def _feature(found: Json, checks: Sequence[Json]) -> Panel | None:
    """Return the distance of the feature to blame; where there is none, how many features moved at all."""
    blamed = [each["feature"] for each in found["blame"]]
    names = {feature["name"] for check in checks for feature in check["features"]}
    name = next((each for each in blamed if each in names), None)
    points: dict[Span, Point] = {}
    for check in checks:
        known = [each for each in check["features"] if each["psi"] is not None and name in (None, each["name"])]
        if known and check["start"] and check["end"]:
            span = _span(check)
            points[span] = _distance(span, known[0]) if name else _share(span, known)
    if not points:
        return None
    if name:
        name = words.cut(name, _LONGEST)
        return Panel(f"PSI of {name}", f"{name}: distance from the reference (PSI)", _ordered(points))
    return Panel("moved features", "Features further from the reference than chance (PSI), % of all", _ordered(points))


def _distance(span: Span, feature: Json) -> Point:
    psi, noise = feature["psi"], feature["psi_noise"]
    if noise is None:
        return Point(*span, psi)
    return Point(*span, psi, band=(0.0, noise), strange=psi > noise)


def _share(span: Span, features: Sequence[Json]) -> Point:
    return Point(*span, 100 * sum(each["psi"] > (each["psi_noise"] or 0.0) for each in features) / len(features))


def _ordered(points: dict[Span, Point]) -> tuple[Point, ...]:
    return tuple(points[span] for span in sorted(points))


def _bars(found: Json, aside: Sequence[Span]) -> Iterator[Bar]:
    """Yield which rows were looked at, judged by, learned from and compared on."""
    evidence, decided, validation = found["evidence"], found["decision"], found["validation"]
    yield Bar("newest rows", tuple(_spans([evidence])), "soft")
    yield Bar("labelled rows", tuple(_spans([evidence["labels"]])), "soft")
    if decided["action"] == "retrain" and decided["train_from"] and not decided["reuse"]:
        learned = [(_at(decided["train_from"]), _at(decided["train_until"]))]
        out = [*aside, *[(_at(start), _at(end)) for start, end in decided.get("exclude") or ()]]
        yield Bar("trained on", tuple(_without(learned, out)), "good")
    if validation and validation["holdout"]:
        yield Bar("compared on", tuple(_spans([validation["holdout"]])), "open")


def _without(spans: Iterable[Span], out: Iterable[Span]) -> list[Span]:
    """Return what is left of spans when others are cut out."""
    left = list(spans)
    for start, end in out:
        pieces = [piece for a, b in left for piece in ((a, min(b, start)), (max(a, end), b))]
        left = [(a, b) for a, b in pieces if a < b]
    return sorted(set(left))


def _clipped(spans: Iterable[Span], start: datetime, end: datetime) -> Iterator[Span]:
    for a, b in spans:
        if a < end and b > start:
            yield max(a, start), min(b, end)


def _spans(documents: Iterable[Json | None]) -> Iterator[Span]:
    for each in documents:
        if each and each["start"] and each["end"]:
            yield _span(each)


def _span(document: Json) -> Span:
    return _at(document["start"]), _at(document["end"])


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _time(text: str | None) -> datetime | None:
    return _at(text) if text else None
