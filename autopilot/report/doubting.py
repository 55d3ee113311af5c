"""What speaks against a recommendation or leaves it open; of a challenger that was refused, why. The worst first.

What headline and numbers say already is not said again.
"""

from collections.abc import Iterator

from autopilot import words
from autopilot.report.reading import (
    challenger_noun,
    check_name,
    compared_gain,
    decides,
    deciding_metric,
    is_slice,
    loss_text,
    lost_slices,
    metric_names,
    part,
    part_name,
)
from graph.model import Json
from graph.policy.metrics import better_by
from graph.policy.requirements import STRAIGHT, spread

SLOWER = 1.25
"""A p95 this many times the champion's is worth a word where no limit is set."""
NEWLY_WRONG = 0.01
"""Share of rows that go from right to wrong from which on it is worth a word."""


def doubts_title(found: Json) -> str:
    """Return what the box is called: doubts about what passed, reasons for what did not."""
    return "doubts" if found["validation"]["outcome"] == "passed" else "why not"


def doubts(found: Json) -> list[str]:
    """Return what speaks against the recommendation, or leaves it open; the worst first."""
    validation, comparison = found["validation"], found["validation"]["comparison"]
    said = list(_unpassed(found))
    if comparison is None:
        return [*said, "both models' numbers are as their pipelines logged them; nothing was scored here"]
    if comparison["load_error"]:
        return said
    said += [*lost_slices(found), *_untested(found, comparison), *_uncertain(found)]
    said += [check["detail"] for check in validation["checks"] if _untold(check)]
    said += [*_slices(found, comparison), *_losses(found, comparison), *_calibration(found, comparison)]
    return [*said, *_flips(found, comparison), *_latency(found, comparison)]


def _unpassed(found: Json) -> Iterator[str]:
    """Yield the checks that did not pass, those that failed first; the metric stands in the headline."""
    told = compared_gain(found) is not None
    order = ("error", "failed", "inconclusive")
    checks = [check for check in found["validation"]["checks"] if check["outcome"] in order and not is_slice(check)]
    for check in sorted(checks, key=lambda check: order.index(check["outcome"])):
        if not (told and check["name"] == "superiority"):
            yield f"{check_name(check['name'])} {check['outcome']}: {check['detail']}"


def _untested(found: Json, comparison: Json) -> Iterator[str]:
    """Yield on which rows nothing was compared."""
    if found["validation"]["champion"] is None:
        yield "there is no champion to compare with: only the minimums speak"
    elif part(comparison, "harm") and not part(comparison, "rest"):
        holdout = found["validation"]["holdout"]
        rows = f", {_days(holdout)}" if holdout else ""
        yield (
            f"compared on the window that triggered only{rows}: rows from before it, and other seasons, were not tested"
        )


def _uncertain(found: Json) -> Iterator[str]:
    """Yield that the harm which started the run is not certain, or not over all of its rows."""
    decided, labels = found["decision"], found["evidence"]["labels"] if found["evidence"] else None
    if not labels or not decided or decided["verdict"] != "degraded":
        return
    excess = labels["brier_excess"] or labels.get("loss_excess")
    if words.interval(excess) == words.NOTHING or excess["low"] > 0:
        return
    seen = f"{loss_text(labels)} {words.interval(excess)}"
    if decided.get("since"):
        since = words.day(decided["since"])
        yield f"harm is certain from {since} on, not over all of {_days(labels)}: {seen} includes zero"
    else:
        yield f"harm is not certain: {seen} includes zero"


def _days(rows: Json) -> str:
    return f"{words.day(rows['start'])} until {words.day(rows['end'])}"


def _untold(check: Json) -> bool:
    """Tell whether a check held nothing against the challenger only because nothing could be compared."""
    return check["name"] == "origin" and check["outcome"] == "passed" and check["value"] is None


def _slices(found: Json, comparison: Json) -> Iterator[str]:
    parts = [each for each in comparison["differences"] if is_slice(each)]
    limits = {check["name"]: check for check in found["validation"]["checks"] if is_slice(check)}
    passed = {name for name, check in limits.items() if check["outcome"] == "passed"}
    worse = [each for each in parts if (_value(each) or 0) < 0 and (each["name"] in passed or not limits)]
    least = found["policy"]["validation"]["min_positives"] if found["policy"] else 0
    thin = [f"{part_name(each['name'])} ({each['positives']})" for each in parts if each["positives"] < least]
    if worse:
        margin = next((abs(check["limit"]) for check in limits.values() if check["limit"] is not None), None)
        allowed = f" of {words.number(margin)}" if margin is not None else ""
        of = words.count(len(parts), "slice")
        by_how_much = f"by more than the margin{allowed} in none for certain: {_losses_of(worse)}"
        yield f"worse in {len(worse)} of {of}, {by_how_much}"
    if thin:
        yield f"few positives to judge by: {', '.join(thin)}"


def _losses_of(parts: list[Json]) -> str:
    ordered = sorted(parts, key=lambda each: _value(each) or 0)
    return ", ".join(f"{part_name(each['name'])} by {words.number(-(_value(each) or 0.0))}" for each in ordered)


def _value(difference: Json) -> float | None:
    interval = difference["difference"]
    value: float | None = interval["value"] if interval else None
    return value


def _losses(found: Json, comparison: Json) -> Iterator[str]:
    """Yield the metrics that are worse; the one that decides only where no headline says it."""
    decides_by = deciding_metric(found) if compared_gain(found) is not None else None
    said = []
    for name in metric_names(comparison, decides_by):
        champion, challenger = (comparison["metrics"][name].get(side) for side in ("champion", "challenger"))
        both = champion is not None and challenger is not None
        if both and name != decides_by and better_by(name, challenger, champion) < 0:
            said.append(f"{name} {words.number(challenger)} against {words.number(champion)}")
    if said:
        also = "also " if found["validation"]["outcome"] != "passed" and decides_by else ""
        yield f"{also}worse over all rows: {', '.join(said)}"


def _calibration(found: Json, comparison: Json) -> Iterator[str]:
    slope = comparison["calibration"].get("challenger", {}).get("slope")
    told = any(
        check["name"] == "calibration" and check["outcome"] != "passed" and "slope" in check["detail"]
        for check in found["validation"]["checks"]
    )
    if slope is not None and not told and not 1 / STRAIGHT <= slope <= STRAIGHT:
        yield f"{challenger_noun(found)}'s calibration: {spread(slope)}, slope {words.number(slope)} where 1 is right"


def _flips(found: Json, comparison: Json) -> Iterator[str]:
    flips, rows = comparison["negative_flips"], comparison["rows"]
    if found["validation"]["champion"] and decides(comparison) and rows and flips / rows >= NEWLY_WRONG:
        yield f"newly wrong: {words.count(flips, 'row')} ({words.share(flips, rows)}) that the champion had right"


def _latency(found: Json, comparison: Json) -> Iterator[str]:
    measured = comparison["latency_ms"]
    champion, challenger = measured.get("champion"), measured.get("challenger")
    limit = found["policy"]["validation"]["max_latency_ms"] if found["policy"] else None
    if champion and challenger and limit is None and challenger >= SLOWER * champion:
        yield f"slower: p95 {challenger:.1f} ms per row against {champion:.1f} ms, and no limit is set"
