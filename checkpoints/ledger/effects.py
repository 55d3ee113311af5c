"""Once: intent row, look outside, act, record. The row is the truth; the key is known to the outside system."""

from collections.abc import Callable
from contextlib import suppress

from psycopg.types.json import Jsonb

from checkpoints.database import Database, Row, run_lock
from checkpoints.queries import query
from graph.errors import AutopilotError, Misconfigured, Paused, Refused
from graph.model import Json
from graph.ports import Clock

Boundary = Callable[[str], None]
"""Called with KIND.intended, KIND.called, KIND.recorded as an effect passes them; crash tests stop processes there."""


def passing(_: str) -> None:
    """Let every boundary pass: what production does."""


class Effects:
    """Carries out outside effects at most once per key, whatever dies, repeats or races."""

    def __init__(self, database: Database, clock: Clock, boundary: Boundary = passing) -> None:
        self._database = database
        self._clock = clock
        self._boundary = boundary

    def __call__(
        self, run: str, kind: str, key: str, find: Callable[[], Json | None], call: Callable[[], Json]
    ) -> Json:
        """Return the effect's result: the recorded one, else the one found outside, else that of carrying it out.

        The lock is the run's and ends with the process, so that a second process waits, then finds the record. A lease
        with a time limit would let it act beside a slow first one.
        """
        with self._database.locked(run_lock(run)):
            # The row as it was before the intent was written: read under the lock, so that a finished one is seen.
            row = self._database.row(query("effects", "intend"), key=key, run=run, kind=kind, now=self._clock.now())
            if row and row["state"] == "done":
                return _result(row)
            fresh = row is None or row["state"] == "intended"
            return self._carried_out(kind, key, find, lambda: self._called(key, fresh, find, call))

    def _carried_out(self, kind: str, key: str, find: Callable[[], Json | None], call: Callable[[], Json]) -> Json:
        self._boundary(f"{kind}.intended")
        # Looked for also on the first attempt: the intent of an earlier attempt may be lost with a restored database.
        result = find()
        if result is None:
            result = call()
        self._boundary(f"{kind}.called")
        self._record(key, result)
        self._boundary(f"{kind}.recorded")
        return result

    def _called(self, key: str, fresh: bool, find: Callable[[], Json | None], call: Callable[[], Json]) -> Json:
        """Call. The row says so before: as long as it does not, nothing began outside, also where nobody can look.

        What an earlier attempt may have begun, where not `fresh`, no later one takes back.
        """
        self._mark(key, "begun")
        try:
            return call()
        except Paused:
            if fresh:
                self._mark(key, "intended")
            raise
        except (Misconfigured, Refused):
            # Nothing was done, it says. What cannot be looked at now stays as it may be.
            with suppress(AutopilotError):
                if fresh and find() is None:
                    self._mark(key, "intended")
            raise

    def _mark(self, key: str, state: str) -> None:
        self._database.execute(query("effects", "called"), key=key, state=state)

    def of(self, run: str) -> list[Row]:
        """Return the run's effects, oldest first."""
        return self._database.rows(query("effects", "effects_of"), run=run)

    def _record(self, key: str, result: Json) -> None:
        external = str(result.get("id", "")) or None
        now = self._clock.now()
        self._database.execute(query("effects", "done"), key=key, result=Jsonb(result), external_id=external, now=now)


def _result(row: Row) -> Json:
    done: Json = row["result"]
    return done
