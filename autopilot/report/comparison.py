"""The page's tables of champion against challenger: differences, metrics, calibration, checks."""

from autopilot import words
from autopilot.report import pictures
from autopilot.report.markup import Markup, items, joined, table, tag
from autopilot.report.reading import (
    check_name,
    deciding_metric,
    is_slice,
    lost_slices,
    metric_names,
    part_name,
    parts_once,
    rows_head,
    rows_of,
    slices_kept,
)
from graph.model import Json
from graph.policy.metrics import LOWER_IS_BETTER, OF_NUMBERS, better_by

_MOST_FOUND = 5
_SCALE = "Drawn on one scale; the mark is no difference, green better for certain, red worse."
_TONE = {"passed": "good", "failed": "bad", "error": "bad", "inconclusive": "open"}


def differences(comparison: Json) -> Markup:
    """Return the paired differences with a picture each; the same for the slices, those found by search, and errors."""
    parts: list[Json] = comparison["differences"]
    whole = parts_once([part for part in parts if not is_slice(part)])
    slices = [part for part in parts if is_slice(part)]
    found = comparison["found"][:_MOST_FOUND]
    searched = f"Losing slices, the surest of {words.count(comparison['searched'], 'slice')} of single features"
    furthest = pictures.reach(part["difference"] for part in (*parts, *found))
    return joined(
        [
            tag("p", f"{_blocks(parts)}{_SCALE}", class_="note") if parts else "",
            _differences("", whole, furthest),
            _differences("Slices", slices, furthest),
            _differences(searched, found, furthest),
            _beside_first(comparison["origin"]),
            _differences("Wrong decisions per row", parts_once(comparison["errors"]), _reach(comparison["errors"])),
        ]
    )


def _blocks(parts: list[Json]) -> str:
    blocks = max(part["blocks"] for part in parts)
    return f"Intervals are of {words.count(blocks, 'block')} of time, resampled as wholes. " if blocks else ""


def _beside_first(origin: Json | None) -> Markup:
    """Return the difference to the version that was approved first, where that one was scored."""
    parts = [origin] if origin else []
    return _differences("Beside the version that was approved first", parts, _reach(parts), "approved first")


def _reach(parts: list[Json]) -> float:
    return pictures.reach(part["difference"] for part in parts)


def _differences(title: str, parts: list[Json], furthest: float, other: str = "champion") -> Markup:
    if not parts:
        return Markup("")
    metric = parts[0]["metric"]
    head = [
        f"{metric} on",
        "better +, worse −, 95 %",
        "worse ┊ better",
        other,
        "challenger",
        rows_head(metric),
    ]
    rows = table(head, [_difference(part, furthest) for part in parts], "gains")
    return joined([tag("h3", title) if title else "", rows])


def _difference(part: Json, furthest: float) -> list[str]:
    return [
        _name(part["name"]),
        words.interval(part["difference"], signed=True),
        pictures.difference(part["difference"], furthest),
        words.number(part["champion"]),
        words.number(part["challenger"]),
        rows_of(part),
    ]


def _name(name: str) -> str:
    return "all rows" if name == "origin" else part_name(name.removeprefix("found:"))


def metrics(found: Json) -> Markup:
    """Return every metric of both over all rows; the better one stands out."""
    comparison = found["validation"]["comparison"]
    names = metric_names(comparison, deciding_metric(found))
    rows = [[_direction(name), *_both(name, comparison["metrics"][name])] for name in names]
    own = [[f"{name}, by your command", *_both(name, entry)] for name, entry in sorted(comparison["custom"].items())]
    flips = f"{comparison['negative_flips']:,} of {words.count(comparison['rows'], 'row')} went from right to wrong."
    decided = found["validation"]["champion"] and not OF_NUMBERS & set(names)
    said = tag("p", flips, class_="note") if decided else ""
    return joined(
        [tag("h3", "All metrics, all rows"), table(["metric", "champion", "challenger"], [*rows, *own]), said]
    )


def _direction(name: str) -> str:
    return f"{name} (less is better)" if name in LOWER_IS_BETTER else name


def _both(name: str, entry: Json) -> list[str]:
    champion, challenger = entry.get("champion"), entry.get("challenger")
    cells = [words.number(champion), words.number(challenger)]
    if champion is None or challenger is None or champion == challenger:
        return cells
    better = int(better_by(name, challenger, champion) > 0)
    return [tag("span", cell, class_="better") if at == better else cell for at, cell in enumerate(cells)]


def calibration(comparison: Json) -> Markup:
    """Return how far each model's scores can be read as probabilities, and how long one takes."""
    kinds = ("brier", "slope", "intercept", "mean_score", "positive_share")
    rows = [
        [side, *[words.number(known.get(kind)) for kind in kinds], _latency(comparison, side)]
        for side in ("champion", "challenger")
        if (known := comparison["calibration"].get(side))
    ]
    head = ["model", *[words.spoken(kind) for kind in kinds], "p95 per row"]
    return joined([tag("h3", "Calibration and latency"), table(head, rows)]) if rows else Markup("")


def _latency(comparison: Json, side: str) -> str:
    measured = comparison["latency_ms"].get(side)
    return words.NOTHING if measured is None else f"{measured:.1f} ms"


def checks(found: Json) -> Markup:
    """Return the checks with marks and words, those that did not pass first; slices share a line, their table tells."""
    ordered = sorted(found["validation"]["checks"], key=lambda check: check["outcome"] == "passed")
    slices = [check["outcome"] for check in ordered if is_slice(check)]
    lost = [_check(_times(len(slices) - slices.count("passed")), "failed", text) for text in lost_slices(found)]
    kept = slices.count("passed")
    shown = [
        _check(check_name(check["name"]), check["outcome"], check["detail"]) for check in ordered if not is_slice(check)
    ]
    passed = [_check(_times(kept), "passed", slices_kept(found))] if kept else []
    title = tag("h3", f"{words.count(len(ordered), 'check')}: {_counted([check['outcome'] for check in ordered])}")
    return joined([title, items([*lost, *shown, *passed], class_="marked")])


def _times(number: int) -> str:
    return f"slices ({words.count(number, 'check')})"


def _counted(outcomes: list[str]) -> str:
    """Return how many checks came out how; none of a kind is said, too, but for errors."""
    kinds = ["passed", "failed", "inconclusive", *(["error"] if "error" in outcomes else [])]
    return ", ".join(f"{outcomes.count(kind)} {kind}" for kind in kinds)


def _check(name: str, outcome: str, detail: str) -> Markup:
    mark = tag("i", words.MARK[outcome], class_=_TONE[outcome])
    return joined([mark, tag("b", name), f" {detail or outcome}"])
