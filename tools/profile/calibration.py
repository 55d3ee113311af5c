"""A monotone calibrator on score cells: the share of positives to expect in each."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from tools.profile.counts import Whole

_FEWEST_OF_A_CLASS = 5
"""Per block: the outermost blocks are the luckiest ones, and would foresee too few, or too many, positives."""


class _Block(NamedTuple):
    rows: int
    hits: int
    cells: int

    def with_next(self, other: "_Block") -> "_Block":
        return _Block(self.rows + other.rows, self.hits + other.hits, self.cells + other.cells)


def calibrate(labelled: Whole, positives: Whole) -> tuple[float, ...]:
    """Return the isotonic share of positives per cell, inside (0, 1). Raises ValueError without labelled rows."""
    rows, hits = sum(labelled), sum(positives)
    if not rows:
        raise ValueError("no labelled rows, no calibrator")
    prior = (hits + 0.5) / (rows + 1)
    blocks = _filled(_ascending(_Block(*cell, 1) for cell in zip(labelled, positives, strict=True)))
    # One row's worth of the overall share: no block may say "never" or "always".
    shares = np.maximum.accumulate([(block.hits + prior) / (block.rows + 1) for block in blocks])
    return tuple(np.repeat(shares, [block.cells for block in blocks]).tolist())


def _ascending(cells: Iterable[_Block]) -> list[_Block]:
    """Pool adjacent violators."""
    blocks: list[_Block] = []
    for cell in cells:
        current = cell
        # Cross-multiplied, so that a cell without labelled rows joins its neighbour instead of dividing by zero.
        while blocks and blocks[-1].hits * current.rows >= current.hits * blocks[-1].rows:
            current = blocks.pop().with_next(current)
        blocks.append(current)
    return blocks


def _filled(blocks: list[_Block]) -> list[_Block]:
    """Pool neighbours until each block has enough rows of both classes to be believed."""
    filled: list[_Block] = []
    current = _Block(0, 0, 0)
    for block in blocks:
        current = current.with_next(block)
        if min(current.hits, current.rows - current.hits) >= _FEWEST_OF_A_CLASS:
            filled.append(current)
            current = _Block(0, 0, 0)
    if not filled:
        return [current]
    return [*filled[:-1], filled[-1].with_next(current)]
