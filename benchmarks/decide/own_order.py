"""Real tables in their own order: labels as they are, two ticks late; each wrong decision costs one."""

import numpy as np

from benchmarks.decide.draw import HELD_OUT, TRAINED_ON
from benchmarks.decide.ground import base_table
from benchmarks.decide.plan import NotHere, Plan, Setting
from benchmarks.decide.stream import Past, Stream, Tick
from benchmarks.decide.tables import Table

FAMILY, DELAY = "own_order", 2
TABLES = ("weather", "elec2")


def stream(base: str, setting: Setting) -> Stream:
    """Return a table as a stream: the champion is trained on its first rows, the next are held out."""
    table = base_table(base)
    if table is None:
        raise NotHere("its data are not on this machine")
    held_out = int(table.tick[TRAINED_ON])
    first = int(table.tick[TRAINED_ON + HELD_OUT])
    past = _past(table, 0, held_out, first), _past(table, held_out, first, first)
    ticks = [_tick(table, t, t - first) for t in range(first, int(table.tick[-1]) + 1)]
    rows = int(np.median([len(tick.y) for tick in ticks]))
    own = Setting(rows, len(ticks), DELAY, setting.prices, setting.algorithm)
    plan = Plan(FAMILY, frozenset(), lambda t: np.empty(0), delay=DELAY)
    return Stream(f"{FAMILY}/{base}", 0, plan, own, table.columns, past, ticks)


def _past(table: Table, since: int, until: int, first: int) -> Past:
    rows = (table.tick >= since) & (table.tick < until)
    return Past(table.x[rows], table.y[rows], table.tick[rows] - first)


def _tick(table: Table, t: int, at: int) -> Tick:
    rows = table.tick == t
    y = table.y[rows]
    return Tick(table.x[rows], y, y == 1, np.ones(len(y)), np.full(len(y), at + DELAY))
