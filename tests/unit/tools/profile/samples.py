"""Feature columns of every awkward kind, and random ways to cut them into windows."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pyarrow as pa

from tools.profile.counting import count_features
from tools.profile.counts import FeatureCounts
from tools.profile.profile import FeatureProfile
from tools.profile.reference import Filling, Sampler
from tools.profile.scores import Scored


def features(rows: int, seed: int) -> dict[str, pa.Array]:
    """Return columns with nulls, NaN, infinities, zeros, negatives, few values, many values and nothing at all."""
    draw = np.random.default_rng(seed)
    gaps = draw.random(rows) < 0.1
    odd = draw.normal(size=rows)
    odd[::17], odd[1::17], odd[2::17] = np.nan, np.inf, -np.inf
    return {
        "normal": pa.array(draw.normal(size=rows), mask=gaps),
        "amount": pa.array(draw.lognormal(3, 2, rows)),
        "narrow": pa.array(draw.normal(size=rows).astype(np.float32)),
        "often_zero": pa.array(np.where(draw.random(rows) < 0.7, 0.0, draw.exponential(size=rows))),
        "count": pa.array(draw.poisson(2, rows)),
        "odd": pa.array(odd),
        "constant": pa.array(np.full(rows, 7.5)),
        "absent": pa.nulls(rows, pa.float64()),
        "word": pa.array(draw.choice(["a", "b", "c", "rare"], rows, p=[0.6, 0.3, 0.0999, 0.0001]), mask=gaps),
        "many": pa.array([f"v{number}" for number in draw.integers(0, 3000, rows)]),
    }


def profile_of(columns: dict[str, pa.Array], stride: int = 1) -> FeatureProfile:
    """Return the profile of these reference columns."""
    rows = len(next(iter(columns.values())))
    sampler = Sampler(stride)
    sampler.add(columns, rows)
    shape = sampler.bins(tuple(columns), datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    filling = Filling(shape)
    filling.add(0, count_features(columns, rows, shape))
    return filling.profile()


def cut(columns: dict[str, pa.Array], pieces: int, seed: int) -> Iterator[tuple[dict[str, pa.Array], int]]:
    """Yield the columns in random consecutive pieces, empty ones among them."""
    rows = len(next(iter(columns.values())))
    marks = [0, *sorted(np.random.default_rng(seed).integers(0, rows + 1, pieces - 1).tolist()), rows]
    for first, last in pairwise(marks):
        yield {name: column[first:last] for name, column in columns.items()}, last - first


def counted(columns: dict[str, pa.Array], profile: FeatureProfile) -> FeatureCounts:
    return count_features(columns, len(next(iter(columns.values()))), profile)


def scored(rows: int, seed: int, days: int = 10, harm: float = 0.0) -> Scored:
    """Return calibrated scores of a rare event and labels; `harm` is the share of labels that ignore the score."""
    draw = np.random.default_rng(seed)
    score = draw.beta(0.8, 6, rows)
    label = draw.random(rows) < np.where(draw.random(rows) < harm, score.mean(), score)
    return Scored(score, label.astype(np.int8), draw.integers(0, days, rows))
