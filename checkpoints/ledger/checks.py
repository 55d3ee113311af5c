"""What one check after the other measured: the course of a model, for those who look back."""

from collections.abc import Sequence
from datetime import datetime

from checkpoints.database import Database, Row
from checkpoints.ledger.windows import merged
from checkpoints.queries import query
from graph.model import Json


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

    def counted(self, model: str, names: Sequence[str], start: datetime, end: datetime) -> list[Row]:
        """Return the rows per bin of some features in the windows inside [start, end), with each window's profile."""
        return self._database.rows(query("checks", "counted"), model=model, names=list(names), start=start, end=end)

    def feature_profiles(self, model: str) -> list[Json]:
        """Return what a model's windows may have been counted with, whole, as their seals are over all of it."""
        rows = self._database.rows(query("checks", "feature_profiles"), model=model)
        return [row["document"] for row in rows]
