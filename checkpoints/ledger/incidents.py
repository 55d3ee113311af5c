"""Causes that several models' questions have in common: one row each, open as long as one of them is."""

from dataclasses import dataclass
from datetime import datetime

from checkpoints.database import Database, Row
from checkpoints.queries import query
from graph.model import QuestionKind
from graph.policy import incidents
from graph.policy.incidents import Asked, Incident


@dataclass(frozen=True, slots=True)
class Standing:
    """An open incident."""

    id: int
    kind: QuestionKind
    name: str
    opened_at: datetime
    told_at: datetime | None
    models: tuple[str, ...]
    """Whose questions are open, by name."""


class Incidents:
    """Every question belongs to one incident at most."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def gather(self, at_least: int, now: datetime) -> None:
        """Put open questions with one cause together. One process at a time: else two make two of one."""
        with self._database.locked("incidents"):
            rows = self._database.rows(query("incidents", "alone"), since=now - incidents.SPAN)
            asked = [_asked(row) for row in rows]
            for each in incidents.found(asked, self._known(), at_least, now):
                self._note(each, now)

    def _known(self) -> list[Incident]:
        rows = self._database.rows(query("incidents", "standing"))
        return [Incident(row["kind"], row["name"], row["id"], row["newest"]) for row in rows]

    def _note(self, each: Incident, now: datetime) -> None:
        questions = list(each.questions)
        if each.id is None:
            made = query("incidents", "open")
            self._database.execute(made, kind=each.kind, name=each.name, now=now, questions=questions)
        else:
            self._database.execute(query("incidents", "join"), incident=each.id, questions=questions)

    def standing(self) -> list[Standing]:
        """Return the open incidents, the oldest first."""
        return [_standing(row) for row in self._database.rows(query("incidents", "standing"))]

    def told(self, incident: int, now: datetime) -> None:
        """Note that its models' owners were told."""
        self._database.execute(query("incidents", "told"), incident=incident, now=now)


def _asked(row: Row) -> Asked:
    return Asked(row["id"], row["model"], row["kind"], tuple(row["features"]), row["asked_at"])


def _standing(row: Row) -> Standing:
    return Standing(row["id"], row["kind"], row["name"], row["opened_at"], row["told_at"], tuple(row["models"]))
