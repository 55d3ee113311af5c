"""What a check of one model costs: a day of its log against the reference, 40 features, scores and labels.

Three sides, each in processes of its own, from Parquet to the evidence as a dict. *Ours* is the monitor of `autopilot
run` with its profile, which was made before (its cost is shown apart); the *floor* decodes the same columns and does
nothing with them; the *peers* are NannyML (drift by KS, JS, Wasserstein and chi-square, and CBPE) and Evidently (its
drift preset, PSI). CPU seconds are user + system with all children; each figure is the median of rounds in turn.

The short form runs ours and the floor at 50k and 1M rows, and the peers at 50k where their environments exist already.
FULL=1 makes those (.autopilot/bench, 3 GB, some minutes), runs the peers at 1M too, and ours on ten days of 1M rows.
"""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.drift import workload
from benchmarks.drift.peers import PEERS, Peer, install
from benchmarks.drift.processes import Cost, environment, run
from benchmarks.outcome import Mark, report

FULL = os.environ.get("FULL") == "1"
SIZES = {"50k": 50_000, "1m": 1_000_000}
MANY_DAYS = 10
ROUNDS = 3
MOST = {
    "ours_over_nannyml_50k": 1 / 15,
    "ours_over_evidently_50k": 1 / 15,
    "ours_over_nannyml_1m": 1 / 40,
    "ours_over_evidently_1m": 1 / 80,
    "ours_over_decode_1m": 4.0,
    "ours_rss_gb_1m": 0.7,
    "rss_10m_over_1m": 1.3,
}
LAST_FULL = (
    "2026-11-27, two processors shared with other work (load 8 to 15). At 1M rows 2.96 s CPU, 0.31 GB, 2.8 x decode; "
    "NannyML 35 x (missed: 40), Evidently 62 x (missed: 80). At 50k NannyML 14 x (missed: 15), Evidently 16 x. "
    "Ten days of 1M rows 15.7 s, 0.27 GB. Counting in blocks came later: 2.6 s at 1M, 1.3 s at 50k"
)


@dataclass(frozen=True, slots=True)
class Log:
    """A log written for one run, and how many days its window has."""

    folder: Path
    days: int = 1

    @property
    def profile(self) -> Path:
        """Return where our side keeps its profiles."""
        return self.folder / "profile.json"

    @property
    def ours(self) -> list[str]:
        """Return the command of our side."""
        module = "benchmarks.drift.ours"
        return [sys.executable, "-m", module, str(self.folder), str(self.profile), str(self.days)]

    @property
    def floor(self) -> list[str]:
        """Return the command that decodes the first day after the reference."""
        return [sys.executable, "-m", "benchmarks.drift.floor", str(workload.path_of(self.folder, 1))]


def main() -> int:
    """Measure, print, return the exit code."""
    scratch = Path(tempfile.mkdtemp(prefix="ap-drift-"))
    try:
        return _measure(scratch)
    finally:
        shutil.rmtree(scratch)


def _measure(scratch: Path) -> int:
    if FULL:
        for peer in PEERS:
            install(peer)
    peers = [peer for peer in PEERS if peer.installed]
    print(f"CPU seconds of whole processes, {len(workload.COLUMNS)} columns of Parquet to evidence as a dict")
    figures: dict[str, float] = {}
    for name, rows in SIZES.items():
        figures |= _size(scratch, name, rows, peers if FULL or name == "50k" else [])
    if FULL:
        figures |= _many_days(scratch)
        figures["rss_10m_over_1m"] = figures["ours_rss_gb_10m"] / figures["ours_rss_gb_1m"]
    else:
        print(f"short form: no peer at 1M rows, no ten days. The last full run: {LAST_FULL}")
    marks: list[Mark] = [(name, "gate", most, figures[name]) for name, most in MOST.items() if name in figures]
    return report("drift", figures, marks)


def _size(scratch: Path, name: str, rows: int, peers: Sequence[Peer]) -> dict[str, float]:
    log = Log(scratch / name)
    workload.write(log.folder, rows)
    sides = {"ours": log.ours, "decode": log.floor, **{peer.name: peer.command(log.folder) for peer in peers}}
    if name == "50k":
        for command in sides.values():
            run(command, environment(scratch))  # leaves compiled modules behind
        log.profile.unlink()
    first = run(log.ours, environment(scratch))
    costs: dict[str, list[Cost]] = {side: [] for side in sides}
    for number in range(ROUNDS):
        for side, command in sides.items():
            # A peer's minutes at a million rows are taken once.
            if number == 0 or name == "50k" or side in ("ours", "decode"):
                costs[side].append(run(command, environment(scratch)))
    _look_at(costs["ours"][0], rows)
    figures = _shown(name, costs)
    figures[f"profile_cpu_s_{name}"] = first.cpu_s - figures[f"ours_cpu_s_{name}"]
    print(f"{name:>5} the profile, once: {figures[f'profile_cpu_s_{name}']:.2f} s CPU")
    shutil.rmtree(log.folder)
    return figures


def _shown(name: str, costs: dict[str, list[Cost]]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for side, taken in costs.items():
        cpu, wall = median(cost.cpu_s for cost in taken), median(cost.wall_s for cost in taken)
        memory = max(cost.rss_gb for cost in taken)
        figures |= {f"{side}_cpu_s_{name}": cpu, f"{side}_rss_gb_{name}": memory}
        ratio = cpu / figures[f"ours_cpu_s_{name}"]
        print(f"{name:>5} {side:>10}: {cpu:7.2f} s CPU, {wall:7.2f} s wall, {memory:.2f} GB; {ratio:.2f} × ours")
        if side != "ours":
            figures[f"ours_over_{side}_{name}"] = 1 / ratio
    return figures


def _many_days(scratch: Path) -> dict[str, float]:
    """Return what ten days cost us whose buckets, a day each, were not counted before."""
    log = Log(scratch / "10m", MANY_DAYS)
    workload.write(log.folder, SIZES["1m"], MANY_DAYS)
    run(log.ours, environment(scratch))
    cost = run(log.ours, environment(scratch))
    _look_at(cost, MANY_DAYS * SIZES["1m"])
    return _shown("10m", {"ours": [cost]})


def _look_at(cost: Cost, rows: int) -> None:
    """Raise SystemExit when the evidence is not that of this many rows: then nothing was measured."""
    found = json.loads(cost.printed)
    seen = [feature["rows"] for feature in found["features"]]
    if seen != [rows] * len(workload.FEATURES) or found["labels"]["realised"] is None:
        raise SystemExit(f"the evidence does not tell of {rows} rows with labels: nothing was measured")


if __name__ == "__main__":
    sys.exit(main())
