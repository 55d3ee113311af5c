"""Models that only decide: what put them there beside their entry, and what was decided and done meanwhile."""

from dataclasses import dataclass
from datetime import datetime

from checkpoints.database import Database, Row
from checkpoints.queries import query
from graph.policy.agreement import Look


@dataclass(frozen=True, slots=True)
class Demotion:
    """A return to an earlier version, after which the model touches nothing until a person lifts it."""

    run: str
    at: datetime


class Shadow:
    """Written with the promotion that returns; lifted by a person."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def standing(self, model: str) -> Demotion | None:
        """Return what holds the model in shadow beside its entry."""
        row = self._database.row(query("shadow", "standing"), model=model)
        return _demotion(row) if row else None

    def lift(self, model: str, by: str, os_user: str | None, comment: str, now: datetime) -> tuple[Demotion, ...]:
        """Let the model act again as its entry says; return what held it, nothing when nothing did."""
        values = {"model": model, "by": by, "os_user": os_user, "comment": comment, "now": now}
        return tuple(_demotion(row) for row in self._database.rows(query("shadow", "lift"), **values))

    def all(self, model: str) -> list[Row]:
        """Return every demotion of a model, oldest first: run, at, lifted_at."""
        return self._database.rows(query("shadow", "demotions"), model=model)

    def looks(self, model: str, since: datetime) -> list[Look]:
        """Return the checks from `since` on that came after the model last acted for itself, oldest first."""
        rows = self._database.rows(query("shadow", "watched"), model=model, since=since)
        return [Look(str(row["run"]), row["at"], row["champion"], row["acts"]) for row in rows]


def _demotion(row: Row) -> Demotion:
    return Demotion(str(row["run"]), row["at"])
