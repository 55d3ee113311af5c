"""What owners were asked about broken data or labels, and what they answered."""

from datetime import datetime

from psycopg.types.json import Jsonb

from checkpoints.database import Database, Row
from checkpoints.queries import query
from graph.model import Question


class Questions:
    """At most one open question of a kind per model; the database says so."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, run: str, model: str, question: Question, since: datetime) -> None:
        """Open a question about rows from `since` on, or widen the open one of its kind."""
        self._database.execute(
            query("questions", "ask"),
            model=model,
            kind=question.kind,
            run=run,
            features=Jsonb(list(question.features)),
            since=since,
            now=question.asked_at,
            looked_back=question.looked_back,
        )

    def answer(
        self, model: str, genuine: bool, by: str, os_user: str | None, comment: str, now: datetime
    ) -> tuple[Question, ...]:
        """Close every open question of a model and return them as closed; none when none was open.

        What was genuine comes back into evidence and training; what was repaired stays out, from the first suspected
        window to the answer.
        """
        given = {"genuine": genuine, "by": by, "os_user": os_user, "comment": comment, "now": now}
        rows = self._database.rows(query("questions", "answer"), model=model, incident=None, **given)
        return tuple(_question(row) for row in rows)

    def answer_incident(
        self, incident: int, genuine: bool, by: str, os_user: str | None, comment: str, now: datetime
    ) -> dict[str, tuple[Question, ...]]:
        """Close every open question of an incident, with what follows for each model; return them by model."""
        given = {"genuine": genuine, "by": by, "os_user": os_user, "comment": comment, "now": now}
        rows = self._database.rows(query("questions", "answer"), model=None, incident=incident, **given)
        closed: dict[str, tuple[Question, ...]] = {}
        for row in rows:
            closed[row["model"]] = (*closed.get(row["model"], ()), _question(row))
        return closed


def _question(row: Row) -> Question:
    return Question(
        kind=row["kind"],
        asked_at=row["asked_at"],
        features=tuple(row["features"]),
        answered_at=row["answered_at"],
        genuine=row["genuine"],
        looked_back=row["looked_back"],
    )
