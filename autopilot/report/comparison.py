"""The page's tables of champion against challenger: differences, metrics, calibration, checks."""

from autopilot import words
from autopilot.report import pictures
from autopilot.report.markup import Markup, items, joined, table, tag
from autopilot.report.reading import deciding_metric, is_slice, lost_slices, metric_names, part_name
from graph.model import Json
from graph.policy.metrics import LOWER_IS_BETTER, better_by

_TONE = {"passed": "good", "failed": "bad", "error": "bad", "inconclusive": "open"}


def differences(comparison: Json) -> Markup:
    """Return the paired differences with a picture each, then the same for the slices."""
    parts: list[Json] = comparison["differences"]
    furthest = pictures.reach(part["difference"] for part in parts)
    whole = [part for part in parts if not is_slice(part)]
    slices = [part for part in parts if is_slice(part)]
    return joined(
        [
            _differences(whole, furthest),
            tag("h3", "Slices") if slices else "",
            _differences(slices, furthest),
        ]
    )


def _differences(parts: list[Json], furthest: float) -> Markup:
    if not parts:
        return Markup("")
    head = [f"{parts[0]['metric']} on", "better by, 95 %", "champion", "challenger", "rows (positive)", "blocks"]
    return table(head, [_difference(part, furthest) for part in parts])


def _difference(part: Json, furthest: float) -> list[str]:
    drawn = pictures.difference(part["difference"], furthest)
    return [
        part_name(part["name"]),
        tag("div", tag("span", words.interval(part["difference"], signed=True)), drawn, class_="drawn"),
        words.number(part["champion"]),
        words.number(part["challenger"]),
        f"{part['rows']:,} ({part['positives']:,})",
        f"{part['blocks']:,}",
    ]


def metrics(found: Json) -> Markup:
    """Return every metric of both over all rows; the better one stands out."""
    comparison = found["validation"]["comparison"]
    names = metric_names(comparison, deciding_metric(found))
    rows = [[_direction(name), *_both(name, comparison["metrics"][name])] for name in names]
    own = [[f"{name}, by your command", *_both(name, entry)] for name, entry in sorted(comparison["custom"].items())]
    flips = f"{comparison['negative_flips']:,} of {words.count(comparison['rows'], 'row')} went from right to wrong."
    said = tag("p", flips, class_="note") if found["validation"]["champion"] else ""
    return joined([tag("h3", "All metrics, all rows"), table(["", "champion", "challenger"], [*rows, *own]), said])


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
    head = ["", *[words.spoken(kind) for kind in kinds], "p95 per row"]
    return joined([tag("h3", "Calibration and latency"), table(head, rows)]) if rows else Markup("")


def _latency(comparison: Json, side: str) -> str:
    measured = comparison["latency_ms"].get(side)
    return words.NOTHING if measured is None else f"{measured:.1f} ms"


def checks(found: Json) -> Markup:
    """Return the checks with marks and words, those that did not pass first; slices are counted, their table tells."""
    ordered = sorted(found["validation"]["checks"], key=lambda check: check["outcome"] == "passed")
    slices = [check["outcome"] for check in ordered if is_slice(check)]
    lost = [_check("slices", "failed", text) for text in lost_slices(found)]
    kept = f"no loss shown in {words.count(slices.count('passed'), 'slice')}"
    shown = [_check(check["name"], check["outcome"], check["detail"]) for check in ordered if not is_slice(check)]
    passed = [_check("slices", "passed", kept)] if "passed" in slices else []
    return items([*lost, *shown, *passed], class_="marked")


def _check(name: str, outcome: str, detail: str) -> Markup:
    mark = tag("i", words.MARK[outcome], class_=_TONE[outcome])
    return joined([mark, tag("b", name), f" {detail or outcome}"])
