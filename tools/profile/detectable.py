"""The smallest shift that a window could have shown: what "no drift" is worth."""

from functools import lru_cache
from statistics import NormalDist

from tools.profile.distance import Distance
from tools.profile.significance import TOLERATED_PSI, Null

_NORMAL = NormalDist()
_POWER = 0.8
_LARGEST = 10.0
"""PSI beyond which nothing is left to find."""


def detectable(distance: Distance, null: Null, level: float) -> float:
    """Return the PSI that raises an alarm at this p-value in four of five windows like this one.

    By the chi-square test alone, after Sankaran's approximation: within a few percent, enough to say what cannot be
    seen. A normal feature whose mean moves by d standard deviations has a PSI of d².
    """
    return _smallest(distance.effective / null.scale, null.level * distance.freedom / null.scale, level)


@lru_cache(maxsize=4096)
def _smallest(rows: float, freedom: float, level: float) -> float:
    limit = _quantile(1 - level, freedom, TOLERATED_PSI * rows)
    low, high = TOLERATED_PSI, _LARGEST
    for _ in range(30):
        middle = (low + high) / 2
        seen = _quantile(1 - _POWER, freedom, middle * rows) >= limit
        low, high = (low, middle) if seen else (middle, high)
    return high


def _quantile(probability: float, freedom: float, shift: float) -> float:
    """Return a quantile of the noncentral chi-square: a power of it is nearly normal."""
    mean, spread, skew = freedom + shift, freedom + 2 * shift, freedom + 3 * shift
    power = 1 - 2 * mean * skew / (3 * spread**2)
    part = spread / mean**2
    bend = (power - 1) * (1 - 3 * power)
    centre = 1 + power * part * (power - 1 - 0.5 * (2 - power) * bend * part)
    width = power * (2 * part) ** 0.5 * (1 + 0.5 * bend * part)
    return float(mean * max(0.0, centre + width * _NORMAL.inv_cdf(probability)) ** (1 / power))
