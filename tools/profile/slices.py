"""Labels beside calibrated scores, slice by slice: whether one noise channel explains all of them alike.

Labels that were lost, inverted or joined to the wrong rows are a noisy copy of the same scores everywhere, or in all of
one segment. A concept that really changed is uneven over score bands and feature values.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.evidence import Channel
from tools.profile.counting import MILLION
from tools.profile.profile import FeatureProfile, NumericProfile, ScoreProfile

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_FIFTHS = 5
_THIRDS = 3
"""Score bands on either side of the decision threshold."""
_CATEGORIES = 6
_FEWEST_IN_SLICE = 40
_FEWEST_ROWS = 20
_LEAST_SPREAD = 0.05
"""Standard deviation of the calibrated scores below which no slope can be told."""
_SEGMENTS = 3
"""Slices reported as segments of their own: those whose labels carry least of the score, in standard errors. And one
without any positive: many large slices that share its rows carry little of the score as well, and would hide it."""
_FEWEST_IN_SEGMENT = 100

Side = Literal["all", "positive", "negative"]


@dataclass(frozen=True, slots=True)
class SliceCounts:
    """Whole-number sums per slice and score band: rows, positives, and q, q² and label × q in millionths.

    The table has the shape (slices, bands, 5); the first half of the bands lies below the decision threshold. Slice 0
    is all rows.
    """

    names: tuple[str, ...]
    table: Ints

    def __add__(self, other: "SliceCounts") -> "SliceCounts":
        return SliceCounts(self.names, self.table + other.table)

    def side(self, side: Side) -> Ints:
        """Return the bands of one side of the threshold, or all."""
        if side == "all":
            return self.table
        return self.table[:, _THIRDS:] if side == "positive" else self.table[:, :_THIRDS]


def count_slices(
    columns: Mapping[str, pa.Array],
    score: Floats,
    label: NDArray[np.int8],
    features: FeatureProfile,
    scores: ScoreProfile,
) -> SliceCounts:
    """Count labelled rows: feature columns, scores in [0, 1] and labels 0 or 1, all of one length."""
    cell = np.searchsorted(np.array(scores.cuts), score, side="right")
    q = np.array(scores.calibrator)[cell]
    band = _bands(scores)[cell]
    weights = np.stack([np.ones(len(q)), label, *np.rint(np.stack([q, q * q, label * q]) * MILLION)])
    names, tables = ["all"], [_sums(np.zeros(len(q), np.int64), 1, band, weights)]
    for name, (code, places) in _codes(columns, features).items():
        names += [f"{name}={place}" for place in places]
        tables.append(_sums(code, len(places), band, weights))
    return SliceCounts(tuple(names), np.concatenate(tables))


def channel(
    start: datetime, end: datetime, windows: int, counts: SliceCounts, side: Side, spread: float = 1.0
) -> Channel | None:
    """Return the channel that fits the rows of one side best; None when they cannot tell.

    `spread` is the variance between windows as a multiple of what rows explain: dry days come in a row.
    """
    table = counts.side(side)
    fitted = _fit(table[0].sum(0), spread)
    if fitted is None:
        return None
    bands = {f"score band {place}": sums for place, sums in enumerate(table[0])}
    slices = dict(zip(counts.names[1:], table[1:].sum(1), strict=True))
    worst, where = _worst({**bands, **slices}, fitted)
    return _channel(start, end, windows, fitted, side=side, worst=worst, where=where)


def segments(
    start: datetime, end: datetime, windows: int, counts: SliceCounts, spread: float = 1.0
) -> tuple[Channel, ...]:
    """Return the slices whose labels carry least of the score, and the emptiest, each with what holds outside of it."""
    whole = counts.table[0].sum(0)
    found = []
    for name, bands in zip(counts.names[1:], counts.table[1:], strict=True):
        inside, outside = _fit(bands.sum(0), spread), _fit(whole - bands.sum(0), spread)
        if inside and outside and inside.rows >= _FEWEST_IN_SEGMENT:
            found.append(((1 - inside.slope) / inside.slope_se, name, inside, outside, bands))
    found.sort(key=lambda each: (-each[0], each[1]))
    empty = [each for each in found[_SEGMENTS:] if not each[2].positives]
    emptiest = sorted(empty, key=lambda each: (-each[2].foreseen, each[1]))[:1]
    result = []
    for _, name, inside, outside, bands in [*found[:_SEGMENTS], *emptiest]:
        worst, where = _worst({f"score band {place}": sums for place, sums in enumerate(bands)}, inside, _FEWEST_ROWS)
        made = _channel(start, end, windows, inside, worst=worst, where=where, segment=name, elsewhere=outside.slope)
        result.append(made)
    return tuple(result)


@dataclass(frozen=True, slots=True)
class _Fit:
    rows: int
    slope: float
    slope_se: float
    intercept: float
    intercept_se: float
    positives: int
    foreseen: float


def _fit(sums: Ints, wider: float = 1.0) -> _Fit | None:
    """Fit label = intercept + slope q by least squares to summed rows."""
    rows, hits, q, q2, yq = (float(value) for value in sums)
    q, q2, yq = q / MILLION, q2 / MILLION, yq / MILLION
    if rows < _FEWEST_ROWS:
        return None
    mean = q / rows
    spread = q2 / rows - mean**2
    if spread < _LEAST_SPREAD**2:
        return None
    slope = (yq / rows - hits / rows * mean) / spread
    noise = np.sqrt(max(q - q2, 1e-9) / rows * max(wider, 1.0))
    error = float(noise / np.sqrt(spread * rows))
    intercept, intercept_error = (hits - slope * q) / rows, error * float(np.sqrt(spread + mean**2))
    return _Fit(int(rows), slope, error, intercept, intercept_error, int(hits), q)


def _worst(slices: Mapping[str, Ints], fitted: _Fit, fewest: int = _FEWEST_IN_SLICE) -> tuple[float, str]:
    """Return the largest |z| of a slice's positives against the channel, and that slice."""
    worst, where = 0.0, ""
    a, b = fitted.intercept, fitted.slope
    for name, sums in slices.items():
        rows, hits, q, q2, _ = (float(value) for value in sums)
        if rows < fewest:
            continue
        first, second = q / MILLION, q2 / MILLION
        foreseen = a * rows + b * first
        squares = a**2 * rows + 2 * a * b * first + b**2 * second
        z = abs(hits - foreseen) / np.sqrt(max(foreseen - squares, 0.01 * rows))
        if z > worst:
            worst, where = float(z), name
    return worst, where


