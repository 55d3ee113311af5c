"""What training may cost and did cost, and whether a budget has room for one more."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import fsum

from graph.policy.words import DIGITS, moment, span
from graph.spec import Budget, Cost, ModelSpec
from graph.spending import Expense, Spent

OF_MODEL, OF_FLEET = "this model", "all models"
_MINUTE = timedelta(minutes=1)


def most(cost: Cost, deadline: timedelta) -> float:
    """Return what one training may cost at most: by the minute, as much as a job that runs until its deadline."""
    if cost.per_run is not None:
        return cost.per_run
    return (cost.per_minute or 0.0) * (deadline / _MINUTE)


def price(cost: Cost, at_most: float, ran_s: float | None) -> float:
    """Return what an ended job cost: by the run whatever became of it, by the minute all of it where nobody knows."""
    if cost.per_run is not None:
        return cost.per_run
    if cost.per_minute is None or ran_s is None:
        return at_most
    return cost.per_minute * ran_s / 60.0


def total(expenses: Sequence[Expense]) -> float:
    """Return the sum, to the digits that rules keep: a third amount of 33.1 must fit where two left room for it."""
    return round(fsum(each.amount for each in expenses), DIGITS)


def after(expenses: Sequence[Expense], bill: float) -> float:
    """Return what will be spent with one more training."""
    return round(total(expenses) + bill, DIGITS)


def told(expenses: Sequence[Expense], bill: float, budget: Budget, whose: str) -> str:
    """Return where a budget stands, in words."""
    spent, limit, this = amount(total(expenses)), amount(budget.amount, budget.currency), amount(bill)
    return f"{spent} of {limit} in {span(budget.per)} of {whose} are spent or reserved; this training may take {this}"


def over(expenses: Sequence[Expense], bill: float, budget: Budget, whose: str) -> str:
    """Return why one more training does not fit a budget, and when it will; an empty text where it fits."""
    if after(expenses, bill) <= budget.amount:
        return ""
    return f"the budget has no room: {told(expenses, bill, budget, whose)}; {_free(expenses, bill, budget)}"


def refused(spec: ModelSpec, spent: Spent | None) -> str:
    """Return which budget one more training of a model would exceed, or an empty text."""
    if spec.cost is None or spent is None:
        return ""
    bill = most(spec.cost, spec.deadline)
    own, fleet = spec.policy.budget, spec.fleet_budget
    reason = over(spent.by_model, bill, own, OF_MODEL) if own else ""
    return reason or (over(spent.by_fleet, bill, fleet, OF_FLEET) if fleet else "")


def within(expenses: Sequence[Expense], budget: Budget, now: datetime) -> tuple[Expense, ...]:
    """Return what counts now, oldest first. What lies ahead counts: setting the clock back frees nothing."""
    return tuple(sorted((each for each in expenses if each.at > now - budget.per), key=lambda each: each.at))


def amount(value: float, currency: str = "") -> str:
    """Return an amount with its currency: `1,200 EUR`, `0.25 EUR`, `0.004 EUR`; two digits where they are enough."""
    text = f"{value:,.2f}".removesuffix(".00") if value >= 0.01 or value == 0 else f"{value:.2g}"
    return f"{text} {currency}".rstrip()


def _free(expenses: Sequence[Expense], bill: float, budget: Budget) -> str:
    """Say when enough of what was spent lies so far back that it no longer counts."""
    ordered = sorted(expenses, key=lambda each: each.at)
    for number, each in enumerate(ordered, 1):
        if after(ordered[number:], bill) <= budget.amount:
            return f"free again {moment(each.at + budget.per)}"
    return "one training may cost more than the whole budget"
