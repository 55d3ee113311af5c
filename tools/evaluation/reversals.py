"""How far a challenger turns the champion's confident decisions round, and what labelled rows say of it."""

from typing import Literal

import numpy as np

from graph.evidence import Interval
from graph.model import Reversal
from tools.evaluation import holdout, jackknife
from tools.evaluation.holdout import Flags, Rows, Scores

CONFIDENT = 0.9
"""Probability that the champion gives its decision, at least, for it to count as confident."""
ALIKE = 25
"""Rows next to each other in the order of the champion's scores that count as scored alike."""


def reversals(rows: Rows, threshold: float, champion: Scores, challenger: Scores) -> tuple[Reversal, ...]:
    """Return one entry for the confident decisions of each kind."""
    called = champion >= threshold
    positive, negative = called & (champion >= CONFIDENT), ~called & (champion <= 1 - CONFIDENT)
    return (
        _reversal("positive", positive, positive & (challenger < threshold), rows),
        _reversal("negative", negative, negative & (challenger >= threshold), rows),
    )


def _reversal(decision: Literal["positive", "negative"], confident: Flags, turned: Flags, rows: Rows) -> Reversal:
    sides = rows.label[turned] == (decision == "negative")
    agreement = jackknife.of(lambda kept: _mean(sides[kept]), holdout.blocks(rows.time[turned])) if len(sides) else None
    return Reversal(decision, int(confident.sum()), int(turned.sum()), agreement)


def _mean(values: Flags) -> float:
    return float(values.mean()) if len(values) else float("nan")


def told_apart(rows: Rows, champion: Scores, challenger: Scores) -> Interval | None:
    """Return how often the challenger puts a positive above a negative that the champion scores alike.

    Half is chance. Alike are rows that lie close to each other in the order of the champion's scores.
    """
    order = np.argsort(champion, kind="stable")
    label, score, block = rows.label[order], challenger[order], holdout.blocks(rows.time)[order]
    blocks = int(block.max()) + 1
    right, pairs = np.zeros(blocks * blocks), np.zeros(blocks * blocks)
    for apart in range(1, min(ALIKE, len(label))):
        differ = label[:-apart] != label[apart:]
        cell = (block[:-apart] * blocks + block[apart:])[differ]
        gain = (score[apart:] - score[:-apart])[differ] * np.where(label[apart:], 1, -1)[differ]
        right += np.bincount(cell, weights=(1 + np.sign(gain)) / 2, minlength=len(right))
        pairs += np.bincount(cell, minlength=len(pairs))
    return jackknife.of_pairs(right.reshape(blocks, blocks), pairs.reshape(blocks, blocks))
