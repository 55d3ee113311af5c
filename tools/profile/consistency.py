"""Whether the columns of a row still belong together: each column's rank foreseen from the rest of its row.

Marginal distributions do not feel a column that was shifted by a row, joined to the wrong rows or swapped with a like
one. The residual of a small additive model, fitted on the reference, does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tools.profile import following
from tools.profile.counting import MILLION
from tools.profile.following import Moments
from tools.profile.merging import both
from tools.profile.profile import FeatureProfile, NumericProfile

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Seen = tuple[Floats, NDArray[np.bool_]]
"""Values from 0 to 1, and where there is one."""

_KNOTS = (0.2, 0.4, 0.6, 0.8)
_CATEGORIES = 8
"""Categories of a feature with a column of their own in the model."""
_FEWEST_DISTINCT = 8
_FEWEST_ROWS = 300
_FEWEST_WINDOWS = 4
_FEWEST_IN_CATEGORY = 20
_RIDGE = 1e-3
_LEAST_TOLD = 0.15
"""By which part a random other row must fit worse before a column tells anything about the rows of a window."""
_LEAST_FOLLOWED = 0.05
"""The same for its slope, which all rows since a change tell: columns that broke fell to 0, drift of all kinds left
0.7 and more. Below it drift has left 0.3."""
_LEAST_SLOPE = 0.5
"""Of a column in whole rows: one that follows its row less, where the model overstates it, is not asked."""
_NO_ROWS = Moments()
_SHIFTS = (0.13, 0.29, 0.37, 0.53, 0.61, 0.79, 0.91)
"""Random joins without randomness: each row beside the one this part of all rows further on."""


@dataclass(frozen=True, slots=True)
class Told:
    """A column foreseen from the others: mean |residual| in ranks where rows are whole, and where they are not."""

    name: str
    weights: tuple[float, ...]
    whole: float
    random: float
    deviation: float
    """Standard deviation of |residual| where rows are whole."""
    wander: float = 0.0
    """Standard deviation of a window's mean |residual| on top of what its rows explain: days differ."""
    slope: float = 0.0
    """How much the column rises where its row foresees a rise by one, where rows are whole; 0 where nobody measured."""
    slope_wander: float = 0.0
    """Standard deviation of a window's slope on top of what its rows explain."""


@dataclass(frozen=True, slots=True)
class JointModel:
    """The columns that the others foresee; empty when none is."""

    categories: dict[str, tuple[str, ...]] = field(default_factory=dict)
    told: tuple[Told, ...] = ()
    ranks: dict[str, dict[str, float]] = field(default_factory=dict)
    """Categorical feature → the mean rank, in the number that it says most about, of each category's rows."""


@dataclass(frozen=True, slots=True)
class JointCounts:
    """Rows and summed |residual| (in millionths of a rank) per told column: these add up over windows."""

    rows: dict[str, int] = field(default_factory=dict)
    residual: dict[str, int] = field(default_factory=dict)
    moments: dict[str, Moments] = field(default_factory=dict)

    def __add__(self, other: "JointCounts") -> "JointCounts":
        return JointCounts(
            both(self.rows, other.rows),
            both(self.residual, other.residual),
            {**self.moments, **{name: self.moments.get(name, _NO_ROWS) + more for name, more in other.moments.items()}},
        )


@dataclass(frozen=True, slots=True)
class Moved:
    """How far a column has come from fitting its row (0) to fitting a random one (1), and in standard errors."""

    share: float
    sigmas: float


@dataclass(frozen=True, slots=True)
class Fall:
    """How much a column rises where its row foresees a rise, as a share of what it does in the reference."""

    now: float
    before: float
    sigmas: float
    """By how many standard errors it rises less (below 0) or more now than before."""
    told: float
    """By which part a random other row fits worse."""


