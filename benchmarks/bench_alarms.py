"""How often the product calls a feature moved when nothing moved, and whether it sees it when something does.

Every hour of a month, forty features, at four sizes of traffic: without drift, and with means that wobble from hour to
hour as they do in real life. Beside it, on the same counts: PSI > 0.1, and KS (for categories chi-square) p < 0.05.
An alarm is the first check of a stretch in which a feature is called moved. FULL=1 watches six months, not a week.
"""

import os
import sys

import numpy as np

from benchmarks.alarms.rules import FIRST, Watched, called, new_alarms, usual
from benchmarks.alarms.world import DAY, MONTH, REFERENCE, Hours, against_reference, drawn, shapes, wobble
from benchmarks.outcome import Mark, report

FULL = os.environ.get("FULL") == "1"
MONTHS, HOURS = (6, MONTH) if FULL else (1, 168)
ROWS = (200, 1_000, 10_000, 100_000)
WOBBLE = 0.03
"""Standard deviations by which the mean of a feature wanders, from hour to hour and back."""
SHIFT, SHIFT_ROWS, TRIALS = 0.2, 1_000, 5
SEED = 20_260_301
RULES = ("ours", "psi", "p")


def main() -> int:
    """Measure, print, return the exit code."""
    figures: dict[str, float] = {}
    marks: list[Mark] = []
    print(f"feature alarms a month, 40 features, {MONTHS * HOURS} hourly checks for each line")
    print(f"{'':>16}{'rows an hour':>14}{'ours':>10}{'PSI > 0.1':>12}{'KS p < 0.05':>13}")
    for name, sd, limit in (("quiet", 0.0, 1.0), ("wobble", WOBBLE, 5.0)):
        for rows in ROWS:
            found = _alarms(rows, sd)
            print(f"{name:>16}{rows:>14,}{found['ours']:>10.1f}{found['psi']:>12,.0f}{found['p']:>13,.0f}")
            figures |= {f"{name}_{rows}_{rule}": value for rule, value in found.items()}
        worst = max(figures[f"{name}_{rows}_ours"] for rows in ROWS)
        figures[f"{name}_worst"] = worst
        marks.append((f"{name}_worst", "gate", limit, worst))
    hour, day = _power()
    print(
        f"a mean moved by {SHIFT} sd at {SHIFT_ROWS:,} rows an hour is seen in {hour:.2f} of hours, {day:.3f} of days"
    )
    figures |= {"power_hour": hour, "power_day": day, "missed_of_days": 1 - day}
    marks.append(("missed_of_days", "gate", 0.05, 1 - day))
    return report("alarms", figures, marks)


def _alarms(rows: int, sd: float) -> dict[str, float]:
    """Return the alarms of each rule in a month of 720 checks."""
    totals = dict.fromkeys(RULES, 0)
    for month in range(MONTHS):
        draw = np.random.default_rng([SEED, rows, int(1000 * sd), month])
        watched, held = [], []
        for shape in shapes(draw):
            means = wobble(REFERENCE + DAY + HOURS, sd, draw)
            known, hours = against_reference(shape, drawn(shape, rows, means, draw), draw)
            watched.append(Watched(known, hours, 40))
            held.append(hours)
            for rule, calls in usual(known, hours, HOURS):
                totals[rule] += new_alarms(calls[:, None])
        totals["ours"] += _ours(watched, held)
    return {rule: count * MONTH / (MONTHS * HOURS) for rule, count in totals.items()}


def _ours(watched: list[Watched], held: list[Hours]) -> int:
    names = [each.shape.name for each in watched]
    calls = np.zeros((HOURS, len(names)), bool)
    for hour in range(HOURS):
        features = [
            each.evidence(each.movements(hours, FIRST + hour)) for each, hours in zip(watched, held, strict=True)
        ]
        found = called(features)
        calls[hour] = [name in found for name in names]
    return new_alarms(calls)


def _power() -> tuple[float, float]:
    """Return in how many first hours, and first days, a feature that moved among 39 that did not is called."""
    draw = np.random.default_rng([SEED, 2])
    watched, quiet = [], []
    for shape in shapes(draw):
        known, hours = against_reference(shape, drawn(shape, SHIFT_ROWS, np.zeros(FIRST), draw), draw)
        watched.append(Watched(known, hours, 40))
        quiet.append(hours)
    features = [each.evidence(each.movements(hours, FIRST - 1)) for each, hours in zip(watched, quiet, strict=True)]
    seen = np.zeros(2)
    moving = [number for number, each in enumerate(watched) if each.shape.name.startswith("n")]
    for number in moving:
        each = watched[number]
        for _ in range(TRIALS):
            moved = drawn(each.shape, SHIFT_ROWS, np.full(DAY, SHIFT), draw)
            movements = each.movements(moved, DAY - 1)
            for look in range(2):
                others = [*features[:number], each.evidence(movements[look : look + 1]), *features[number + 1 :]]
                seen[look] += each.shape.name in called(others)
    hour, day = (seen / (len(moving) * TRIALS)).tolist()
    return hour, day


if __name__ == "__main__":
    sys.exit(main())
