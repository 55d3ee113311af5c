"""Counts by key, added up."""

from collections.abc import Mapping
from typing import TypeVar

K = TypeVar("K")


def both(left: Mapping[K, int], right: Mapping[K, int]) -> dict[K, int]:
    """Return the sums by key, zeros too: at a fraction of a Counter's cost, for weeks of windows at every check."""
    total = dict(left)
    for key, count in right.items():
        total[key] = total.get(key, 0) + count
    return total
