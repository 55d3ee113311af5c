"""Quantiles of the log histogram are within 2 % of the true ones for values of any size and sign."""

import numpy as np
import pytest

from graph.codec import dump, load
from tools.profile.sketch import LogHistogram, log_histogram

LEVELS = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e12])
@pytest.mark.parametrize("kind", ["lognormal", "normal", "mixed"])
def test_quantiles_are_close(kind: str, scale: float):
    draw = np.random.default_rng(1)
    values = {
        "lognormal": draw.lognormal(0, 2, 50_001),
        "normal": draw.normal(0, 1, 50_001),
        "mixed": np.where(draw.random(50_001) < 0.4, 0.0, draw.normal(3, 4, 50_001)),
    }[kind] * scale
    found = log_histogram(values).quantiles(LEVELS)
    expected = np.quantile(values, LEVELS)
    assert found == pytest.approx(expected, rel=0.03, abs=0.01 * scale)


def test_sizes_beyond_the_range_are_counted_at_its_ends():
    found = log_histogram(np.array([1e-300, 5e-324, 1e300, -1e300, 0.0]))
    assert sum(found.positive.values()) + sum(found.negative.values()) + found.zeros == 5
    assert load(LogHistogram, dump(found)) == found


def test_no_rows_have_no_quantiles():
    with pytest.raises(ValueError, match="no rows"):
        LogHistogram().quantiles((0.5,))
