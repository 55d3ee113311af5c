"""What others would do in the same streams: five known monitors that retrain on the last labelled ticks and promote.

None of them can ask an owner. A trained model is promoted as it is, and no monitor acts again within ten ticks.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from benchmarks.decide.stream import Stream
from benchmarks.decide.tables import FloatArray
from benchmarks.decide.window_test import WindowTest
from benchmarks.decide.world import Shown, World

WINDOW, COOLDOWN, LEAST = 20, 10, 3


class Peer(Protocol):
    """A monitor. It trains on no tick before `since`."""

    since: int

    def wants(self, world: World, shown: Shown) -> bool:
        """Whether to retrain now."""
        ...


def played_by(peer: Peer, stream: Stream) -> World:
    """Return the world after a whole stream under this monitor."""
    world, acted = World(stream), -COOLDOWN
    for _ in stream.ticks:
        shown = world.tick()
        wants, first = peer.wants(world, shown), max(peer.since, world.t - WINDOW - stream.plan.delay + 1)
        ticks = [t for t in range(first, world.t + 1) if world.known(t)]
        if wants and len(ticks) >= LEAST and world.t - acted >= COOLDOWN:
            world.train(f"at{world.t}", ticks, reference=False)
            world.promote(f"at{world.t}")
            acted = world.t
    return world


class Periodic:
    """Every 30 ticks."""

    since = 0

    def wants(self, world: World, shown: Shown) -> bool:
        """Look at the calendar."""
        return world.t % 30 == 29


class Psi:
    """Population stability index of any feature above 0.1, on tenths of the reference."""

    since = 0

    def __init__(self, stream: Stream) -> None:
        self._cells = [_cells(column) for column in stream.reference.x.T]
        self._expected = [cells(column) for cells, column in zip(self._cells, stream.reference.x.T, strict=True)]

    def wants(self, world: World, shown: Shown) -> bool:
        """Compare this tick's rows with the reference."""
        actual = [cells(column) for cells, column in zip(self._cells, shown.x.T, strict=True)]
        pairs = zip(actual, self._expected, strict=True)
        return max(float(np.sum((a - e) * np.log(a / e))) for a, e in pairs) > 0.1


def _cells(reference: FloatArray) -> Callable[[FloatArray], FloatArray]:
    """Return a function from values to shares of cells: tenths of the reference and nulls."""
    edges = np.unique(np.nanquantile(reference, np.arange(0.1, 1.0, 0.1)))

    def shares(values: FloatArray) -> FloatArray:
        cell = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))
        return np.asarray((np.bincount(cell, minlength=len(edges) + 2) + 0.5) / (len(values) + 0.5 * (len(edges) + 2)))

    return shares


class _OnErrors:
    """Errors of the serving model on labels as reported, tick by tick, since it began to serve."""

    def __init__(self, stream: Stream) -> None:
        score = stream.model(stream.CHAMPION).score(stream.holdout.x)
        self.usual = float(np.mean((score > 0.5) != stream.holdout.y))
        self._model, self.wrong, self.rows, self.since = "v0", [0.0], [0.0], 0

    def look(self, world: World, shown: Shown) -> bool:
        """Take in the labels of this tick; whether there were any of the model that serves now."""
        if self._model != world.champion:
            self._model, self.wrong, self.rows = world.champion, [0.0], [0.0]
            self.forget()
        seen = False
        for part in shown.labels:
            if world.served[part.t] == world.champion and len(part.row):
                score = world.scores(world.champion, part.t)[part.row - world.row(part.t)[0]]
                self.wrong.append(float(np.sum((score > 0.5) != part.label)))
                self.rows.append(float(len(part.row)))
                seen = True
        return seen

    def forget(self) -> None:
        """Begin again with a new model."""


class ErrorDrop(_OnErrors):
    """Error of the last three labelled ticks five points above the holdout's."""

    def wants(self, world: World, shown: Shown) -> bool:
        """Compare."""
        self.look(world, shown)
        rows = sum(self.rows[-3:])
        return len(self.rows) > 3 and sum(self.wrong[-3:]) / rows > self.usual + 0.05


class Adwin(_OnErrors):
    """ADWIN's window test on the errors, cut between ticks only; trains on the ticks that the test has kept."""

    def __init__(self, stream: Stream) -> None:
        super().__init__(stream)
        self._test, self._alarm = WindowTest(), False

    def forget(self) -> None:
        """Begin a new window."""
        self._test, self._alarm = WindowTest(), False

    def wants(self, world: World, shown: Shown) -> bool:
        """Test after each tick of labels; an alarm stands until a model is trained."""
        if self.look(world, shown) and self._test.add(self.wrong[-1], self.rows[-1]):
            self._alarm, self.since = True, world.t - world.stream.plan.delay - self._test.length + 1
        return self._alarm


class CostAware(_OnErrors):
    """Retrain once the loss summed up beyond the usual is more than the price (a cumulative threshold, as CARA-CT)."""

    def wants(self, world: World, shown: Shown) -> bool:
        """Sum up, never below nothing."""
        self.look(world, shown)
        price, total = world.stream.setting.price, 0.0
        for wrong, rows in zip(self.wrong, self.rows, strict=True):
            total = max(0.0, total + wrong - self.usual * rows)
        return total > price["train"] + price["promote"]


PEERS: dict[str, Callable[[Stream], Peer]] = {
    "periodic": lambda stream: Periodic(),
    "psi": Psi,
    "error_drop": ErrorDrop,
    "adwin": Adwin,
    "cost_aware": CostAware,
}
