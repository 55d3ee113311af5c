"""The world that a policy acts in: it serves, delivers labels, trains, promotes, repairs, and keeps the bill.

It has no clock of its own: `tick` opens the next tick, everything asked until the next `tick` belongs to it.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from benchmarks.decide.plan import REPAIR, Kind
from benchmarks.decide.stream import Recipe, Stream
from benchmarks.decide.tables import FloatArray, IntArray

Did = Literal["train", "promote", "alert data", "alert label"]


class Misuse(Exception):
    """The policy asked for something that the protocol does not allow."""


@dataclass(frozen=True)
class Labels:
    """Labels of some rows of tick `t`, as reported."""

    t: int
    row: IntArray
    label: IntArray


@dataclass(frozen=True)
class Answer:
    """What the owner found, some ticks after being asked."""

    kind: Kind
    asked: int
    real: bool


@dataclass(frozen=True)
class Shown:
    """What a policy sees of a tick."""

    t: int
    row: IntArray
    x: FloatArray
    score: FloatArray
    labels: list[Labels]
    answers: list[Answer]


@dataclass(frozen=True)
class Action:
    """What was done and when; `on_broken` marks a promotion that stands on broken rows or labels."""

    t: int
    did: Did
    model: str = ""
    on_broken: bool = False


@dataclass
class World:
    """One policy's run through a stream. `harm` holds what the decisions of each tick cost, `paid` the prices."""

    stream: Stream
    champion: str = "v0"
    t: int = -1
    harm: list[float] = field(default_factory=list)
    paid: float = 0.0
    actions: list[Action] = field(default_factory=list)
    served: list[str] = field(default_factory=list)
    _next: str = "v0"
    _recipes: dict[str, Recipe] = field(default_factory=lambda: {"v0": Stream.CHAMPION})
    _open: dict[Kind, Answer] = field(default_factory=dict)
    _repaired: int | None = None

    @property
    def cost(self) -> float:
        """Everything so far."""
        return sum(self.harm) + self.paid

    def tick(self) -> Shown:
        """Open the next tick and serve its rows with the champion."""
        self.t, self.champion = self.t + 1, self._next
        self.served.append(self.champion)
        answers = [a for a in self._open.values() if a.asked + REPAIR == self.t]
        for answer in answers:
            del self._open[answer.kind]
            if answer.real and self._repaired is None:
                self._repaired = self.t
        tick, score = self.stream.ticks[self.t], self.scores(self.champion, self.t)
        self.harm.append(float(np.sum(tick.harm[(score > 0.5) != tick.best])))
        x = self.stream.features(self.t, self.broken("data", self.t))
        return Shown(self.t, self.row(self.t), x, score, self._arriving(), answers)

    def row(self, t: int) -> IntArray:
        """Return the numbers of a tick's rows."""
        return np.arange(*self.stream.first_row[t : t + 2])

    def broken(self, kind: Kind, t: int) -> bool:
        """Whether what is reported of tick `t` is broken, as far as repairs are known by now."""
        bug = self.stream.plan.bug
        if bug is None or bug.kind != kind or not bug.start <= t < bug.start + bug.lasts:
            return False
        return self._repaired is None or t < self._repaired

    def scores(self, model: str, t: int) -> FloatArray:
        """Return the scores of any model on a tick's rows as logged."""
        return self.stream.scores(self._recipe(model), t, lambda u: self.broken("data", u))

    def _recipe(self, model: str) -> Recipe:
        if model not in self._recipes:
            raise Misuse(f"there is no model {model!r}")
        return self._recipes[model]

    def _arriving(self) -> list[Labels]:
        """Labels that come with this tick; of a tick that comes in parts also the empty last one."""
        found = []
        for t in range(max(0, self.t - self.stream.plan.delay - 4), self.t - self.stream.plan.delay + 1):
            here = self.stream.ticks[t].arrives == self.t
            in_parts = self.stream.ticks[t].arrives.max(initial=0) > t + self.stream.plan.delay
            if here.any() or (in_parts and self.t == t + self.stream.plan.delay + 4):
                labels = self.stream.labels(t, self.broken("label", t))
                found.append(Labels(t, self.row(t)[here], labels[here]))
        return found

    def known(self, t: int) -> int:
        """Return how many labels of a tick have arrived."""
        return int(np.sum(self.stream.ticks[t].arrives <= self.t))

    def train(self, model: str, ticks: list[int], reference: bool) -> None:
        """Fit a candidate on the labelled rows of these ticks, with or without the reference."""
        if model in self._recipes:
            raise Misuse(f"the id {model!r} is taken")
        self._seen(ticks)
        if not reference and not sum(self.known(t) for t in ticks):
            raise Misuse(f"no labelled row in ticks {ticks}")
        parts = [(t, min(self.t, t + self.stream.plan.delay + 4)) for t in sorted(ticks)]
        self._recipes[model] = (
            tuple((t, until, self.broken("data", t), self.broken("label", t)) for t, until in parts),
            reference,
        )
        self._bill("train", model)

    def score(self, model: str, ticks: list[int]) -> list[tuple[int, IntArray, FloatArray]]:
        """Return (tick, row numbers, scores) in the order asked."""
        self._seen(ticks)
        return [(t, self.row(t), self.scores(model, t)) for t in ticks]

    def _seen(self, ticks: list[int]) -> None:
        if len(set(ticks)) != len(ticks) or any(not 0 <= t <= self.t for t in ticks):
            raise Misuse(f"ticks {ticks} hold one not seen or named twice at tick {self.t}")

    def promote(self, model: str) -> None:
        """Let a model serve from the next tick on."""
        recipe = self._recipe(model)
        self._next = model
        self._bill("promote", model, self._on_broken(recipe))

    def _on_broken(self, recipe: Recipe) -> bool:
        """Whether rows now, labels arriving now or anything trained on is broken."""
        arriving = max(0, self.t - self.stream.plan.delay)
        trained = any(x or y for _, _, x, y in recipe[0])
        return trained or self.broken("data", self.t) or self.broken("label", arriving)

    def alert(self, kind: Kind) -> None:
        """Ask an owner, unless the same question is open."""
        if kind not in self._open:
            arriving = max(0, self.t - self.stream.plan.delay) if kind == "label" else self.t
            real = self.broken(kind, self.t) or self.broken(kind, arriving)
            self._open[kind] = Answer(kind, self.t, real)
            self._bill("alert data" if kind == "data" else "alert label")

    def _bill(self, did: Did, model: str = "", on_broken: bool = False) -> None:
        self.paid += self.stream.setting.price[did.split()[0]]
        self.actions.append(Action(self.t, did, model, on_broken))
