"""Forty features whose hours are drawn as counts: multinomial, which is exactly what counting drawn rows would give."""

from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from tools.profile.counts import CategoricalCounts, NumericCounts
from tools.profile.profile import CategoricalProfile, NumericProfile
from tools.profile.reference import choose_cuts

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NUMERIC, CATEGORIES = 30, (2, 3, 5, 8, 12, 20, 40, 80, 150, 300)
MONTH = 720
DAY = 24
REFERENCE = 28 * DAY
"""Hours of reference before a day to warm up and the month that is watched."""
_SAMPLE = 50_000
_PERSISTENCE = 0.9
_NULLS = {3: 0.02, 11: 0.2, 19: 0.001, 27: 0.02}
"""Number of a feature → share of its rows that are null."""


@dataclass(frozen=True)
class Shape:
    """A feature: the share of each bin, and where the bin lies, in standard deviations."""

    name: str
    shares: Floats
    places: Floats
    null_share: float
    profile: NumericProfile | CategoricalProfile

    def tilted(self, by: Floats) -> Floats:
        """Return the shares once the mean has moved by so many standard deviations, one row for each."""
        weights = self.shares * np.exp(by[:, None] * self.places)
        tilted: Floats = weights / weights.sum(1, keepdims=True)
        return tilted


@dataclass(frozen=True)
class Hours:
    """Some hours of one feature: rows per bin (hours × bins), nulls, and rows outside the reference's range."""

    bins: Ints
    nulls: Ints
    strange: Ints

    def counts(self, shape: Shape, first: int, last: int) -> NumericCounts | CategoricalCounts:
        """Return the sum of the hours [first, last) as the product counts them."""
        bins = tuple(self.bins[first:last].sum(0).tolist())
        nulls, strange = int(self.nulls[first:last].sum()), int(self.strange[first:last].sum())
        if isinstance(shape.profile, NumericProfile):
            return NumericCounts(bins, rows=sum(bins) + nulls, nulls=nulls, above=strange)
        return CategoricalCounts(bins, rows=sum(bins) + nulls + strange, nulls=nulls, other=strange)


def shapes(draw: np.random.Generator) -> list[Shape]:
    """Return thirty numeric features of five shapes, then ten categorical ones."""
    numeric = [_numeric(number, draw) for number in range(NUMERIC)]
    return [*numeric, *(_categorical(values, draw) for values in CATEGORIES)]


def _numeric(number: int, draw: np.random.Generator) -> Shape:
    samples = (
        draw.normal(size=_SAMPLE),
        draw.lognormal(size=_SAMPLE),
        draw.exponential(size=_SAMPLE),
        np.where(draw.random(_SAMPLE) < 0.6, 0, draw.poisson(3, _SAMPLE)).astype(float),
        draw.random(_SAMPLE),
    )
    cuts = choose_cuts(samples[number % 5])
    edges = cuts.edges(np.dtype(np.float64))
    rows = np.bincount(np.searchsorted(edges, samples[number % 5], side="right"), minlength=cuts.bins) + 1e-9
    shares = rows / rows.sum()
    # Normal scores: for a normal feature the values themselves, for the others those of a monotone copy of one.
    places = np.array([NormalDist().inv_cdf(middle) for middle in np.cumsum(shares) - shares / 2])
    profile = NumericProfile(cuts, NumericCounts((0,) * cuts.bins))
    return Shape(f"n{number:02}", shares, _standard(places, shares), _NULLS.get(number, 0.0), profile)


def _categorical(values: int, draw: np.random.Generator) -> Shape:
    shares = 1 / np.arange(1, values + 1)
    names = tuple(f"v{value:03}" for value in range(values))
    profile = CategoricalProfile(names, False, CategoricalCounts((0,) * values))
    shares = shares / shares.sum()
    return Shape(f"c{values:03}", shares, _standard(draw.normal(size=values), shares), 0.0, profile)


def _standard(places: Floats, shares: Floats) -> Floats:
    centred = places - (shares * places).sum()
    standard: Floats = centred / np.sqrt((shares * centred**2).sum())
    return standard


def wobble(hours: int, sd: float, draw: np.random.Generator) -> Floats:
    """Return an AR(1) series that starts where it always is."""
    steps = draw.normal(size=hours)
    series = np.empty(hours)
    series[0] = steps[0]
    for hour in range(1, hours):
        series[hour] = _PERSISTENCE * series[hour - 1] + np.sqrt(1 - _PERSISTENCE**2) * steps[hour]
    return sd * series


def drawn(shape: Shape, rows: int, means: Floats, draw: np.random.Generator) -> Hours:
    """Return hours of `rows` rows each, their means moved by so many standard deviations."""
    nulls = draw.binomial(rows, shape.null_share, len(means))
    return Hours(draw.multinomial(rows - nulls, shape.tilted(means)), nulls, np.zeros(len(means), np.int64))


def against_reference(shape: Shape, hours: Hours, draw: np.random.Generator) -> tuple[Shape, Hours]:
    """Return the feature with the profile of its first `REFERENCE` hours, and the hours as counted with it."""
    before = hours.counts(shape, 0, REFERENCE)
    if isinstance(shape.profile, NumericProfile) and isinstance(before, NumericCounts):
        # What two extremes of the reference leave beyond them, whatever the feature's distribution.
        beyond = draw.beta(2, sum(before.bins) - 1)
        strange = draw.binomial(hours.bins.sum(1), beyond)
        strange[:REFERENCE] = 0
        return replace(shape, profile=replace(shape.profile, counts=before)), replace(hours, strange=strange)
    return _listed(shape, hours, np.array(before.bins) > 0)


def _listed(shape: Shape, hours: Hours, met: NDArray[np.bool_]) -> tuple[Shape, Hours]:
    """Leave the categories that the reference never met out of its table."""
    assert isinstance(shape.profile, CategoricalProfile)  # noqa: S101
    strange = hours.bins[:, ~met].sum(1)
    left = Hours(hours.bins[:, met], hours.nulls, strange)
    values = tuple(value for value, kept in zip(shape.profile.values, met.tolist(), strict=True) if kept)
    known = replace(shape, shares=shape.shares[met], places=shape.places[met])
    before = left.counts(known, 0, REFERENCE)
    assert isinstance(before, CategoricalCounts)  # noqa: S101
    return replace(known, profile=CategoricalProfile(values, False, before)), left
