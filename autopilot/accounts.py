"""What trainings cost, as the JSON objects that every door shows, and as words."""

from datetime import timedelta
from typing import Any

from autopilot import words
from graph.model import Json
from graph.policy.money import amount
from graph.policy.words import span

Row = dict[str, Any]

_COST = ("price", "most", "currency", "per_run", "per_minute", "seconds")


def cost(row: Row | None) -> Json | None:
    """Return what a run's training cost; `price` is null until its job has ended, `most` counts until then."""
    return {key: row[key] for key in _COST} if row else None


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
