"""What a window becomes: whole numbers per feature and per score cell, which add up exactly over windows."""

from dataclasses import dataclass, field, fields
from typing import TypeVar

from tools.profile.frequent import Frequent
from tools.profile.sketch import LogHistogram

T = TypeVar("T")
Whole = tuple[int, ...]

EXAMPLES = 5
"""Values shown as examples of something unexpected."""


@dataclass(frozen=True, slots=True)
class NumericCounts:
    """One numeric feature. `bins` holds the finite values, `nans` the rows that are NaN or infinite."""

    bins: Whole
    rows: int = 0
    nulls: int = 0
    nans: int = 0
    below: int = 0
    above: int = 0
    low: float | None = None
    high: float | None = None
    sizes: LogHistogram = field(default_factory=LogHistogram)
    frequent: Frequent = field(default_factory=Frequent)

    def __add__(self, other: "NumericCounts") -> "NumericCounts":
        return NumericCounts(
            bins=_added(self.bins, other.bins),
            rows=self.rows + other.rows,
            nulls=self.nulls + other.nulls,
            nans=self.nans + other.nans,
            below=self.below + other.below,
            above=self.above + other.above,
            low=min((x for x in (self.low, other.low) if x is not None), default=None),
            high=max((x for x in (self.high, other.high) if x is not None), default=None),
            sizes=self.sizes + other.sizes,
            frequent=self.frequent + other.frequent,
        )


@dataclass(frozen=True, slots=True)
class CategoricalCounts:
    """One categorical feature: rows per value of the profile's table, `other` for the values that are not in it."""

    bins: Whole
    rows: int = 0
    nulls: int = 0
    other: int = 0
    examples: tuple[str, ...] = ()
    """The first few values that are not in the table, in the order of the alphabet."""
    frequent: Frequent = field(default_factory=Frequent)

    def __add__(self, other: "CategoricalCounts") -> "CategoricalCounts":
        return CategoricalCounts(
            bins=_added(self.bins, other.bins),
            rows=self.rows + other.rows,
            nulls=self.nulls + other.nulls,
            other=self.other + other.other,
            examples=first_few(self.examples + other.examples),
            frequent=self.frequent + other.frequent,
        )


@dataclass(frozen=True, slots=True)
class FeatureCounts:
    """All features of a window's rows."""

    rows: int
    numeric: dict[str, NumericCounts]
    categorical: dict[str, CategoricalCounts]

    def __add__(self, other: "FeatureCounts") -> "FeatureCounts":
        return FeatureCounts(
            self.rows + other.rows,
            {name: counts + other.numeric[name] for name, counts in self.numeric.items()},
            {name: counts + other.categorical[name] for name, counts in self.categorical.items()},
        )


@dataclass(frozen=True, slots=True)
class CellCounts:
    """Rows per score cell, and sums over the labelled ones for score p and label y, in millionths: they add exactly.

    Brier excess, its variance, log loss and every metric by cells follow from these for any calibrator.
    """

    rows: Whole
    labelled: Whole
    positives: Whole
    p: Whole
    p2: Whole
    yp: Whole
    yp2: Whole
    log_rest: Whole
    """log(1 - p)"""
    logit: Whole
    y_logit: Whole

    def __add__(self, other: "CellCounts") -> "CellCounts":
        return CellCounts(*(_added(getattr(self, f.name), getattr(other, f.name)) for f in fields(CellCounts)))


@dataclass(frozen=True, slots=True)
class ScoreCounts:
    """The rows that one model version served in a window, the first row of each id; and what did not fit."""

    cells: CellCounts
    rows: int = 0
    bad_scores: int = 0
    bad_labels: int = 0
    duplicate_ids: int = 0
    missing_ids: int = 0
    orphan_labels: int = 0
    other_rows: int = 0
    """Rows that other versions served, and some of those versions."""
    other_versions: tuple[str, ...] = ()
    lags: dict[int, int] = field(default_factory=dict)
    """Whole hours from prediction to label → labelled rows."""

    def __add__(self, other: "ScoreCounts") -> "ScoreCounts":
        return ScoreCounts(
            cells=self.cells + other.cells,
            rows=self.rows + other.rows,
            bad_scores=self.bad_scores + other.bad_scores,
            bad_labels=self.bad_labels + other.bad_labels,
            duplicate_ids=self.duplicate_ids + other.duplicate_ids,
            missing_ids=self.missing_ids + other.missing_ids,
            orphan_labels=self.orphan_labels + other.orphan_labels,
            other_rows=self.other_rows + other.other_rows,
            other_versions=first_few(self.other_versions + other.other_versions),
            lags={hour: self.lags.get(hour, 0) + other.lags.get(hour, 0) for hour in {*self.lags, *other.lags}},
        )


def no_cells(count: int) -> CellCounts:
    """Return `count` empty score cells."""
    return CellCounts(*((0,) * count for _ in fields(CellCounts)))


def first_few(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the few values that come first, whatever the order they were met in."""
    return tuple(sorted(set(values))[:EXAMPLES])


def _added(left: Whole, right: Whole) -> Whole:
    return tuple(a + b for a, b in zip(left, right, strict=True))
