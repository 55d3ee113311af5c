"""The fleet as `autopilot status`, the pages and the API show it: the ledger's one answer beside what the file says."""

from collections.abc import Callable
from datetime import datetime
from functools import cache

from autopilot import cron, words
from autopilot.fleet import standing
from autopilot.fleet.roster import Purse, Roster
from autopilot.replying import incident_name
from checkpoints.database import Row
from checkpoints.ledger.book import PostgresLedger
from checkpoints.ledger.fleet import Purse as Asked
from checkpoints.ledger.fleet import Screen
from graph.model import Json
from graph.policy.words import DIGITS


def fleet(book: PostgresLedger, roster: Roster, now: datetime) -> Json:
    """Return every model, configured or remembered, by name; how many stand where; and what all may spend together.

    One statement, however many models there are.
    """
    found = book.fleet.screen(_asked(roster, now))
    late = _late()
    models = [
        {
            **standing.document(
                standing.known(name, found.rows.get(name), roster.models.get(name), found.pauses, now, late)
            ),
            "spent": _spent(found, name, roster.models[name].purse if name in roster.models else None),
        }
        for name in sorted(set(roster.models) | set(found.rows))
    ]
    return {
        "summary": standing.summary(models),
        "models": models,
        "budget": _spent(found, None, roster.purse),
        "incidents": [_incident(each) for each in found.incidents],
    }


def _incident(row: Row) -> Json:
    """Return an open incident: which column broke, or the labels, for whom, and what answers for all of them."""
    name = incident_name(row["id"])
    opened = words.rfc3339(datetime.fromisoformat(row["opened_at"]))
    return {
        "incident": name,
        "kind": row["kind"],
        "about": row["name"],
        "since": opened,
        "models": row["models"],
        "next": f"autopilot answer {name} --genuine | --fixed",
    }


def _late() -> Callable[[str, datetime], datetime]:
    # Thousands of models share a few schedules.
    return cache(cron.late_since)


def _asked(roster: Roster, now: datetime) -> list[Asked]:
    own = [Asked(name, each.purse.currency, now - each.purse.per) for name, each in roster.models.items() if each.purse]
    every = [Asked(None, roster.purse.currency, now - roster.purse.per)] if roster.purse else []
    return own + every


def _spent(found: Screen, model: str | None, purse: Purse | None) -> Json | None:
    """Return what was spent in the time of a budget; None where there is neither a budget nor a price."""
    if purse is None:
        return None
    amount = round(found.spent.get(model, 0.0), DIGITS)
    return {"amount": amount, "limit": purse.limit, "currency": purse.currency, "per": words.written(purse.per)}