def fit(
    columns: Mapping[str, pa.Array], profile: FeatureProfile, newer: Mapping[str, pa.Array], window: Ints
) -> JointModel:
    """Fit on `columns`; how well they fit is measured on `newer` rows, unseen by the fit, and between their windows."""
    rows = len(next(iter(columns.values()))) if columns else 0
    targets = [name for name, part in profile.numeric.items() if part.cuts.bins >= _FEWEST_DISTINCT]
    ranks = {name: means for name in profile.categorical if (means := _ranks(name, columns, profile, targets))}
    if rows < _FEWEST_ROWS or len(profile.numeric) + len(profile.categorical) < 2:
        return JointModel()
    categories = {name: part.largest(_CATEGORIES) for name, part in profile.categorical.items()}
    design, owners = _design(columns, profile, categories)
    test, _ = _design(newer, profile, categories)
    gram = design.T @ design + _RIDGE * rows * np.eye(design.shape[1])
    told = []
    for name in [*targets, *ranks]:
        others = np.array([owner != name for owner in owners])
        seen = _value(name, columns, profile, ranks), _value(name, newer, profile, ranks)
        found = _told(name, seen, (design, test), gram, others, window)
        if found and _tells(found, _LEAST_FOLLOWED):
            told.append(found)
    return JointModel(categories, tuple(told), ranks)


def count(columns: Mapping[str, pa.Array], profile: FeatureProfile, model: JointModel) -> JointCounts:
    """Sum the residuals of a window's rows; rows without the column's value are left out."""
    if not model.told or not len(next(iter(columns.values()))):
        return JointCounts()
    design, _ = _design(columns, profile, model.categories)
    rows, residual, moments = {}, {}, {}
    for each in model.told:
        rank, known = _value(each.name, columns, profile, model.ranks)
        rank, foreseen = rank[known], (design @ np.array(each.weights))[known]
        rows[each.name] = int(known.sum())
        residual[each.name] = int(np.rint(np.abs(rank - foreseen) * MILLION).sum())
        moments[each.name] = following.moments(rank, foreseen)
    return JointCounts(rows, residual, moments)


def moved(model: JointModel, counts: JointCounts) -> dict[str, Moved]:
    """Return, per column with rows that tells enough of them, how far it has come from fitting its row."""
    result = {}
    for each in model.told:
        rows = counts.rows.get(each.name, 0)
        if rows and _tells(each, _LEAST_TOLD):
            left = counts.residual[each.name] / MILLION / rows - each.whole
            error = np.hypot(max(each.deviation, 1e-6) / np.sqrt(rows), each.wander)
            result[each.name] = Moved(left / (each.random - each.whole), float(left / error))
    return result


def fall(model: JointModel, name: str, now: JointCounts, before: JointCounts) -> Fall | None:
    """Return how a told column follows its row now and before; None where that cannot be said."""
    told = next((each for each in model.told if each.name == name and each.slope >= _LEAST_SLOPE), None)
    after, earlier = (following.slope(counts.moments.get(name, Moments())) for counts in (now, before))
    if told is None or after is None or earlier is None:
        return None
    error = float(np.hypot(np.hypot(after.error, earlier.error), told.slope_wander))
    sigmas = (after.value - earlier.value) / max(error, 1e-6)
    return Fall(after.value / told.slope, earlier.value / told.slope, sigmas, 1 - told.whole / told.random)


def _tells(told: Told, part: float) -> bool:
    """Tell whether a random other row fits worse by more than this part."""
    return told.random - told.whole > part * told.random


def _told(
    name: str,
    seen: tuple[Seen, Seen],
    designs: tuple[Floats, Floats],
    gram: Floats,
    others: NDArray[np.bool_],
    window: Ints,
) -> Told | None:
    (rank, known), (newer, there), (design, test) = *seen, designs
    if known.sum() < _FEWEST_ROWS or there.sum() < _FEWEST_ROWS:
        return None
    own = design[:, others]
    weights = np.zeros(design.shape[1])
    weights[others] = np.linalg.solve(gram[np.ix_(others, others)], own.T @ np.where(known, rank, rank[known].mean()))
    foreseen, truth, when = (test @ weights)[there], newer[there], window[there]
    left = np.abs(truth - foreseen)
    apart = [np.abs(truth - np.roll(foreseen, int(part * len(truth)))).mean() for part in _SHIFTS]
    # Rounded: the last digits depend on the machine's linear algebra, and profiles are sealed by their bytes.
    kept = tuple(round(float(weight), 9) for weight in weights)
    whole = following.slope(following.moments(truth, foreseen))
    rises = (whole.value, following.wander(following.by_window(truth, foreseen, when), whole)) if whole else (0.0, 0.0)
    measured = (float(left.mean()), float(np.mean(apart)), float(left.std()), _wander(left, when))
    return Told(name, kept, *(round(value, 9) for value in (*measured, *rises)))


