"""Columns that changed places, each showing the other's reference values; categories that changed names."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tools.profile.counts import NumericCounts, Whole
from tools.profile.profile import NumericProfile
from tools.profile.sketch import LogHistogram, gap

_MOVED = 0.25
"""Largest difference in cumulated shares above which a column no longer shows its own values, …"""
_FEWEST_CATEGORIES = 4
_ALIKE = 0.1
"""… and below which it shows another's."""


def exchanged(profile: Mapping[str, NumericProfile], counts: Mapping[str, NumericCounts]) -> dict[str, str]:
    """Return feature → the feature it changed places with."""
    moved = [name for name, part in profile.items() if _apart(part.counts.bins, counts[name].bins) > _MOVED]
    found = {}
    for name in moved:
        for other in moved:
            if name != other and _alike(profile, counts, name, other) and _alike(profile, counts, other, name):
                found[name] = other
                break
    return found


@dataclass(frozen=True, slots=True)
class Renamed:
    """Share of rows in other categories than before, and what is left if categories are matched by frequency."""

    moved: float
    left: float


def renamed(before: Whole, after: Whole) -> Renamed | None:
    """Compare the shares of categories by name and by frequency; None with too few categories for the two to differ."""
    if len(before) < _FEWEST_CATEGORIES or not sum(before) or not sum(after):
        return None
    left, right = np.array(before, np.float64) / sum(before), np.array(after, np.float64) / sum(after)
    by_name, by_size = np.abs(left - right).sum() / 2, np.abs(np.sort(left) - np.sort(right)).sum() / 2
    return Renamed(float(by_name), float(by_size))


def _apart(before: Whole, after: Whole) -> float:
    """Return the largest difference in cumulated shares at the profile's own edges."""
    left, right = np.cumsum(np.array(before, np.float64)), np.cumsum(np.array(after, np.float64))
    return float(np.abs(left / left[-1] - right / right[-1]).max()) if left[-1] and right[-1] else 0.0


def _alike(
    profile: Mapping[str, NumericProfile], counts: Mapping[str, NumericCounts], shown: str, expected: str
) -> bool:
    return _gap(counts[shown].sizes, profile[expected].counts.sizes) < _ALIKE


def _gap(left: LogHistogram, right: LogHistogram) -> float:
    return gap(left, right) if left.rows and right.rows else 0.0
