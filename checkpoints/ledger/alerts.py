"""Alerts of other systems: each once, committed before its sender is thanked, several of one model one check."""

from datetime import datetime

from psycopg.types.json import Jsonb

from checkpoints.database import Database, Row
from checkpoints.queries import query
from graph.model import Json


class Alerts:
    """What was alerted and which check looked at it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def receive(self, dedupe: str, source: str, model: str, name: str, detail: Json, now: datetime) -> bool:
        """Store an alert. False when it is there already: deliveries come at least once."""
        stored = self._database.execute(
            query("alerts", "receive"),
            dedupe=dedupe,
            source=source,
            model=model,
            name=name,
            detail=Jsonb(detail),
            now=now,
        )
        return stored == 1

    def waiting(self) -> list[Row]:
        """Return the models with alerts that no check has looked at: model, since, alerts."""
        return self._database.rows(query("alerts", "waiting"))

    def answered(self, now: datetime) -> None:
        """Note the checks that began after an alert anyway, until now, and answer it."""
        self._database.execute(query("alerts", "answered"), now=now)

    def taken(self, model: str, run: str, now: datetime) -> None:
        """Note which check looks at what was alerted until now."""
        self._database.execute(query("alerts", "taken"), model=model, run=run, now=now)

    def of(self, run: str) -> list[Row]:
        """Return the alerts that led to a check, or that it answered."""
        return self._database.rows(query("alerts", "of_run"), run=run)
