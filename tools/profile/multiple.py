"""Whether a window's values are the reference's, multiplied by a constant: a unit that changed."""

from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from numpy.typing import NDArray

from tools.profile.sketch import LogHistogram, gap

_LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
_FEWEST_QUANTILES = 4
_LEAST_LOG_FACTOR = 0.4
_MOST_RESIDUAL = 0.25
_MOST_GAP = 0.1
_KOLMOGOROV_99 = 1.628


@dataclass(frozen=True, slots=True)
class Factor:
    """The constant, and the largest |log| distance between quantiles that is left over after dividing it out."""

    factor: float
    residual: float


def factor(reference: LogHistogram, window: LogHistogram) -> Factor | None:
    """Return the constant far from 1 that maps the reference's values onto the window's, if there is one."""
    found = _by_quantiles(reference, window)
    if found is None or not _restores(found.factor, reference, window):
        return None
    return found


def _by_quantiles(reference: LogHistogram, window: LogHistogram) -> Factor | None:
    # Without the zeros, which no factor moves and whose chance share would move every quantile above them.
    sizes = replace(reference, zeros=0), replace(window, zeros=0)
    if not all(part.rows for part in sizes):
        return None
    before, after = (np.array(part.quantiles(_LEVELS)) for part in sizes)
    usable = (np.abs(before) >= 0.5 * _local_spread(before)) & (before * after > 0)
    if usable.sum() < _FEWEST_QUANTILES:
        return None
    logs = np.log(after[usable] / before[usable])
    centre = median(logs.tolist())
    residual = float(np.abs(logs - centre).max())
    if abs(centre) < _LEAST_LOG_FACTOR or residual > min(_MOST_RESIDUAL, abs(centre) / 3):
        return None
    return Factor(float(np.exp(centre)), residual)


def _restores(multiple: float, reference: LogHistogram, window: LogHistogram) -> bool:
    """Tell whether dividing brings all values back: twice as many events a day are twice the mean, but no unit."""
    noise = _KOLMOGOROV_99 * (1 / reference.rows + 1 / window.rows) ** 0.5
    left = gap(reference, window.divided(multiple))
    return left <= min(max(_MOST_GAP, float(noise)), gap(reference, window) / 3)


def _local_spread(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance between each quantile's neighbours: next to it, a quantile near 0 is mostly chance."""
    padded = np.concatenate([values[:1], values, values[-1:]])
    spread: NDArray[np.float64] = np.abs(padded[2:] - padded[:-2])
    return spread
