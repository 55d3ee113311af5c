"""How good the shipped policy's judgement is: the avoidable cost that it leaves, in streams whose truth is known.

Streams of many families of change and breakage are played through `autopilot judge`, one process each. FULL=1 plays
all tables and three seeds, then other prices, other sizes of a tick and other algorithms; the short form one of each.
"""

import argparse
import json
import os
import shlex
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from multiprocessing import get_context
from pathlib import Path

from benchmarks.decide import families, own_order, score, tell
from benchmarks.decide.ground import BASES
from benchmarks.decide.job import Job, NoResult, Result, run
from benchmarks.decide.plan import Setting
from benchmarks.decide.tables import data_folder
from benchmarks.outcome import Mark, report

HELD_OUT = 1000  # added to each seed of the split that nothing is tuned on
VARIANTS = {
    "prices_quarter": {"prices": 0.25},
    "prices_x4": {"prices": 4.0},
    "rows_100": {"rows": 100},
    "rows_2000": {"rows": 2000},
    "logistic": {"algorithm": "logistic"},
    "forest": {"algorithm": "forest"},
}


def main() -> int:
    """Play the streams, print, return the exit code."""
    options = _options()
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    full = os.environ.get("FULL") == "1"
    if data_folder() is None:
        print("weather and elec2: skipped, no folder of real data here (AUTOPILOT_TEST_DATA names one)")
    setting = Setting(options.rows, prices=options.prices, algorithm=options.champion)
    failed: list[NoResult] = []
    results = _play(_jobs(options, setting, full), options, failed)
    own = _play(_own_order(options, setting), options, failed)
    variants = {
        name: _play(_jobs(options, replace(setting, **change), False), options, failed)  # type: ignore[arg-type]
        for name, change in VARIANTS.items()
        if full
    }
    return _told(results, own, variants, len(failed))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--policy", type=shlex.split, default=[sys.executable, "-m", "autopilot", "judge"], help="a command line")
    add("--families", type=_names, default=[*families.ALL, own_order.FAMILY], help="separated by commas")
    add("--bases", type=_names, help="all of them for each family; left out: in turn, in the short form")
    add("--seeds", type=int, help="how many (1; FULL=1: 3)")
    add("--rows", type=int, default=400, help="rows a tick")
    add("--prices", type=float, default=1.0, help="a factor on all prices")
    add("--champion", choices=("boosting", "logistic", "forest"), default="boosting")
    add("--jobs", type=int, default=2, help="streams at once")
    add("--records", type=Path, help="a folder for decision records, costs and actions of each stream")
    add("--split", choices=("public", "held-out"), default="public", help="which seeds")
    add("--no-peers", action="store_true", help="leave the other monitors out")
    add("--remember", type=Path, help="a folder that keeps what does not depend on the policy")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    return text.split(",")


def _jobs(options: argparse.Namespace, setting: Setting, full: bool) -> Iterable[Job]:
    """Yield the streams; where bases are taken in turn, one on which a family makes no sense gives way to the next."""
    first = HELD_OUT * (options.split == "held-out")
    chosen = [name for name in options.families if name != own_order.FAMILY]
    for seed in range(first, first + (options.seeds or (3 if full else 1))):
        for family in chosen:
            turn = (list(families.ALL).index(family) + seed) % len(BASES)
            in_turn = [BASES[turn:] + BASES[:turn]]
            for bases in [(base,) for base in options.bases or (BASES if full else ())] or in_turn:
                yield _job(options, family, bases, seed, setting)


def _own_order(options: argparse.Namespace, setting: Setting) -> Iterable[Job]:
    if own_order.FAMILY in options.families:
        for base in options.bases or own_order.TABLES:
            if base in own_order.TABLES:
                yield _job(options, own_order.FAMILY, (base,), 0, setting)


def _job(options: argparse.Namespace, family: str, bases: tuple[str, ...], seed: int, setting: Setting) -> Job:
    return Job(family, bases, seed, setting, tuple(options.policy), not options.no_peers, options.remember)


def _play(jobs: Iterable[Job], options: argparse.Namespace, failed: list[NoResult]) -> list[Result]:
    """Play streams side by side; print one line as each ends, or why it did not."""
    results = []
    with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:
        for result in pool.map(run, jobs):
            if isinstance(result, NoResult):
                print(result.reason, flush=True)
                failed.extend([result] * result.failed)
                continue
            print(tell.line(result), flush=True)
            _keep(result, options.records)
            results.append(result)
    return results


def _keep(result: Result, folder: Path | None) -> None:
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    setting = result.job.setting
    name = f"{result.job.name.replace('/', '-')}-{setting.rows}-{setting.prices:g}-{setting.algorithm}.json"
    kept = {
        "right": sorted(result.right),
        "starts": result.starts,
        "change": result.change,
        "detail": result.detail,
        "runs": {name: asdict(run) for name, run in result.runs.items()},
        "records": result.records,
    }
    (folder / name).write_text(json.dumps(kept))


def _told(results: list[Result], own: list[Result], variants: dict[str, list[Result]], failed: int) -> int:
    """Print the tables and the last line; return the exit code."""
    figures = {f"own_order_{r.job.bases[0]}": r.runs["policy"].cost / r.runs["never"].cost for r in own}
    marks: list[Mark] = [(name, "goal", 1.02, ratio) for name, ratio in figures.items()]
    marks.append(("failed_streams", "gate", 0, failed))
    figures["failed_streams"] = failed
    if results:
        for text in (*tell.families(results), *tell.peers(results), tell.reactions(results)):
            print(text)
        of_streams, of_marks = _measured(results)
        figures, marks = of_streams | figures, of_marks + marks
    for name, some in variants.items():
        print(f"{name}:", *tell.peers(some), sep="\n")
        figures |= {f"j_{name}": score.left_over(some), f"on_broken_{name}": score.on_broken(some)}
    for text in (*(tell.reasons(results) if results else ()), *tell.own_order(own)):
        print(text)
    return report("decide", figures, marks)


def _measured(results: list[Result]) -> tuple[dict[str, float], list[Mark]]:
    """Return the figures with their 90 % intervals, and the marks."""
    measured: dict[str, score.Figure] = {
        "j": score.left_over,
        "promotions_on_broken": score.on_broken,
        "promotions_per_100_quiet_ticks": score.quiet_promotions,
        "wrong_actions": lambda some: 1 - score.accuracy(some),
        "worst_over_never": score.worst,
    }
    figures = {}
    for name, figure in measured.items():
        figures[name] = figure(results)
        figures[f"{name}_low"], figures[f"{name}_high"] = score.interval(results, figure)
    figures["alerts_per_100_ticks"] = score.alerts(results)
    marks: list[Mark] = [
        ("j", "gate", 0.30, figures["j"]),
        ("promotions_on_broken", "gate", 0, figures["promotions_on_broken"]),
        ("promotions_per_100_quiet_ticks", "gate", 0.05, figures["promotions_per_100_quiet_ticks"]),
        ("wrong_actions", "goal", 0.20, figures["wrong_actions"]),
        ("worst_over_never", "goal", 160, figures["worst_over_never"]),
    ]
    return figures, marks


if __name__ == "__main__":
    sys.exit(main())
