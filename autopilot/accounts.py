"""What trainings cost, as the JSON objects that every door shows, and as words."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from autopilot import words
from checkpoints.ledger.book import PostgresLedger
from graph.model import Json
from graph.policy.money import amount, total
from graph.policy.words import span
from graph.spec import Budget, ModelSpec

Row = dict[str, Any]

USUAL = timedelta(days=30)
"""Over which time the expenses of a model without a budget are shown."""
_COST = ("price", "most", "currency", "per_run", "per_minute", "seconds")


def cost(row: Row | None) -> Json | None:
    """Return what a run's training cost; `price` is null until its job has ended, `most` counts until then."""
    return {key: row[key] for key in _COST} if row else None


def of_model(book: PostgresLedger, spec: ModelSpec | None, now: datetime) -> Json | None:
    """Return what was spent on a model in the time of its budget; None where its pipeline has no price."""
    if spec is None or spec.cost is None:
        return None
    budget = spec.policy.budget
    if budget:
        return _stands(book, budget, now, spec.name)
    return {**_stands(book, Budget(0.0, spec.cost.currency, USUAL), now, spec.name), "limit": None}


def of_fleet(book: PostgresLedger, specs: Iterable[ModelSpec], now: datetime) -> Json | None:
    """Return what was spent on all models in the time of their common budget; None where they have none."""
    budget = next((spec.fleet_budget for spec in specs if spec.fleet_budget), None)
    return _stands(book, budget, now) if budget else None


def _stands(book: PostgresLedger, budget: Budget, now: datetime, model: str | None = None) -> Json:
    return {
        "amount": total(book.costs.within(budget, now, model)),
        "limit": budget.amount,
        "currency": budget.currency,
        "per": words.written(budget.per),
    }


def spent_text(spent: Json | None) -> str:
    """Return where a budget stands: `40 of 100 EUR / 30d`."""
    if spent is None:
        return words.NOTHING
    limit = f" of {amount(spent['limit'])}" if spent["limit"] is not None else ""
    return f"{amount(spent['amount'])}{limit} {spent['currency']} / {spent['per']}"


def cost_text(found: Json) -> str:
    """Return what one training cost, or may cost, and by which price."""
    currency, most = found["currency"], amount(found["most"], found["currency"])
    rate = f"{amount(found['per_run'], currency)} a run" if found["per_run"] is not None else ""
    rate = rate or f"{amount(found['per_minute'], currency)} a minute"
    if found["price"] is None:
        return f"up to {most}, at {rate}: reserved until the job has ended"
    return f"{amount(found['price'], currency)}, at {rate}{_measured(found)}"


def _measured(found: Json) -> str:
    """Return by what the price was settled."""
    if found["seconds"] is not None:
        return f", ran {span(timedelta(seconds=found['seconds']))}"
    if found["price"] < found["most"]:
        return ": nothing was started"
    return ", the most it may cost: how long it ran is not known" if found["per_run"] is None else ""
