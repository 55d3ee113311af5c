"""Tail probabilities of the distributions that counts follow, within 1e-7 of their size; scipy takes a second to load.

What is no less likely than not has the probability 1 here: nobody asks by how much nothing happened.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_TINY = 1e-300
_EXACT = 1e-16
_SPREADS = 9.0
"""Standard deviations of a Poisson number beyond which the rest of it is nothing."""
_NEVER = 1e-9
"""How unlikely a reference must be before a share is called too large to have made it."""


def chi_square(statistic: float, freedom: float, shift: float = 0.0) -> float:
    """Return P(X > statistic) for a chi-square with real degrees of freedom and a noncentrality of `shift`."""
    if statistic <= freedom + shift:
        return 1.0
    half, a, mean = statistic / 2, freedom / 2, shift / 2
    if mean <= 0:
        return _gamma(a, half)
    # A chi-square whose degrees of freedom have grown by twice a Poisson number.
    first = max(0, math.floor(mean - _SPREADS * math.sqrt(mean) - _SPREADS))
    last = math.ceil(mean + _SPREADS * math.sqrt(mean) + 4 * _SPREADS)
    number: Floats = np.arange(first, last).astype(np.float64)
    weight = _running(number * math.log(mean), number[1:], -mean - math.lgamma(first + 1))
    shape: Floats = a + number
    # Q(a + 1, x) = Q(a, x) + x^a e^-x / gamma(a + 1)
    step = _running(shape * math.log(half), shape[1:], -half - math.lgamma(float(shape[0]) + 1))
    tail = _gamma(float(shape[0]), half) + np.concatenate([[0.0], np.cumsum(np.exp(step))[:-1]])
    return float(min(1.0, (np.exp(weight) * tail).sum()))


def _running(powers: Floats, divisors: Floats, start: float) -> Floats:
    """Return log(x^k / gamma(k + 1)) for rising k, up to the constant in `start`."""
    total: Floats = start + powers - np.concatenate([[0.0], np.cumsum(np.log(divisors))])
    return total


def _gamma(a: float, x: float) -> float:
    """Return the regularised upper incomplete gamma function Q(a, x)."""
    scale = math.exp(a * math.log(x) - x - math.lgamma(a))
    return 1.0 - scale * _gamma_series(a, x) if x < a + 1 else scale * _gamma_fraction(a, x)


def _gamma_series(a: float, x: float) -> float:
    term = total = 1 / a
    while term > total * _EXACT:
        a += 1
        term *= x / a
        total += term
    return total


def _gamma_fraction(a: float, x: float) -> float:
    """Evaluate the continued fraction from the front, as Lentz does."""
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / b
    value, k, factor = d, 0, 0.0
    while abs(factor - 1) > _EXACT * 10:
        k += 1
        numerator, b = k * (a - k), b + 2
        d = 1 / _apart(numerator * d + b)
        c = _apart(b + numerator / c)
        factor = d * c
        value *= factor
    return value


def at_least(count: int, rows: int, share: float) -> float:
    """Return P(X >= count) for a binomial of `rows` rows."""
    if count <= rows * share:
        return 1.0
    return min(1.0, _beta(float(count), float(rows - count + 1), share))


def _beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b) for x below its mean."""
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(scale) * _beta_fraction(a, b, x) / a


def _beta_fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1 / _apart(1 - (a + b) * x / (a + 1))
    value, k, factor = d, 0, 0.0
    while abs(factor - 1) > _EXACT * 10:
        k += 1
        for numerator in (
            k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k)),
            -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1)),
        ):
            d = 1 / _apart(1 + numerator * d)
            c = _apart(1 + numerator / c)
            factor = d * c
            value *= factor
    return value


def _apart(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


@lru_cache(maxsize=4096)
def highest_share(count: int, rows: int) -> float:
    """Return the largest share that can leave only `count` in `rows` rows, but for one chance in a billion.

    By Chernoff's bound, which is exact for a count of 0 and a little generous otherwise.
    """
    if count >= rows:
        return 1.0
    limit, seen = -math.log(_NEVER) / rows, count / rows
    low, high = seen, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if _divergence(seen, middle) < limit else (low, middle)
    return high


def _divergence(seen: float, share: float) -> float:
    """Return the relative entropy of a coin of `seen` from one of `share`."""
    if share >= 1:
        return math.inf
    hit = seen * math.log(seen / share) if seen > 0 else 0.0
    return hit + (1 - seen) * math.log((1 - seen) / (1 - share))


def kolmogorov(distance: float) -> float:
    """Return P(K > distance) for the largest distance of a Brownian bridge from 0."""
    if distance < 0.25:  # there the series alternates without end, and less than 1e-7 is missing from 1
        return 1.0
    terms = [(-1) ** (k - 1) * math.exp(-2 * (k * distance) ** 2) for k in range(1, 30)]
    return float(min(1.0, 2 * math.fsum(terms)))
