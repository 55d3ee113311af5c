"""What the owner's prices mean per row, over the rows that a model serves in the horizon; and the test that uses it."""

from datetime import timedelta

from graph.evidence import Evidence
from graph.policy.sequence import Sequential, Tolerance, follow, follow_losses
from graph.spec import Policy

HARM_PRICE = 0.25
"""Part of the price of a retrain, spread over the horizon, that excess per row must be above to count as harm."""


def followed(evidence: Evidence, policy: Policy) -> Sequential:
    """Return where the sequential test stands after the evidence's windows, at what this owner bears."""
    if evidence.outcome:
        return follow_losses(evidence.outcome.losses, evidence.outcome.loss_error)
    return follow(evidence.harm, tolerance(evidence, policy))


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
