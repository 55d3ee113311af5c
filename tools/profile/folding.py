"""Counts of several windows as one, whatever was counted: the same sums as adding them at every check."""

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any

from graph.codec import dump, load
from graph.model import Json
from tools.profile.counts import FeatureCounts, ScoreCounts
from tools.profile.values import ValueCounts

_KINDS: dict[str, type[Any]] = {"numeric": FeatureCounts, "served": ValueCounts, "cells": ScoreCounts}
"""The kinds of counts, each by a field that only it has."""


def folded(counts: Sequence[Json]) -> Json | None:
    """Return the sum of stored counts, oldest first; None where they are of a kind that is not ours, or of several."""
    kinds = {next((kind for name, kind in _KINDS.items() if name in each), None) for each in counts}
    kind = kinds.pop() if len(kinds) == 1 else None
    return dump(reduce(add, (load(kind, each) for each in counts))) if kind else None
