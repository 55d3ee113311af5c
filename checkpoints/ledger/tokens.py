"""Tokens of the API and sessions of the web page: who somebody is, and what they may do. Only hashes are kept."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal, get_args
from uuid import uuid4

from checkpoints.database import Database, Row
from checkpoints.queries import query
from graph.errors import NotFound

Role = Literal["viewer", "operator", "approver"]
ROLES: tuple[Role, ...] = get_args(Role)
PREFIX = "ap_"
"""Begins every token, so that people and scanners of secrets recognise one."""
SESSION = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a token or a session stands for."""

    person: str
    role: Role
    token: str
    """The token's id, which is no secret."""


class Tokens:
    """Makes, finds and revokes tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(self, person: str, role: Role, by: str, now: datetime) -> str:
        """Return a new token of 256 random bits. It is kept nowhere: who loses it makes another."""
        token = PREFIX + secrets.token_urlsafe(32)
        self._database.execute(
            query("tokens", "add"), id=uuid4(), person=person, role=role, hash=_hash(token), now=now, by=by
        )
        return token

    def holder(self, token: str) -> Holder | None:
        """Return whom a token stands for; None for one that never was or is revoked."""
        row = self._database.row(query("tokens", "holder"), hash=_hash(token))
        return _holder(row) if row else None

    def revoke(self, person: str, token: str | None, by: str, now: datetime) -> int:
        """Revoke a person's tokens, or the one whose id begins so; its sessions end with it. Return how many ended."""
        ended = self._database.execute(query("tokens", "revoke"), person=person, id=token, by=by, now=now)
        if not ended:
            raise NotFound(f"{person} has no such token", f"list them with: autopilot token {person} --list")
        return ended

    def listed(self, person: str | None = None) -> list[Row]:
        """Return every token that was made, without what it is: id, person, role, when and by whom, revoked or not."""
        return self._database.rows(query("tokens", "all_tokens"), person=person)

    def begin_session(self, holder: Holder, now: datetime) -> str:
        """Return a new session's secret, for a browser's cookie."""
        secret = secrets.token_urlsafe(32)
        self._database.execute(query("tokens", "forget_sessions"), now=now)
        self._database.execute(
            query("tokens", "begin_session"), hash=_hash(secret), token=holder.token, now=now, ends=now + SESSION
        )
        return secret

    def of_session(self, secret: str, now: datetime) -> Holder | None:
        """Return whose session this is; None when it has ended, or its token was revoked."""
        row = self._database.row(query("tokens", "session"), hash=_hash(secret), now=now)
        return _holder(row) if row else None

    def end_session(self, secret: str) -> None:
        """End a session."""
        self._database.execute(query("tokens", "end_session"), hash=_hash(secret))


def _hash(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _holder(row: Row) -> Holder:
    return Holder(row["person"], row["role"], str(row["id"]))
