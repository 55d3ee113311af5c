"""Draws a stream from a plan: rows resampled under the plan's mix and the effects of the day, labels from the truth."""

import zlib

import numpy as np

from benchmarks.decide.ground import Ground
from benchmarks.decide.plan import Plan, Setting
from benchmarks.decide.stream import Past, Stream, Tick
from benchmarks.decide.tables import FloatArray, IntArray

TRAINED_ON, HELD_OUT, PAST_TICKS = 6000, 3000, 30
DAY_MEMORY, DAY_SPREAD, DAY_DIRECTIONS = 0.7, 0.22, 3
IN_PARTS = 0.1  # of all ticks


def seed_of(*parts: str | int) -> int:
    """Return a seed that depends on names, the same in every process."""
    return zlib.crc32("/".join(map(str, parts)).encode())


def draw(name: str, seed: int, ground: Ground, plan: Plan, setting: Setting) -> Stream:
    """Return the stream; what comes before it has the same effects of the day as what comes in it."""
    random = np.random.default_rng([seed, 1])
    effects = day_effects(random, ground, PAST_TICKS + setting.ticks)
    before = [_mixed(ground, plan, t, effects[PAST_TICKS + t]) for t in range(-PAST_TICKS, 0)]
    past = _past(random, ground, before)
    ticks = []
    for t in range(setting.ticks):
        rows = _rows(random, _mixed(ground, plan, t, effects[PAST_TICKS + t]), setting.rows)
        ticks.append(_tick(random, ground, plan, t, rows))
    return Stream(name, seed, plan, setting, ground.table.columns, past, ticks)


def day_effects(random: np.random.Generator, ground: Ground, days: int) -> FloatArray:
    """Return log weights of the table's columns, days × columns: AR(1) along a few directions."""
    directions = np.zeros((DAY_DIRECTIONS, ground.z.shape[1]))
    for direction in directions:
        direction[ground.important(random, 2)] = random.normal(size=2)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    strength = np.zeros((days, DAY_DIRECTIONS))
    noise = random.normal(0, DAY_SPREAD * np.sqrt(1 - DAY_MEMORY**2), strength.shape)
    strength[0] = noise[0]
    for day in range(1, days):
        strength[day] = DAY_MEMORY * strength[day - 1] + noise[day]
    return np.asarray(strength @ directions)


def _mixed(ground: Ground, plan: Plan, t: int, effect: FloatArray) -> FloatArray:
    """Return the cumulative weights of the table's rows at a tick."""
    mix = plan.mix(t)
    log = ground.z @ effect + (0 if mix is None else mix)
    return np.cumsum(np.exp(log - log.max()))


def _rows(random: np.random.Generator, cumulative: FloatArray, count: int) -> IntArray:
    return np.asarray(np.searchsorted(cumulative, random.random(count) * cumulative[-1], side="right"))


def _past(random: np.random.Generator, ground: Ground, before: list[FloatArray]) -> tuple[Past, Past]:
    """Return what the champion was trained on, and what was held out: the last ticks, or rows of all of them."""
    rows = np.concatenate([_rows(random, weights, (TRAINED_ON + HELD_OUT) // PAST_TICKS) for weights in before])
    t = np.repeat(np.arange(-PAST_TICKS, 0), (TRAINED_ON + HELD_OUT) // PAST_TICKS)
    y = (random.random(len(rows)) < 1 / (1 + np.exp(-ground.logit[rows]))).astype(np.int64)
    order = np.arange(len(rows)) if random.random() < 0.5 else random.permutation(len(rows))
    parts = [np.sort(part) for part in (order[:TRAINED_ON], order[TRAINED_ON:])]
    reference, holdout = (Past(ground.table.x[rows[part]], y[part], t[part]) for part in parts)
    return reference, holdout


def _tick(random: np.random.Generator, ground: Ground, plan: Plan, t: int, rows: IntArray) -> Tick:
    logit = plan.logit(t)[rows]
    y = (random.random(len(rows)) < 1 / (1 + np.exp(-logit))).astype(np.int64)
    arrives = np.full(len(rows), t + plan.delay)
    if random.random() < IN_PARTS:
        arrives += random.choice([0, 1, 3], len(rows), p=[0.7, 0.2, 0.1])
    return Tick(ground.table.x[rows], y, logit > 0, np.abs(np.tanh(logit / 2)), arrives)
