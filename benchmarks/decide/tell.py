"""What the benchmark prints: a line for each stream, then tables, and where a miss comes from."""

from collections.abc import Iterable
from functools import partial
from statistics import mean

from benchmarks.decide import score
from benchmarks.decide.families import GROUP
from benchmarks.decide.job import Result
from benchmarks.decide.peers import PEERS
from benchmarks.decide.world import Action


def line(result: Result) -> str:
    """Return one line: right or not, costs, what was done when, what there was to do."""
    runs = result.runs
    costs = " ".join(f"{name} {runs[name].cost:.0f}" for name in ("policy", "never", "oracle") if name in runs)
    mark = "     " if "oracle" not in runs else "right" if score.acted_right(result) else "WRONG"
    best = f" | oracle: {_did(runs['oracle'].actions)}" if "oracle" in runs else ""
    since = "" if result.starts is None else f" | from {result.starts}"
    since += f", change {result.change}" if result.change not in (None, result.starts) else ""
    return (
        f"{mark} {result.job.name:27s} {costs} | {_did(runs['policy'].actions)}{best}{since}"
        f"{' ' + result.detail if result.detail else ''} | {result.seconds:.1f} s"
    )


def _did(actions: Iterable[Action]) -> str:
    """Return actions with their ticks; a promotion on broken rows or labels has a mark."""
    return " ".join(f"{a.did.removeprefix('alert ')}@{a.t}{'!' if a.on_broken else ''}" for a in actions) or "nothing"


def families(results: list[Result]) -> Iterable[str]:
    """Yield a table of families, then of groups."""
    yield f"{'family':18s}{'streams':>8s}{'policy':>8s}{'never':>8s}{'oracle':>8s}{'J':>7s}{'right':>7s}"
    by_family: dict[str, list[Result]] = {}
    by_group: dict[str, list[Result]] = {}
    for result in results:
        by_family.setdefault(result.job.family, []).append(result)
        by_group.setdefault(f"all {GROUP[result.job.family]}", []).append(result)
    for name, some in (*by_family.items(), *by_group.items()):
        costs = "".join(f"{mean(r.runs[run].cost for r in some):8.0f}" for run in ("policy", "never", "oracle"))
        yield f"{name:18s}{len(some):8d}{costs}{score.left_over(some):7.2f}{score.accuracy(some):7.2f}"


def peers(results: list[Result]) -> Iterable[str]:
    """Yield a table of the policy beside its peers, then the paired difference to the best of them."""
    yield f"{'':12s}{'J':>6s}{'90 %':>16s}{'right':>7s}{'quiet':>7s}{'broken':>8s}{'worst':>8s}"
    names = [name for name in ("policy", "never", *PEERS) if name in results[0].runs]
    for name in names:
        low, high = score.interval(results, partial(score.left_over, name=name))
        counts = f"{score.quiet_promotions(results, name):7.2f}{score.on_broken(results, name):8.0f}"
        j, right = score.left_over(results, name), score.accuracy(results, name)
        yield f"{name:12s}{j:6.2f}  [{low:5.2f}, {high:5.2f}]{right:7.2f}{counts}{score.worst(results, name):8.0f}"
    if len(names) > 2:
        best = min(names[2:], key=lambda name: score.left_over(results, name))

        def difference(some: list[Result]) -> float:
            return score.left_over(some) - score.left_over(some, best)

        low, high = score.interval(results, difference)
        yield f"J less that of the best peer, {best}: {difference(results):.2f} [{low:.2f}, {high:.2f}]"
    yield "quiet: promotions per 100 quiet ticks; broken: on broken rows or labels; worst: stream, over never"


def reactions(results: list[Result]) -> str:
    """Return how long right actions took."""
    waits = {action: score.reaction(results, action) for action in score.CONSEQUENTIAL}
    said = ", ".join(f"{action} {wait:.0f}" for action, wait in waits.items())
    often = f"alerts per 100 ticks {score.alerts(results):.2f}"
    return f"median ticks to the right action, the labels' delay taken off: {said}; {often}"


def reasons(results: list[Result]) -> Iterable[str]:
    """Yield where the figures come from: the families that leave most, and each stream that misses a mark by itself."""
    left: dict[str, list[float]] = {}
    for r in results:
        left.setdefault(r.job.family, []).append(r.runs["policy"].cost - r.runs["oracle"].cost)
    most = sorted(left, key=lambda name: -mean(left[name]))[:5]
    yield "most is left in: " + ", ".join(f"{name} {mean(left[name]):.0f}" for name in most)
    tests = {
        "acted wrongly": lambda r: not score.acted_right(r),
        "promoted on broken rows or labels": lambda r: score.on_broken([r]) > 0,
        "promoted in quiet ticks": lambda r: score.quiet_promotions([r]) > 0,
        "cost over never + 160": lambda r: score.over_never(r) > 160,
    }
    for what, test in tests.items():
        if names := [r.job.name for r in results if test(r)]:
            yield f"{what}: {' '.join(names)}"


def own_order(own: list[Result]) -> Iterable[str]:
    """Yield what each real table cost in its own order, over doing nothing."""
    for r in own:
        never = {name: round(run.cost / r.runs["never"].cost, 3) for name, run in r.runs.items() if name != "never"}
        yield f"{r.job.bases[0]} in its own order, cost over never: {never}"
