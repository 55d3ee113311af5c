"""Until when each model's schedule is fulfilled: what was missed is caught up from here, once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from checkpoints.database import Database, Row
from checkpoints.queries import query


@dataclass(frozen=True, slots=True)
class Watch:
    """How far one model has been checked."""

    checked_until: datetime | None = None
    """The newest time of its schedule that was checked for."""
    failures: int = 0
    """Tries since then to which something outside gave no answer."""
    retry_at: datetime | None = None


class Watches:
    """One row per model that was ever checked by its schedule."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[str, Watch]:
        """Return the watch of every model that has one."""
        return _watches(self._database.rows(query("watches", "all")))

    def of(self, models: Sequence[str]) -> dict[str, Watch]:
        """Return the watches of some models."""
        return _watches(self._database.rows(query("watches", "of"), models=list(models)))

    def done(self, model: str, tick: datetime) -> None:
        """Note that a model was checked for this time of its schedule; what lies before it is not caught up."""
        self._database.execute(query("watches", "done"), model=model, tick=tick)

    def failed(self, model: str, retry_at: datetime) -> None:
        """Note that a check could not be made, and when it is tried again."""
        self._database.execute(query("watches", "failed"), model=model, retry_at=retry_at)


def _watches(rows: list[Row]) -> dict[str, Watch]:
    return {row["model"]: Watch(row["checked_until"], row["failures"], row["retry_at"]) for row in rows}
