"""Puts jobs into the queue, from whoever writes the row that a job is about. Knows the rows, not the library.

The queue carries what is to be done, and is no truth: a job that is lost is put again by the next sweep, and one that
comes twice finds its work done.
"""

from collections.abc import Iterable

from psycopg.types.json import Jsonb

from checkpoints.database import Database, Row
from checkpoints.queries import query
from graph.model import Json

STALLED_S = 30.0
"""A worker that has shown no sign of life for so long is dead."""

LOST_S = 900.0
"""A run's job that was begun so long ago, while nobody holds the run, has been lost by its worker."""


class Queue:
    """The jobs that wait, one of a key at most."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, queue: str, task: str, key: str, args: Json, after_s: float = 0.0) -> bool:
        """Put a job, to be taken up after so many seconds. False when one of this key waits already."""
        values = {"queue": queue, "task": task, "key": key, "args": Jsonb(args), "seconds": after_s}
        return self._database.execute(query("queue", "put"), **values) == 1

    def put_run(self, queue: str, run: str, looks: int, after_s: float = 0.0) -> None:
        """Have an open run carried on after so many seconds; `looks` is told to who then does."""
        values = {"queue": queue, "run": run, "looks": looks, "seconds": after_s}
        self._database.execute(query("queue", "put_run"), **values)

    def wake(self, run: str) -> None:
        """Have an open run carried on now, also where a job for it waits for its time."""
        self._database.execute(query("queue", "wake"), run=run)

    def sweep(self, models: Iterable[str]) -> int:
        """Put a job for every open run of these models that has none. Return how many."""
        return self._database.execute(query("queue", "sweep"), models=list(models))

    def take_back(self, after_s: float = STALLED_S, lost_s: float = LOST_S) -> int:
        """Give the jobs of dead workers to the next one, and those that a living one lost. Return how many."""
        return self._database.execute(query("queue", "take_back"), seconds=after_s, lost=lost_s)

    def forget(self, days: int = 30) -> int:
        """Delete the jobs that failed so long ago. Return how many."""
        return self._database.execute(query("queue", "forget"), days=days)

    def standing(self) -> list[Row]:
        """Return every job: queue, task, status, args, scheduled_at, attempts; oldest first."""
        return self._database.rows(query("queue", "standing"))

    def lag(self) -> list[Row]:
        """Return per queue: waiting, doing and failed jobs, and oldest_s, how long the first that waits has waited."""
        return self._database.rows(query("queue", "lag"))
