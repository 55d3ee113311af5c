"""Two versions' wrong decisions on the same labelled rows, with an error that pays for rows and for windows of time."""

import numpy as np
from numpy.typing import NDArray

from graph.evidence import Paired


def paired(champion: NDArray[np.bool_], other: NDArray[np.bool_], window: NDArray[np.int64], spread: float) -> Paired:
    """Compare wrong decisions row by row. `spread` is the variance between windows as a multiple of what rows explain.

    All arrays have one length; `window` numbers each row's window. Positive values speak for `other`.
    """
    rows = len(champion)
    if not rows:
        return Paired(0, 0, 0.0, 0.0)
    saved = champion.astype(np.float64) - other.astype(np.float64)
    error = float(saved.std()) / np.sqrt(rows) * np.sqrt(max(spread, 1.0))
    numbers, place = np.unique(window, return_inverse=True)
    count = len(numbers)
    if count > 1:
        means = np.bincount(place, weights=saved) / np.bincount(place)
        error = max(error, float(means.std(ddof=1)) / np.sqrt(count))
    # A handful of rows without any difference still leaves room for one.
    error = max(float(error), 1.0 / rows)
    return Paired(rows, count, round(float(saved.mean()), 12), round(error, 12))
