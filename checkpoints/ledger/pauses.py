"""Who stopped which models: one pause of a kind at a time, each lifted by itself, all of them kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from checkpoints.database import Database, Row
from checkpoints.queries import query
from graph.pause import Pause, Scope


class Pauses:
    """Every change has its line in the audit trail."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def standing(self) -> tuple[Pause, ...]:
        """Return every pause that was not lifted, the oldest first."""
        return tuple(_pause(row) for row in self._database.rows(query("pauses", "standing")))

    def pause(
        self,
        scope: Scope,
        name: str | None,
        reason: str,
        by: str,
        os_user: str,
        now: datetime,
        models: Sequence[str] | None = None,
    ) -> Pause | None:
        """Stop a model, a tag's models or all of them. None, and nothing changed, where the very same is paused.

        `models` are those it stops now: what channels show of them is brought up to date; of all where it is None.
        """
        given = {"scope": scope, "name": name, "reason": reason, "by": by, "os_user": os_user}
        return self._change("pause", now=now, models=None if models is None else list(models), **given)

    def lift(self, scope: Scope, name: str | None, reason: str, by: str, os_user: str, now: datetime) -> Pause | None:
        """Lift a pause and return it as it was. None where the very same is not paused."""
        given = {"scope": scope, "name": name, "reason": reason, "by": by, "os_user": os_user}
        return self._change("unpause", now=now, **given)

    def _change(self, how: str, **given: Any) -> Pause | None:
        row = self._database.row(query("pauses", how), **given)
        return _pause(row) if row else None


def _pause(row: Row) -> Pause:
    return Pause(row["scope"], row["name"], row["paused_by"], row["paused_at"], row["reason"])
