"""A stream that is drawn in no time: one column, the truth is its sign."""

import numpy as np

from benchmarks.decide.plan import Bug, Plan, Setting
from benchmarks.decide.stream import Past, Stream, Tick
from benchmarks.decide.tables import Column

ROWS, DELAY = 40, 5


def tiny(bug: Bug | None = None, ticks: int = 60, changes: tuple[tuple[int, int], ...] = ()) -> Stream:
    """Return the stream; labels of every fourth tick come in two parts."""
    random = np.random.default_rng(0)
    plan = Plan("tiny", frozenset(), lambda t: np.empty(0), changes=changes, bug=bug, delay=DELAY)
    parts = [_part(random, t, bool(changes) and t >= changes[0][0]) for t in range(ticks)]
    return Stream("tiny", 1, plan, Setting(ROWS), (Column("x"),), (_past(random, 400), _past(random, 200)), parts)


def _past(random: np.random.Generator, rows: int) -> Past:
    x = random.normal(size=(rows, 1))
    return Past(x, (x[:, 0] > 0).astype(np.int64), np.full(rows, -1))


def _part(random: np.random.Generator, t: int, turned: bool) -> Tick:
    x = random.normal(size=(ROWS, 1))
    best = (x[:, 0] > 0) != turned
    arrives = np.full(ROWS, t + DELAY)
    arrives[: ROWS // 4] += 1 if t % 4 == 0 else 0
    return Tick(x, best.astype(np.int64), best, np.ones(ROWS), arrives)
