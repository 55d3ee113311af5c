"""A team's Postgres, looked at: one read-only transaction for a look, so that all of it is of one moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict

from graph.errors import AutopilotError, Misconfigured, Unavailable
from tools.redaction import Redactor

_LONGEST_NAME = 63
_LONGEST_SAID = 200
_VARIABLE = "AUTOPILOT_SQL_URL"
_SETTINGS = (
    "set local timezone = 'UTC'",
    "set local datestyle = 'ISO'",
    "set local intervalstyle = 'postgres'",
    "set local extra_float_digits = 1",
    # Rows must come in the same order every time, and what is compiled for a look costs more than it saves.
    "set local synchronize_seqscans = off",
    "set local jit = off",
)


class Database:
    """Opens looks at one database. Its address is a secret: no message and no representation holds it."""

    def __init__(self, model: str, url: str | None, timeout: timedelta = timedelta(minutes=5)) -> None:
        if not url:
            raise Misconfigured(f"{model}: its monitor reads a database", f"set {_VARIABLE}")
        parts = _parts(url)
        if not parts or "@" in str(parts.get("host")):
            hint = "write it like postgresql://user:password@host/name, with %40 for an @ in the password"
            raise Misconfigured(f"{model}: {_VARIABLE} is no address of a database", hint)
        self.model = model
        self._url = url
        self._timeout = timeout
        self._redact = Redactor.of([url, *(str(parts[key]) for key in ("password", "sslpassword") if parts.get(key))])

    def __repr__(self) -> str:
        return f"Database(for {self.model})"

    @contextmanager
    def look(self) -> Iterator[psycopg.Connection]:
        """Yield a connection in a transaction that sees one moment and can write nothing; it is closed afterwards.

        Raises Unavailable when the database does not answer or takes too long, Misconfigured when a right is missing.
        """
        connection = self._connected()
        if isinstance(connection, AutopilotError):
            raise connection
        try:
            with self.translated():
                connection.execute("set session characteristics as transaction read only")
                connection.autocommit = False
                connection.read_only = True
                connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                milliseconds = self._timeout // timedelta(milliseconds=1)
                for statement in (*_SETTINGS, f"set local statement_timeout = {milliseconds}"):
                    connection.execute(sql.SQL(statement))
                yield connection
        finally:
            connection.close()

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Put the database's errors into our words."""
        try:
            yield
        except psycopg.Error as problem:
            raise self._said(problem) from None

    def _connected(self) -> psycopg.Connection | AutopilotError:
        """Return a connection, or what to raise: raised from here it would carry the library's error along."""
        try:
            return psycopg.connect(self._url, autocommit=True, connect_timeout=10, application_name="autopilot")
        except psycopg.Error as problem:
            return self._unreached(problem)

    def _unreached(self, problem: psycopg.Error) -> AutopilotError:
        said = self._line(problem)
        if "authentication failed" in said or "no password supplied" in said or "does not exist" in said:
            return Misconfigured(f"{self.model}: the database refuses the login: {said}", f"correct {_VARIABLE}")
        if "permission denied" in said:
            hint = "grant connect on the database to the role that reads; docs/monitors.md says how"
            return Misconfigured(f"{self.model}: the database refuses the login: {said}", hint)
        return Unavailable(
            f"{self.model}: the database cannot be reached: {said}", f"check {_VARIABLE} and the network"
        )

    def _said(self, problem: psycopg.Error) -> AutopilotError:
        said = self._line(problem)
        if isinstance(problem, errors.QueryCanceled):
            long = f"{self._timeout.total_seconds():g} s"
            return Unavailable(
                f"{self.model}: the database took longer than {long}",
                "an index on the timestamp column helps most; else a longer monitor.timeout",
            )
        if isinstance(problem, errors.InsufficientPrivilege):
            hint = "grant select on it, and usage on its schema, to the role that reads; docs/monitors.md says how"
            return Misconfigured(f"{self.model}: the database refuses: {said}", hint)
        if isinstance(problem, psycopg.ProgrammingError):
            return Misconfigured(f"{self.model}: the database refuses: {said}", "check the tables of the monitor")
        return Unavailable(f"{self.model}: the database broke off: {said}", "try again later")

    def _line(self, problem: psycopg.Error) -> str:
        text = problem.diag.message_primary or str(problem) or type(problem).__name__
        return " ".join(self._redact(text).split())[:_LONGEST_SAID]


def identifier(model: str, name: str) -> sql.Identifier:
    """Return a table's name, `table` or `schema.table`, quoted. Misconfigured for what cannot be one."""
    parts = name.split(".")
    good = all(part and len(part.encode()) <= _LONGEST_NAME and part.isprintable() for part in parts)
    if not good or len(parts) > 2:
        # An address that was pasted in holds a password.
        shown = "what it reads" if "@" in name or "://" in name else repr(name[:80])
        raise Misconfigured(f"{model}: {shown} is no name of a table", "write table, or schema.table")
    return sql.Identifier(*parts)


def _parts(url: str) -> dict[str, str | int | None]:
    """Return what an address names; nothing for one that cannot be read, since the library's error would show it."""
    try:
        return dict(conninfo_to_dict(url))
    except psycopg.ProgrammingError:
        return {}
