"""What was counted as it was written, and how things stand: read in the same time however long the ledger is."""

from collections.abc import Sequence
from datetime import datetime

from checkpoints.database import Database, Row
from checkpoints.queries import query


class Tallies:
    """Numbers over all models. A counter never falls, also when the rows behind it are removed one day."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counted(self) -> list[Row]:
        """Return every counter that ever rose: what, label, more, amount."""
        return self._database.rows(query("tallies", "counted"))

    def newest_checks(self) -> list[Row]:
        """Return how each model stood when it was last checked: model, at, verdict, action, blocked (rules)."""
        return self._database.rows(query("tallies", "newest_checks"))

    def open_runs(self, held: Sequence[str] = (), every: bool = False) -> list[Row]:
        """Return the runs without an outcome by status: runs, those paused, and times of those that are not.

        Paused are those of the models `held`, or of `every` one. Times: started_at of the oldest, the first seen_at.
        """
        return self._database.rows(query("tallies", "open_runs"), held=list(held), every=every)

    def waiting(self, held: Sequence[str], every: bool, running: Sequence[str]) -> Row:
        """Return how many approvals and alerts wait, and since when: asked_at, expires_at, alerted_at.

        The times are those of approvals whose models are not `held`, and of alerts whose models are `running`.
        """
        found = self._database.row(query("tallies", "waiting"), held=list(held), every=every, running=list(running))
        return found or {}

    def questions(self) -> list[Row]:
        """Return the open questions to owners: kind, questions, asked_at."""
        return self._database.rows(query("tallies", "questions"))

    def untold(self) -> list[Row]:
        """Return what each channel has still to be told: channel, waiting, and the most tries in vain."""
        return self._database.rows(query("tallies", "untold"))

    def alerts_by_model(self, since: datetime, limit: int) -> list[Row]:
        """Return the models that most alerts after `since` name: model, alerts."""
        return self._database.rows(query("tallies", "alerts_by_model"), since=since, limit=limit)
