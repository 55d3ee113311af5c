"""Whether the bars of the estimate without labels hold the truth, and whether labels that contradict it are noticed.

A score of known meaning serves shifted traffic; the estimate sees the scores, the truth is what the drawn labels say of
the same rows. Beside it, on the same rows: the bars around what scores say at their word, and the reference's
performance taken for today's. FULL=1: a thousand worlds instead of 150, and small references and rare events too.
"""

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from benchmarks.estimate.world import CHANGED, SHIFTED, THRESHOLD, USUAL, Traffic, cells, rows, truth
from benchmarks.outcome import Mark, report
from graph.evidence import Interval
from graph.policy.estimate_rules import CONTRADICTED
from tools.profile.counting import MILLION
from tools.profile.estimate import contradiction, estimate
from tools.profile.profile import ScoreProfile
from tools.profile.scores import score_profile

FULL = os.environ.get("FULL") == "1"
WORLDS = 1_000 if FULL else 150
REFERENCE, SMALL_REFERENCE = 20_000, 2_000
WINDOWS = (500, 5_000, 50_000)
LABELLED = 500
METRICS = ("roc_auc", "accuracy", "f1", "precision", "recall")
RARE = -3.5
SEED = 20_260_302
_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> int:
    """Measure, print, return the exit code."""
    print(f"share of {WORLDS} worlds whose truth lies inside the 95 % bars, reference of {REFERENCE:,} rows")
    figures = _coverage("", REFERENCE)
    if FULL:
        print(f"the same, reference of {SMALL_REFERENCE:,} rows")
        figures |= _coverage("small_", SMALL_REFERENCE)
    covered = np.array([[figures[f"cover_{window}_{metric}"] for metric in METRICS] for window in WINDOWS])
    caught, false = _contradictions(USUAL.level)
    print(f"{LABELLED} labels contradict a halved slope in {caught:.3f} of worlds, an unchanged one in {false:.3f}")
    for name, values in (("window", covered.mean(1)), ("metric", covered.ravel())):
        figures |= {f"{name}_covered": float(values.max()), f"{name}_uncovered": 1 - float(values.min())}
    figures |= {"missed_change": 1 - caught, "false_contradiction": false}
    if FULL:
        caught, false = _contradictions(RARE)
        print(f"where one row in twenty is positive: {caught:.3f} and {false:.3f}")
        figures |= {"rare_missed_change": 1 - caught, "rare_false_contradiction": false}
    marks: list[Mark] = [
        ("window_covered", "gate", 0.98, figures["window_covered"]),
        ("window_uncovered", "gate", 0.10, figures["window_uncovered"]),
        ("metric_covered", "goal", 0.98, figures["metric_covered"]),
        ("metric_uncovered", "goal", 0.10, figures["metric_uncovered"]),
        ("missed_change", "gate", 0.10, figures["missed_change"]),
        ("false_contradiction", "gate", 0.02, figures["false_contradiction"]),
    ]
    return report("estimate", figures, marks)


def _coverage(name: str, reference: int) -> dict[str, float]:
    """Return how often the bars hold the truth, by window and metric; and how far off the estimates are."""
    held: dict[tuple[int, str, str], list[bool]] = {}
    off: dict[tuple[int, str], list[tuple[float, float]]] = {}
    for world in range(WORLDS):
        draw = np.random.default_rng([SEED, reference, world])
        learned = rows(reference, USUAL, draw)
        profile = score_profile("1", _DAY, _DAY, learned, THRESHOLD)
        naive, before = at_their_word(profile), truth(learned)
        for window in WINDOWS:
            found = rows(window, SHIFTED, draw)
            counted, true = cells(found, profile), truth(found)
            for who, part in (("ours", profile), ("word", naive)):
                guess = estimate(part, counted, _DAY, _DAY)
                for metric in METRICS:
                    bars = getattr(guess, metric)
                    if bars is not None and np.isfinite(true[metric]):
                        held.setdefault((window, metric, who), []).append(_holds(bars, true[metric]))
                        if who == "ours":
                            errors = abs(bars.value - true[metric]), abs(before[metric] - true[metric])
                            off.setdefault((window, metric), []).append(errors)
    return _table(name, held, off)


def _table(
    name: str, held: dict[tuple[int, str, str], list[bool]], off: dict[tuple[int, str], list[tuple[float, float]]]
) -> dict[str, float]:
    figures: dict[str, float] = {}
    print(f"{'rows':>8}{'metric':>11}{'ours':>8}{'scores at their word':>22}{'mean error':>12}{'reference error':>17}")
    for window in WINDOWS:
        for metric in METRICS:
            ours, word = (float(np.mean(held[window, metric, who])) for who in ("ours", "word"))
            error, before = np.mean(off[window, metric], axis=0).tolist()
            print(f"{window:>8,}{metric:>11}{ours:>8.3f}{word:>22.3f}{error:>12.4f}{before:>17.4f}")
            figures[f"{name}cover_{window}_{metric}"] = ours
            figures[f"{name}word_{window}_{metric}"] = word
            figures[f"{name}error_{window}_{metric}"] = error
    return figures


def at_their_word(profile: ScoreProfile) -> ScoreProfile:
    """Return the profile of a score that nobody calibrated: a cell's share is its mean score."""
    labelled, sums = np.maximum(np.array(profile.cells.labelled), 1), np.array(profile.cells.p) / MILLION
    return replace(profile, calibrator=tuple(np.clip(sums / labelled, 1e-6, 1 - 1e-6).tolist()))


def _holds(bars: Interval, value: float) -> bool:
    return bars.low <= value <= bars.high


def _contradictions(level: float) -> tuple[float, float]:
    """Return in how many worlds labels contradict a halved slope, and in how many an unchanged one."""
    found = np.zeros(2)
    for world in range(WORLDS):
        draw = np.random.default_rng([SEED, int(-1000 * level), world])
        usual = Traffic(level=level)
        profile = score_profile("1", _DAY, _DAY, rows(REFERENCE, usual, draw), THRESHOLD)
        for place, traffic in enumerate((replace(CHANGED, level=level), usual)):
            _, p = contradiction(profile, [cells(rows(LABELLED, traffic, draw), profile)])
            found[place] += p is not None and p < CONTRADICTED
    caught, false = (found / WORLDS).tolist()
    return caught, false


if __name__ == "__main__":
    sys.exit(main())
