"""From results to figures: avoidable cost left over, right actions, and what must never happen."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from statistics import mean, median

import numpy as np

from benchmarks.decide.job import Result
from benchmarks.decide.memory import Run

CONSEQUENTIAL = ("promote", "alert data", "alert label")
RESAMPLED = 400
Figure = Callable[[list[Result]], float]


def per_family(results: Iterable[Result], value: Callable[[Result], float]) -> float:
    """Return the mean over families of the mean over a family's streams."""
    families = defaultdict(list)
    for result in results:
        families[result.job.family].append(value(result))
    return mean(mean(values) for values in families.values())


def left_over(results: list[Result], name: str = "policy") -> float:
    """Return J: 0 = the one who knows, 1 = nobody did anything, above 1 = harm done."""
    avoidable = per_family(results, lambda r: r.runs["never"].cost - r.runs["oracle"].cost)
    left = per_family(results, lambda r: r.runs[name].cost - r.runs["oracle"].cost)
    return left / avoidable if avoidable > 0 else float("nan")


def interval(results: list[Result], figure: Figure) -> tuple[float, float]:
    """Return a 90 % bootstrap interval over streams."""
    random = np.random.default_rng(0)
    drawn = (random.integers(len(results), size=len(results)) for _ in range(RESAMPLED))
    values = [figure([results[at] for at in rows]) for rows in drawn]
    known = [value for value in values if np.isfinite(value)] or [float("nan")]
    low, high = np.quantile(known, [0.05, 0.95])
    return float(low), float(high)


def acted_right(result: Result, name: str = "policy") -> bool:
    """Whether the set of consequential actions is the right one, and no promotion came before the change."""
    run = result.runs[name]
    early = any(a.did == "promote" and a.t < (result.change or 0) for a in run.actions)
    return {a.did for a in run.actions if a.did in CONSEQUENTIAL} == result.right and not early


def accuracy(results: list[Result], name: str = "policy") -> float:
    """Return the share of streams acted in rightly, mean over families."""
    return per_family(results, lambda r: float(acted_right(r, name)))


def on_broken(results: list[Result], name: str = "policy") -> float:
    """Count promotions that stand on broken rows or labels."""
    return sum(a.on_broken for r in results for a in r.runs[name].actions)


def quiet_promotions(results: list[Result], name: str = "policy") -> float:
    """Return promotions per 100 ticks in which there is nothing to do."""
    ticks = sum(_quiet_until(r) for r in results)
    return 100 * sum(_count(r.runs[name], "promote", _quiet_until(r)) for r in results) / max(ticks, 1)


def alerts(results: list[Result], name: str = "policy") -> float:
    """Return alerts per 100 ticks."""
    ticks = sum(len(r.runs[name].harm) for r in results)
    return 100 * sum(_count(r.runs[name], "alert", len(r.runs[name].harm)) for r in results) / max(ticks, 1)


def over_never(result: Result, name: str = "policy") -> float:
    """Return what a stream cost more than if nobody had acted."""
    return result.runs[name].cost - result.runs["never"].cost


def worst(results: list[Result], name: str = "policy") -> float:
    """Return the largest of these."""
    return max(over_never(result, name) for result in results)


def reaction(results: list[Result], action: str, name: str = "policy") -> float:
    """Return the median ticks to the first action of this kind where it is right; ticks of waiting for labels are free.

    Streams without such an action do not count here; they count as wrong actions.
    """
    waits = [wait for r in results if action in r.right and (wait := _wait(r, action, name)) is not None]
    return median(waits) if waits else float("nan")


def _wait(result: Result, action: str, name: str) -> float | None:
    since = result.change if action == "promote" else result.starts
    acted = [a.t for a in result.runs[name].actions if a.did == action and a.t >= (since or 0)]
    return acted[0] - (since or 0) - (0 if action == "alert data" else result.delay) if acted else None


def _quiet_until(result: Result) -> int:
    return len(result.runs["never"].harm) if result.starts is None else result.starts


def _count(run: Run, did: str, until: int) -> int:
    return sum(a.did.startswith(did) and a.t < until for a in run.actions)
