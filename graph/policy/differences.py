"""How one measured difference is read: whether it can be judged by itself, and how it is told."""

from graph.evidence import Interval
from graph.model import Comparison, Difference
from graph.policy.words import finite, interval, number, plural
from graph.spec import ValidationSpec

LEAST_BLOCKS = 8
"""Blocks of time below which an interval says too little: it cannot see what differs from one block to the next."""


def part(comparison: Comparison, name: str) -> Difference | None:
    """Return a part of the compared rows by its name, if it has rows."""
    return next((each for each in comparison.differences if each.name == name and each.rows), None)


def lacks(found: Difference, validation: ValidationSpec) -> str | None:
    """Return what a part has too little of to be judged by itself, or None."""
    if found.rows < validation.min_rows:
        return f"{plural(found.rows, 'row')} are too few"
    if found.positives < validation.min_positives:
        return f"{plural(found.positives, 'positive')} are too few"
    if found.blocks < LEAST_BLOCKS:
        return f"{plural(found.blocks, 'block')} of time are too few"
    return None if whole(found.difference) else "no interval could be made"


def whole(measured: Interval | None) -> Interval | None:
    """Return the interval when value and bounds are numbers."""
    if measured is None or None in (finite(measured.value), finite(measured.low), finite(measured.high)):
        return None
    return measured


def told(found: Difference, difference: Interval, where: str) -> str:
    """Return a difference in words: both values, by how much the challenger is better or worse, and on which rows."""
    champion, challenger = finite(found.champion), finite(found.challenger)
    values = (
        f"{number(challenger)} against {number(champion)}, " if champion is not None and challenger is not None else ""
    )
    return f"{found.metric} {values}{by(difference)} {where}"


def by(gain: Interval) -> str:
    """Return a gain in words: `better by 0.05 [0.03, 0.07]`; a loss is turned round: `worse by 0.1 [-0.01, 0.21]`."""
    if gain.value >= 0:
        return f"better by {interval(gain)}"
    return f"worse by {interval(Interval(0.0 - gain.value, 0.0 - gain.high, 0.0 - gain.low))}"
