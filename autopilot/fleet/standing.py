"""Where each model stands: what is known of it, in which states it is, who holds it. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from autopilot import words
from autopilot.fleet.roster import Entry
from graph.model import Json
from graph.pause import Pause
from graph.policy import pausing

Row = Mapping[str, Any]
Late = Callable[[str, datetime], datetime]
"""(schedule, now) → since when a model that was not checked is overdue."""

STATES: dict[str, str] = {
    "overdue": "not checked on time",
    "stopped": "standing still",
    "awaiting_approval": "waiting for approval",
    "blocked": "held back by a rule",
    "training": "waiting for training",
    "open": "with an open run",
    "silent": "silent",
    "paused": "paused",
    "shadow": "in shadow",
}
"""Every state that a model may be in, several at once, in the order in which they call for a person; with its words."""
VERDICTS = ("healthy", "degraded", "broken_data", "insufficient", "none")
"""What is known; `none` is a model of which nothing is."""
_UNWELL = "unwell"
_URGENCY = ("overdue", "stopped", "awaiting_approval", _UNWELL, *list(STATES)[3:])


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of one model."""

    name: str
    row: Row | None
    """What the ledger holds; None where the model has no runs."""
    entry: Entry | None
    """What autopilot.yaml says; None where it is no longer there."""
    pauses: tuple[Pause, ...]
    late_since: datetime | None
    """Who was not checked since then is overdue; None where nothing is checked by a schedule now."""


def known(name: str, row: Row | None, entry: Entry | None, pauses: Sequence[Pause], now: datetime, late: Late) -> Known:
    """Return what is known of a model. A paused one is not overdue: nothing is to check it."""
    held = pausing.holding(name, entry.tags if entry else (), pauses)
    schedule = entry.schedule if entry and not held else None
    return Known(name, row, entry, held, late(schedule, now) if schedule else None)


def document(found: Known) -> Json:
    """Return a model as a row of the screen. Nothing is left blank: silence is not health, and is said."""
    row, entry = found.row or {}, found.entry or Entry()
    seen = _seen(row)
    return {
        "model": found.name,
        **seen,
        "waiting_for": row.get("active_status"),
        "states": _states(found, row, seen),
        "blocked_by": row.get("blocked_by"),
        "overdue_since": words.rfc3339(found.late_since) if found.late_since and _overdue(found, row) else None,
        "paused": paused(found.pauses),
        "tags": list(entry.tags),
        "owner": entry.owner,
        "group": entry.group,
        "mode": entry.mode if found.entry else None,
    }


def _seen(row: Row) -> Json:
    """Return what the newest check saw, or why nothing is known."""
    if row.get("failed"):
        reason = f"the last check could not be made: {row['failure']}"
        return _unknown(row, reason, row["begun_at"], row["active"] or row["failed"])
    if row.get("checked_at") is None:
        return _unknown(row, "never checked", None, None)
    return {
        "verdict": row["verdict"],
        "cause": row["cause"],
        "action": row["action"],
        "reason": row["reason"],
        "champion": row["champion"],
        "checked_at": words.rfc3339(row["checked_at"]),
        "run": str(row["active"] or row["checked_by"]),
    }


def _unknown(row: Row, reason: str, at: datetime | None, run: object) -> Json:
    return {
        "verdict": None,
        "cause": None,
        "action": None,
        "reason": reason,
        "champion": row.get("champion"),
        "checked_at": words.rfc3339(at) if at else None,
        "run": str(run) if run else None,
    }


def _states(found: Known, row: Row, seen: Json) -> list[str]:
    active = row.get("active_status")
    holds = {
        "overdue": _overdue(found, row),
        "stopped": active is not None and row["active_error"] is not None,
        "awaiting_approval": active == "awaiting_approval",
        "blocked": row.get("blocked_by") is not None,
        "training": active == "training",
        "open": active is not None,
        "silent": seen["verdict"] in (None, "insufficient"),
        "paused": bool(found.pauses),
        "shadow": row.get("demoted", False) or (found.entry is not None and found.entry.mode == "shadow"),
    }
    return [state for state in STATES if holds[state]]


def _overdue(found: Known, row: Row) -> bool:
    """Tell whether no check began since one should have; one that failed was made on time."""
    if found.late_since is None:
        return False
    begun = [at for at in (row.get("checked_at"), row.get("begun_at")) if at]
    return not begun or max(begun) < found.late_since


def paused(pauses: Sequence[Pause]) -> Json | None:
    """Return the nearest of the pauses that hold a model; None where none does."""
    if not pauses:
        return None
    first = pauses[0]
    return {
        "scope": first.scope,
        "name": first.name,
        "by": first.by,
        "since": words.rfc3339(first.at),
        "reason": first.reason,
        "text": "; ".join(pausing.told(each) for each in pauses),
        "next": ", then: ".join(pausing.lifted_by(each) for each in pauses),
    }


def urgency(model: Json) -> int:
    """Return how soon a model calls for a person: the smaller, the sooner."""
    unwell = [_UNWELL] if model["verdict"] in ("degraded", "broken_data") else []
    return min((_URGENCY.index(each) for each in (*model["states"], *unwell)), default=len(_URGENCY))


def summary(models: Sequence[Json]) -> Json:
    """Return how many models there are, with which verdict, and in which state; one may be in several."""
    verdicts = dict.fromkeys(VERDICTS, 0)
    states = dict.fromkeys(STATES, 0)
    for each in models:
        verdicts[each["verdict"] or "none"] += 1
        for state in each["states"]:
            states[state] += 1
    return {"models": len(models), "verdicts": verdicts, "states": states}
