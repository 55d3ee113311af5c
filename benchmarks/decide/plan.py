"""What will happen in a stream: the mix of rows, the truth, the breakage, and what ought to be done."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from benchmarks.decide.ground import Ground
from benchmarks.decide.models import Algorithm
from benchmarks.decide.tables import FloatArray, IntArray

Kind = Literal["data", "label"]
BROKEN_FOR, REPAIR = 40, 3


@dataclass(frozen=True)
class Setting:
    """What holds for every stream of a run. Prices are in avoidable wrong decisions."""

    rows: int = 400
    ticks: int = 100
    delay: int = 5
    prices: float = 1.0
    algorithm: Algorithm = "boosting"

    @property
    def price(self) -> dict[str, float]:
        """What training, promoting and asking an owner cost."""
        return {"train": 10 * self.prices, "promote": 60 * self.prices, "alert": 20 * self.prices}


Spoil = Callable[[FloatArray, IntArray, np.random.Generator], tuple[FloatArray, IntArray]]
"""(features, labels, randomness) of one tick → as they are reported."""


@dataclass(frozen=True)
class Bug:
    """Features or reported labels of the ticks from `start` on are spoiled, until repaired or `lasts` ticks later."""

    kind: Kind
    start: int
    spoil: Spoil
    lasts: int = BROKEN_FOR


@dataclass(frozen=True)
class Plan:
    """`mix` gives log weights of the table's rows at a tick (None: as they are), `logit` their truth.

    `changes` are the ticks at which the truth becomes another, with the id of the concept that starts there (0: that of
    the champion). `right` is the set of actions that ought to be taken in the stream.
    """

    family: str
    right: frozenset[str]
    logit: Callable[[int], FloatArray]
    mix: Callable[[int], FloatArray | None] = lambda t: None
    changes: tuple[tuple[int, int], ...] = ()
    bug: Bug | None = None
    delay: int = 5
    detail: str = ""

    @property
    def change(self) -> int | None:
        """The tick from which on a promotion may be right, or None."""
        return self.changes[0][0] if self.changes else None

    @property
    def starts(self) -> int | None:
        """The first tick at which there is something to do, or None in a quiet stream."""
        first = [t for t in (self.change, self.bug.start if self.bug else None) if t is not None]
        return min(first, default=None)


class NotHere(Exception):
    """The family makes no sense on this table: no column whose breakage harms, no categories."""


Family = Callable[[Ground, np.random.Generator, Setting], Plan]


@dataclass
class Families:
    """A room of families, by name; the order of definition is kept."""

    group: str
    by_name: dict[str, Family] = field(default_factory=dict)

    def __call__(self, family: Family) -> Family:
        """Take a family in under its function's name (a decorator)."""
        self.by_name[family.__name__] = family
        return family