def _wander(left: Floats, window: Ints) -> float:
    """Return how much window means differ beyond what the rows in them explain; 0 with too few windows to see any."""
    numbers, place = np.unique(window, return_inverse=True)
    rows = np.bincount(place)
    if len(numbers) < _FEWEST_WINDOWS:
        return 0.0
    means = np.bincount(place, weights=left) / rows
    return float(np.sqrt(max(means.var(ddof=1) - left.var() * np.mean(1 / rows), 0.0)))


def _design(
    columns: Mapping[str, pa.Array], profile: FeatureProfile, categories: Mapping[str, tuple[str, ...]]
) -> tuple[Floats, list[str]]:
    """Return one column for the level, hinges of each number's rank, a 0/1 column per frequent category; and owners."""
    size = len(next(iter(columns.values())))
    parts, owners = [np.ones((size, 1))], [""]
    for name, part in profile.numeric.items():
        rank, _ = _rank(columns[name], part)
        hinges = [rank, *(np.maximum(rank - knot, 0.0) for knot in _KNOTS)]
        parts.append(np.column_stack(hinges))
        owners += [name] * len(hinges)
    for name, values in categories.items():
        place = _places(columns[name], values)
        parts.append((place[:, None] == np.arange(len(values))).astype(np.float64))
        owners += [name] * len(values)
    return np.hstack(parts), owners


def _value(
    name: str, columns: Mapping[str, pa.Array], profile: FeatureProfile, ranks: Mapping[str, Mapping[str, float]]
) -> Seen:
    """Return what stands for a column's values, 0 to 1, and where one is: ranks of numbers, or of their categories."""
    if name in profile.numeric:
        return _rank(columns[name], profile.numeric[name])
    values = list(ranks[name])
    place = _places(columns[name], values)
    known = place >= 0
    return np.where(known, np.array([*ranks[name].values(), 0.5])[place], 0.5), known


def _ranks(
    name: str, columns: Mapping[str, pa.Array], profile: FeatureProfile, numbers: Sequence[str]
) -> dict[str, float] | None:
    """Return the mean rank of each frequent category in the number that differs most between them."""
    values = profile.categorical[name].largest(_CATEGORIES)
    place = _places(columns[name], values)
    best, spread = None, 0.0
    for number in numbers:
        rank, known = _rank(columns[number], profile.numeric[number])
        inside = known & (place >= 0)
        rows = np.bincount(place[inside], minlength=len(values))
        means = np.bincount(place[inside], weights=rank[inside], minlength=len(values)) / np.maximum(rows, 1)
        between = float(np.sqrt((rows * (means - rank[inside].mean()) ** 2).sum() / max(rows.sum(), 1)))
        if between > spread and rows.min() >= _FEWEST_IN_CATEGORY:
            best, spread = means, between
    return None if best is None else {value: round(float(m), 9) for value, m in zip(values, best, strict=True)}


def _rank(column: pa.Array, part: NumericProfile) -> tuple[Floats, NDArray[np.bool_]]:
    """Return each value's middle rank in the reference, 0 to 1 (one half where there is none), and where one is."""
    values = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    known = np.isfinite(values)
    bins = np.array(part.counts.bins, np.float64)
    middle = (np.cumsum(bins) - bins / 2) / max(bins.sum(), 1.0)
    edges = part.cuts.edges(np.dtype(np.float64))
    rank = middle[np.searchsorted(edges, np.where(known, values, 0.0), side="right")]
    return np.where(known, rank, 0.5), known


def _places(column: pa.Array, values: Sequence[str]) -> NDArray[np.int64]:
    place = pc.index_in(column, value_set=pa.array(values, pa.string()), skip_nulls=True)
    found: NDArray[np.int64] = pc.fill_null(place, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return found