def _channel(
    start: datetime,
    end: datetime,
    windows: int,
    fitted: _Fit,
    worst: float,
    where: str,
    side: Side = "all",
    segment: str = "",
    elsewhere: float | None = None,
) -> Channel:
    return Channel(
        start=start,
        end=end,
        side=side,
        windows=windows,
        rows=fitted.rows,
        slope=round(fitted.slope, 9),
        slope_se=round(fitted.slope_se, 9),
        intercept=round(fitted.intercept, 9),
        worst=round(worst, 9),
        where=where,
        segment=segment,
        intercept_se=round(fitted.intercept_se, 9),
        elsewhere=None if elsewhere is None else round(elsewhere, 9),
        positives=fitted.positives,
        foreseen=round(fitted.foreseen, 9),
    )


def _sums(code: Ints, size: int, band: Ints, weights: Floats) -> Ints:
    cell = code * (2 * _THIRDS) + band
    table = [np.bincount(cell, weights=weight, minlength=size * 2 * _THIRDS) for weight in weights]
    sums: Ints = np.stack(table, -1).reshape(size, 2 * _THIRDS, len(weights)).astype(np.int64)
    return sums


def _bands(scores: ScoreProfile) -> Ints:
    """Return each score cell's band: thirds of the profile's rows below the threshold, and thirds above it."""
    rows = np.array(scores.cells.rows, np.float64)
    below = _parts(rows[: scores.positive_cell], _THIRDS)
    return np.concatenate([below, _THIRDS + _parts(rows[scores.positive_cell :], _THIRDS)])


def _parts(rows: Floats, count: int) -> Ints:
    middle = (np.cumsum(rows) - rows / 2) / max(rows.sum(), 1.0)
    parts: Ints = np.minimum((middle * count).astype(np.int64), count - 1)
    return parts


def _codes(columns: Mapping[str, pa.Array], features: FeatureProfile) -> dict[str, tuple[Ints, list[str]]]:
    """Return feature → each row's slice, and what the slices are called."""
    codes: dict[str, tuple[Ints, list[str]]] = {}
    fifths = [f"fifth {place + 1}" for place in range(_FIFTHS)]
    for name, part in features.numeric.items():
        codes[name] = (_numeric_code(columns[name], part), [*fifths, "none"])
    for name in features.categorical:
        values = features.categorical[name].largest(_CATEGORIES)
        place = pc.index_in(columns[name], value_set=pa.array(values, pa.string()), skip_nulls=True)
        found = pc.fill_null(place, len(values)).to_numpy(zero_copy_only=False).astype(np.int64)
        codes[name] = (found, [*values, "other"])
    return codes


def _numeric_code(column: pa.Array, part: NumericProfile) -> Ints:
    """Return each value's fifth of the reference; one more for none."""
    values = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    known = np.isfinite(values)
    fifth = _parts(np.array(part.counts.bins, np.float64), _FIFTHS)
    place = fifth[np.searchsorted(part.cuts.edges(np.dtype(np.float64)), np.where(known, values, 0.0), side="right")]
    code: Ints = np.where(known, place, _FIFTHS)
    return code
