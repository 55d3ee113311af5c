"""What the owner's prices mean per row: how many rows a model serves over the horizon."""

from datetime import timedelta

from graph.evidence import Evidence
from graph.policy.sequence import Tolerance
from graph.spec import Policy

HARM_PRICE = 0.25
"""Part of the price of a retrain, spread over the horizon, that excess per row must be above to count as harm."""


def tolerance(evidence: Evidence, policy: Policy) -> Tolerance:
    """Return the excess per row that is borne: a part of what retraining costs, and the profile's own error."""
    rows, prices = rows_in(evidence, policy.horizon), policy.prices
    borne = HARM_PRICE * (prices.train + prices.promote) / rows if prices and rows else 0.0
    return Tolerance(borne + evidence.harm_error, borne + evidence.wrong_error)


def rows_in(evidence: Evidence, time: timedelta) -> float:
    """Return how many rows the model serves in a stretch of time, going by the reference."""
    if evidence.start is None or evidence.end is None or evidence.end <= evidence.start:
        return 0.0
    return evidence.expected_rows * (time / (evidence.end - evidence.start))
