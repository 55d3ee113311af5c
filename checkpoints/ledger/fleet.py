"""The whole fleet as rows: one statement, however many models there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from checkpoints.database import Database, Row
from checkpoints.packing import unpack
from checkpoints.queries import query
from graph.codec import load
from graph.pause import Pause
from graph.policy.retraining import RESTRAINTS
from graph.reasoning.narrowing import RULE

_RESTRAINTS = [*RESTRAINTS, RULE]


@dataclass(frozen=True, slots=True)
class Purse:
    """A budget to look into: one model's, or with None that of all."""

    model: str | None
    currency: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Screen:
    """What the ledger knows of all models at one moment."""

    rows: dict[str, Row]
    """By model: its newest check, the run that acts, what went wrong. Only models that have runs."""
    pauses: tuple[Pause, ...]
    spent: dict[str | None, float]
    """By the model of each purse, in its currency."""
    incidents: tuple[Row, ...] = ()
    """Open ones, the oldest first: id, kind, name, opened_at (a text), models."""


class Fleet:
    """Reads and changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def screen(self, purses: Sequence[Purse] = ()) -> Screen:
        """Return the fleet as it stands now."""
        asked = [{"model": each.model, "currency": each.currency, "since": each.since.isoformat()} for each in purses]
        once, *rows = self._database.rows(query("fleet", "screen"), budgets=Jsonb(asked), restraints=_RESTRAINTS)
        return Screen(
            rows={row["model"]: _unpacked(row) for row in rows},
            pauses=tuple(load(Pause, each) for each in once["pauses"] or ()),
            spent={each["model"]: each["amount"] for each in once["spent"] or ()},
            incidents=tuple(once["incidents"] or ()),
        )


def _unpacked(row: Row) -> Row:
    """Return a model's row with the rule that blocks it, also where its decision is kept by reference."""
    packed = row.pop("blocked_in")
    rules = unpack(packed)["rules"] if packed else []
    blocked = [rule["rule"] for rule in rules if rule["outcome"] == "blocked" and rule["rule"] in _RESTRAINTS]
    return {**row, "blocked_by": blocked[-1]} if blocked else row
