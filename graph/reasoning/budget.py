"""How many tokens a language model may use: per check, per model and per fleet in the last 24 hours."""

from dataclasses import dataclass
from datetime import timedelta

from graph.advice import TokenCaps

DAY = timedelta(days=1)
LEAST_ANSWER = 400
"""Tokens without which an answer would be cut off."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens of the last 24 hours, those of questions that are still open included."""

    by_model: int
    by_fleet: int


def too_long(question: int, caps: TokenCaps) -> str:
    """Return why a question of at most so many tokens does not fit into a check, or an empty text."""
    needed = question + LEAST_ANSWER
    if needed <= caps.per_check:
        return ""
    return f"question and answer may take {needed} tokens where a check may use {caps.per_check}"


def used_up(spent: Spent, caps: TokenCaps) -> str:
    """Return which cap one more check could go beyond, or an empty text. A check may use all that a check may."""
    for used, cap, whose in (
        (spent.by_model, caps.per_model_per_day, "this model"),
        (spent.by_fleet, caps.per_day, "the fleet"),
    ):
        if used + caps.per_check > cap:
            return f"{used} of {cap} tokens a day of {whose} are used, and a check may take {caps.per_check}"
    return ""
