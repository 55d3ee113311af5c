"""Features are reported wrongly: ask their owner, retrain nothing."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np

from benchmarks.decide.families.drift import RETRAIN, SEVERE
from benchmarks.decide.families.quiet import onset
from benchmarks.decide.ground import Ground, changed
from benchmarks.decide.plan import BROKEN_FOR, Bug, Families, NotHere, Plan, Setting, Spoil
from benchmarks.decide.tables import FloatArray, IntArray

DATA = Families("data")
ASK = frozenset({"alert data"})
Change = Callable[[FloatArray, np.random.Generator], None]
"""Spoils features in place."""

TRIED_ON = 3000
PAYS = 2.0  # a breakage left alone costs at least this many alerts of 400 rows a tick


def _plan(family: str, ground: Ground, random: np.random.Generator, changes: list[tuple[str, Change]]) -> Plan:
    """Take one of the breakages that harm."""
    detail, spoil = _harmful(ground, random, changes)
    return Plan(family, ASK, lambda t: ground.logit, bug=Bug("data", onset(random), spoil), detail=detail)


def _harmful(ground: Ground, random: np.random.Generator, changes: list[tuple[str, Change]]) -> tuple[str, Spoil]:
    rows = random.choice(len(ground.logit), TRIED_ON)
    clean = ground.regret(ground.naive.score(ground.table.x[rows]), rows)
    harms = []
    if not changes:
        raise NotHere("it has no column of that kind")
    for _, change in changes:
        x = ground.table.x[rows].copy()
        change(x, np.random.default_rng(0))
        harms.append(ground.regret(ground.naive.score(x), rows) - clean)
    worth = [at for at, harm in enumerate(harms) if harm * 400 * BROKEN_FOR >= PAYS * 20 and harm > max(harms) / 3]
    if not worth:
        raise NotHere("no column whose breakage harms")
    detail, change = changes[random.choice(worth)]

    def spoil(x: FloatArray, y: IntArray, random: np.random.Generator) -> tuple[FloatArray, IntArray]:
        change(x, random)
        return x, y

    return detail, spoil


def _numeric(ground: Ground) -> list[int]:
    """Columns with enough different values to be spoiled."""
    columns, x = ground.table.columns, ground.table.x
    return [
        at for at, column in enumerate(columns)
        if not column.categorical and len(np.unique(x[:2000, at])) > 8 and np.isnan(x[:, at]).mean() < 0.5
    ]  # fmt: skip


def _each(ground: Ground, kind: str, change: Callable[[int], Change]) -> list[tuple[str, Change]]:
    """Return the same breakage of each numeric column, to choose from."""
    return [(f"{kind} {ground.table.columns[at].name}", change(at)) for at in _numeric(ground)]


def _column(at: int, spoiled: Callable[[FloatArray], FloatArray]) -> Change:
    def change(x: FloatArray, random: np.random.Generator) -> None:
        x[:, at] = spoiled(x[:, at])

    return change


def _some(at: int, share: float, value: float) -> Change:
    """Put one value in a share of the rows."""

    def change(x: FloatArray, random: np.random.Generator) -> None:
        x[random.random(len(x)) < share, at] = value

    return change


@DATA
def bug_unit(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """A column arrives in another unit, 10 to 1000 times larger or smaller."""
    factor = float(random.choice([1000.0, 100.0, 10.0, 0.1, 0.01, 0.001]))
    return _plan(
        "bug_unit", ground, random, _each(ground, f"x {factor:g}", lambda at: _column(at, lambda v: v * factor))
    )


@DATA
def bug_mild(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """A column arrives in another unit that is not far off: inches, kilometres, pints."""
    factor = float(random.choice([2.54, 1.8, 1.609, 0.57, 0.4536]))
    return _plan(
        "bug_mild", ground, random, _each(ground, f"x {factor:g}", lambda at: _column(at, lambda v: v * factor))
    )


@DATA
def bug_null(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """Many values of a column are lost."""
    share = random.uniform(0.4, 1.0)
    return _plan("bug_null", ground, random, _each(ground, "null", lambda at: _some(at, share, np.nan)))


@DATA
def bug_stuck(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """A column repeats one value that it once had."""
    share, row = random.uniform(0.6, 1.0), ground.table.x[random.integers(len(ground.logit))]
    return _plan("bug_stuck", ground, random, _each(ground, "stuck", lambda at: _some(at, share, row[at])))


@DATA
def bug_swap(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """Two columns are exchanged."""
    pairs = list(combinations(_numeric(ground), 2))
    some = [pairs[at] for at in random.permutation(len(pairs))[:20]]

    def exchanged(one: int, other: int) -> Change:
        def change(x: FloatArray, random: np.random.Generator) -> None:
            x[:, [one, other]] = x[:, [other, one]]

        return change

    names = [column.name for column in ground.table.columns]
    changes = [(f"swap {names[one]} {names[other]}", exchanged(one, other)) for one, other in some]
    return _plan("bug_swap", ground, random, changes)


@DATA
def bug_round(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """A column loses its digits: truncated to multiples of one or two of its quartile distances."""
    width = np.nanquantile(ground.table.x, 0.75, axis=0) - np.nanquantile(ground.table.x, 0.25, axis=0)
    step = random.uniform(1, 2) * np.where(width > 0, width, 1.0)
    changes = _each(ground, "truncated", lambda at: _column(at, lambda v: np.floor(v / step[at]) * step[at]))
    return _plan("bug_round", ground, random, changes)


@DATA
def bug_sign(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """A column changes its sign."""
    return _plan("bug_sign", ground, random, _each(ground, "sign", lambda at: _column(at, np.negative)))


@DATA
def bug_lag(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """A column belongs to the row before: each value is right, for another row."""
    return _plan("bug_lag", ground, random, _each(ground, "lag", lambda at: _column(at, lambda v: np.roll(v, 1))))


@DATA
def bug_shift(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """A column is off by a constant: hours in another time zone, values one bucket on."""
    part, spread = random.uniform(0.2, 0.5), np.nanstd(ground.table.x, axis=0)
    periods = [column.period for column in ground.table.columns]

    def shifted(at: int) -> Change:
        period = periods[at]
        if period is None:
            return _column(at, lambda v: v + 3 * part * spread[at])
        whole = np.round(part * 24) / 24 * period
        return _column(at, lambda v: (v + whole) % period)

    return _plan("bug_shift", ground, random, _each(ground, "off", shifted))


@DATA
def bug_recode(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """The categories of a column get other codes, or names never seen."""
    unknown = random.random() < 0.3

    def recoded(at: int) -> Change:
        size = len(ground.table.columns[at].values)
        codes = np.arange(size) + size if unknown else random.permutation(size)
        return _column(at, lambda v: codes[v.astype(int)].astype(float))

    columns = [(at, c.name) for at, c in enumerate(ground.table.columns) if len(c.values) > 2]
    return _plan("bug_recode", ground, random, [(f"recoded {name}", recoded(at)) for at, name in columns])


@DATA
def bug_segment(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """A column arrives in another unit, in a third of the rows: one source of several."""
    factor = float(random.choice([100.0, 10.0, 0.1, 0.01]))
    source = int(ground.important(random, 1)[0])
    column = ground.table.columns[source]
    edge = np.nanquantile(ground.table.x[:, source], 0.65)

    def in_segment(at: int) -> Change:
        def change(x: FloatArray, random: np.random.Generator) -> None:
            x[x[:, source] >= edge, at] *= factor

        return change

    return _plan("bug_segment", ground, random, _each(ground, f"where {column.name} is high, x {factor:g}", in_segment))


@DATA
def bug_then_concept(ground: Ground, random: np.random.Generator, setting: Setting) -> Plan:
    """First a column breaks, then the truth changes: ask, later retrain on ticks that are whole."""
    other, start = changed(ground, random, random.uniform(*SEVERE)), int(random.integers(12, 23))
    broken = bug_unit(ground, random, setting)
    assert broken.bug is not None  # noqa: S101
    change = start + int(random.integers(20, 31))
    return Plan(
        "bug_then_concept", ASK | RETRAIN, lambda t: other if t >= change else ground.logit,
        changes=((change, 1),), bug=replace(broken.bug, start=start), delay=setting.delay, detail=broken.detail,
    )  # fmt: skip
