"""What one check after the other measured: the course of a model, for those who look back."""

from datetime import datetime

from checkpoints.database import Database, Row
from checkpoints.ledger.windows import merged
from checkpoints.queries import query


class Checks:
    """Reads stored evidence, the few numbers of it that make a course."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def course(self, model: str, until: datetime, most: int) -> list[Row]:
        """Return window, champion, labels and each feature's distance of the newest checks, oldest first."""
        rows = self._database.rows(query("checks", "course"), model=model, until=until, limit=most)
        return rows[::-1]

    def set_aside(self, run: str) -> list[tuple[datetime, datetime]]:
        """Return the flagged intervals as they were when the run was decided, merged, oldest first."""
        rows = self._database.rows(query("checks", "set_aside"), run=run)
        return merged([(row["starts_at"], row["ends_at"]) for row in rows])
