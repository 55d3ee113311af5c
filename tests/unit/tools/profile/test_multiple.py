"""A changed unit is told from everything else that moves a distribution."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from tools.profile.multiple import factor
from tools.profile.sketch import log_histogram


@pytest.mark.parametrize("multiple", [100.0, 0.01, 2.54, 0.5, 1000.0, -1.0])
@pytest.mark.parametrize("kind", ["lognormal", "normal", "exponential", "constant"])
def test_a_factor_is_found(multiple: float, kind: str):
    draw = np.random.default_rng(4)
    kinds: dict[str, Callable[[int], NDArray[np.float64]]] = {
        "lognormal": lambda n: draw.lognormal(3, 1, n),
        "normal": lambda n: draw.normal(50, 10, n),
        "exponential": lambda n: draw.exponential(3, n),
        "constant": lambda n: np.full(n, 7.0),
    }
    made = kinds[kind]
    found = factor(log_histogram(made(20_000)), log_histogram(made(1_500) * multiple))
    if multiple < 0:
        assert found is None
    else:
        assert found is not None
        assert found.factor == pytest.approx(multiple, rel=0.12)
        assert found.residual < 0.25


@pytest.mark.parametrize("seed", range(20))
def test_no_factor_without_one(seed: int):
    draw = np.random.default_rng(seed)
    assert factor(log_histogram(draw.lognormal(3, 1, 20_000)), log_histogram(draw.lognormal(3, 1, 300))) is None
    assert factor(log_histogram(draw.normal(size=20_000)), log_histogram(draw.normal(0.5, 1, 300))) is None
    assert (
        factor(log_histogram(draw.poisson(1, 20_000).astype(float)), log_histogram(draw.poisson(2, 300).astype(float)))
        is None
    )
    assert factor(log_histogram(draw.lognormal(0, 1, 5_000)), log_histogram(draw.lognormal(0.9, 0.4, 5_000))) is None


def test_no_factor_without_values():
    some, none = log_histogram(np.array([1.0, 2.0])), log_histogram(np.array([]))
    zeros = log_histogram(np.zeros(5))
    assert factor(some, none) is None
    assert factor(none, some) is None
    assert factor(some, zeros) is None


def test_a_factor_keeps_the_zeros_where_they_are():
    draw = np.random.default_rng(1)
    reference = np.where(draw.random(20_000) < 0.4, 0.0, draw.lognormal(2, 1, 20_000))
    window = np.where(draw.random(2_000) < 0.4, 0.0, draw.lognormal(2, 1, 2_000))
    found = factor(log_histogram(reference), log_histogram(window * 60))
    assert found is not None
    assert found.factor == pytest.approx(60, rel=0.1)
    fewer = np.where(draw.random(2_000) < 0.05, 0.0, draw.lognormal(2, 1, 2_000))
    assert factor(log_histogram(reference), log_histogram(fewer * 60)) is None


def test_whole_numbers_in_another_unit_are_found():
    draw = np.random.default_rng(2)
    reference, window = (draw.poisson(4, rows).astype(float) + 1 for rows in (20_000, 1_000))
    found = factor(log_histogram(reference), log_histogram(window * 1_000))
    assert found is not None
    assert found.factor == pytest.approx(1_000, rel=0.05)
