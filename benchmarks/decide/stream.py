"""One stream, drawn from a seed and the same for every policy: rows, their truth, their labels, when labels arrive.

What is reported depends on whether the breakage still stands, so each tick has a clean and a broken version.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from benchmarks.decide.models import Model, fit
from benchmarks.decide.plan import Plan, Setting
from benchmarks.decide.tables import BoolArray, Column, FloatArray, IntArray

Version = tuple[int, int, bool, bool]
"""A tick's part in a training set: tick, labels known by then, features broken, labels broken."""
Recipe = tuple[tuple[Version, ...], bool]
"""A training set: its ticks, and whether the reference is part of it."""

AHEAD = 12


@dataclass(frozen=True)
class Past:
    """Rows before the stream, all labelled; `t` is negative."""

    x: FloatArray
    y: IntArray
    t: IntArray


@dataclass(frozen=True)
class Tick:
    """Rows of one tick as they are. `harm` is the cost of a decision against `best`, `arrives` its label's tick."""

    x: FloatArray
    y: IntArray
    best: BoolArray
    harm: FloatArray
    arrives: IntArray


class Stream:
    """Ticks, the past before them, the champion fitted on it, and a memory of every model fitted and every score."""

    def __init__(
        self,
        name: str,
        seed: int,
        plan: Plan,
        setting: Setting,
        columns: tuple[Column, ...],
        past: tuple[Past, Past],
        ticks: list[Tick],
    ) -> None:
        self.name, self.seed, self.plan, self.setting = name, seed, plan, setting
        self.columns, self.ticks = columns, ticks
        self.reference, self.holdout = past
        self._models: dict[Recipe, Model] = {}
        self._scores: dict[tuple[Recipe, int, bool], FloatArray] = {}
        self._broken: dict[int, tuple[FloatArray, IntArray]] = {}

    CHAMPION: Recipe = ((), True)

    @cached_property
    def first_row(self) -> IntArray:
        """The number of each tick's first row."""
        return np.concatenate([[0], np.cumsum([len(tick.y) for tick in self.ticks])])

    def features(self, t: int, broken: bool) -> FloatArray:
        """Return the features of a tick as they are reported."""
        return self._spoiled(t)[0] if broken else self.ticks[t].x

    def labels(self, t: int, broken: bool) -> IntArray:
        """Return the labels of a tick as they are reported."""
        return self._spoiled(t)[1] if broken else self.ticks[t].y

    def _spoiled(self, t: int) -> tuple[FloatArray, IntArray]:
        if t not in self._broken and self.plan.bug:
            tick, random = self.ticks[t], np.random.default_rng([self.seed, t])
            self._broken[t] = self.plan.bug.spoil(tick.x.copy(), tick.y.copy(), random)
        return self._broken[t]

    def model(self, recipe: Recipe) -> Model:
        """Return the model that this training set gives; fitted once."""
        if recipe not in self._models:
            parts, reference = recipe
            x, y = ([self.reference.x], [self.reference.y]) if reference else ([], [])
            for t, until, broken_x, broken_y in parts:
                known = self.ticks[t].arrives <= until
                x.append(self.features(t, broken_x)[known])
                y.append(self.labels(t, broken_y)[known])
            self._models[recipe] = fit(self.setting.algorithm, self.columns, np.concatenate(x), np.concatenate(y))
        return self._models[recipe]

    def scores(self, recipe: Recipe, t: int, broken: Callable[[int], bool]) -> FloatArray:
        """Return a model's scores of tick `t`; some later ticks are scored along: one large call is cheaper."""
        if (recipe, t, broken(t)) not in self._scores:
            ahead = [u for u in range(t, min(t + AHEAD, len(self.ticks))) if (recipe, u, broken(u)) not in self._scores]
            x = [self.features(u, broken(u)) for u in ahead]
            parts = np.split(self.model(recipe).score(np.concatenate(x)), np.cumsum([len(part) for part in x])[:-1])
            self._scores |= {(recipe, u, broken(u)): part for u, part in zip(ahead, parts, strict=True)}
        return self._scores[recipe, t, broken(t)]
