"""How far the sizes of a column's values lie from the reference's, its zeros left out.

A column that is zero in most rows keeps its bins and its share of zeros when its few other values are of another kind.
"""

from dataclasses import dataclass, replace

from tools.profile.sketch import LogHistogram, gap

_KOLMOGOROV_999 = 1.95
_USUAL = 0.5


@dataclass(frozen=True, slots=True)
class Resized:
    """The largest difference of cumulated shares, and its 99.9 % quantile between two such samples of the same."""

    gap: float
    noise: float


def resized(reference: LogHistogram, window: LogHistogram) -> Resized | None:
    """Return how far the values that are not zero have moved; None where zero is not the usual value, or the only one.

    Of other columns bins and quantiles tell the same.
    """
    if reference.zeros < _USUAL * reference.rows:
        return None
    before, after = replace(reference, zeros=0), replace(window, zeros=0)
    if not before.rows or not after.rows:
        return None
    return Resized(gap(before, after), _KOLMOGOROV_999 * float(1 / before.rows + 1 / after.rows) ** 0.5)
