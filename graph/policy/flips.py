"""Rows that were decided right before and are decided wrong now: what users notice (Yan et al., CVPR 2021)."""

from graph.model import Check, CheckOutcome, Comparison
from graph.policy.words import percent, rounded
from graph.spec import ValidationSpec


def negative_flips(comparison: Comparison, validation: ValidationSpec) -> tuple[Check, ...]:
    """Judge the share of rows that go from right to wrong, where the owner set a budget for it."""
    budget = validation.max_negative_flips
    if budget is None:
        return ()
    if not comparison.rows:
        return (Check("negative_flips", "inconclusive", None, budget, "there are no rows"),)
    share = comparison.negative_flips / comparison.rows
    outcome: CheckOutcome = "passed" if share <= budget else "failed"
    detail = f"{percent(share)} of rows go from right to wrong, at most {percent(budget)} may"
    return (Check("negative_flips", outcome, rounded(share), budget, detail),)
