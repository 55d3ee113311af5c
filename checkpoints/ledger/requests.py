"""Requests that carry an Idempotency-Key: sent again, they get the answer that they got."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from psycopg.types.json import Jsonb

from checkpoints.database import Database
from checkpoints.queries import query
from graph.errors import Refused, Unavailable
from graph.model import Json

KEPT = timedelta(hours=24)
DIED = timedelta(minutes=5)
"""After so long the process that was answering a request has died: whoever asks again is the first again."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a request was answered."""

    status: int
    body: Json


class Requests:
    """Remembers what each key of each person was answered, for a day."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, person: str, key: str, content: bytes, now: datetime) -> Answered | None:
        """Return the answer that this request got before; None where it is the first.

        Refused when the key came with another content, Unavailable while the first is still being answered.
        """
        self._database.execute(query("requests", "forget"), before=now - KEPT)
        digest = sha256(content).hexdigest()
        row = None
        while row is None:
            # None: another request with this key came in the same moment, and is seen by the next look.
            row = self._database.row(query("requests", "begin"), person=person, key=key, digest=digest, now=now)
        if row["first"]:
            return None
        if row["digest"] != digest:
            raise Refused("this Idempotency-Key came with another request before", "use a new key for a new request")
        if row["status"] is None:
            died = now - row["at"] > DIED
            taken = {"person": person, "key": key, "at": row["at"], "now": now}
            if died and self._database.execute(query("requests", "take_over"), **taken):
                return None
            raise Unavailable("the first request with this Idempotency-Key is still being answered", "send it again")
        return Answered(row["status"], row["body"])

    def end(self, person: str, key: str, answered: Answered) -> None:
        """Remember an answer."""
        body = Jsonb(answered.body)
        self._database.execute(query("requests", "end"), person=person, key=key, status=answered.status, body=body)

    def drop(self, person: str, key: str) -> None:
        """Forget a request that could not be answered: sent again, it is tried again."""
        self._database.execute(query("requests", "drop"), person=person, key=key)
