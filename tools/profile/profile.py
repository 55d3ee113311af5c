"""What a reference becomes: edges, its own counts and a calibrator, sealed under a digest and kept."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.codec import digest, dump
from tools.profile.counts import CategoricalCounts, CellCounts, NumericCounts

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where a numeric feature is cut into bins, and the values that are so frequent that each has a bin of its own."""

    at: tuple[float, ...] = ()
    atoms: tuple[float, ...] = ()

    @property
    def bins(self) -> int:
        """Return the number of bins."""
        return len(self.at) + len(self.atoms) + 1

    def edges(self, kind: np.dtype[Any]) -> NDArray[np.floating]:
        """Return the ascending edges for values of this float type; bin k holds [edge k-1, edge k).

        Made anew for each type: an atom's upper edge as a 64-bit number would round back onto the atom in 32 bits.
        """
        return _edges(self, kind)


@lru_cache(maxsize=4096)
def _edges(cuts: Cuts, kind: np.dtype[Any]) -> NDArray[np.floating]:
    with np.errstate(over="ignore"):
        at, atoms = np.array(cuts.at).astype(kind), np.array(cuts.atoms).astype(kind)
    edges: NDArray[np.floating] = np.sort(np.concatenate([at, np.nextafter(atoms, kind.type(np.inf))]))
    edges.setflags(write=False)
    return edges


@dataclass(frozen=True, slots=True)
class NumericProfile:
    """One numeric feature of the reference."""

    cuts: Cuts
    counts: NumericCounts
    most: float | None = None
    """The largest share that one value had in any window of the reference."""


@dataclass(frozen=True, slots=True)
class CategoricalProfile:
    """One categorical feature of the reference; `pooled` when it has more values than the table holds."""

    values: tuple[str, ...]
    pooled: bool
    counts: CategoricalCounts
    most: float | None = None
    """The largest share that one value had in any window of the reference."""

    def largest(self, count: int) -> tuple[str, ...]:
        """Return at most `count` values, the most frequent in the reference first."""
        ranked = sorted(zip(self.values, self.counts.bins, strict=True), key=lambda item: (-item[1], item[0]))
        return tuple(value for value, _ in ranked[:count])


@dataclass(frozen=True, slots=True)
class FeatureProfile:
    """The features of the reference rows in [start, end)."""

    start: datetime
    end: datetime
    rows: int
    numeric: dict[str, NumericProfile]
    categorical: dict[str, CategoricalProfile]
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class ScoreProfile:
    """The scores that one version served in [start, end), with what became of them.

    Without a single cut there are no scores to compare: rows and labels are counted in one cell.
    """

    version: str
    start: datetime
    end: datetime
    cuts: tuple[float, ...]
    positive_cell: int
    """The first cell whose scores are at or above the decision threshold."""
    cells: CellCounts
    calibrator: tuple[float, ...]
    """The share of positives to expect per cell; empty without labels."""
    excess_se: float
    """Standard error of the mean Brier excess of the reference itself."""
    spread: float
    """Variance of Brier excess between the reference's time buckets, as a multiple of what rows explain; at least 1."""
    metrics: dict[str, float | None]
    format: int = FORMAT


def seal(profile: Any) -> str:
    """Return the digest that names a profile in every window counted with it."""
    held = _SEALED.get(type(profile))
    if held is None or held[0] is not profile:
        held = _SEALED[type(profile)] = profile, digest(dump(profile))
    return held[1]


# A check asks for the same two several times, and each takes as long as counting a small window.
_SEALED: dict[type[Any], tuple[Any, str]] = {}
