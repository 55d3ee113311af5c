"""Connections to our database, and the one translation of the driver's errors into ours."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from time import monotonic
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads
from psycopg_pool import ConnectionPool, PoolTimeout
from pydantic_core import from_json

from graph.errors import Misconfigured, Unavailable

Row = dict[str, Any]
Cursor = psycopg.Cursor[Row]
T = TypeVar("T")
_FRESH_S = 1.0


def run_lock(run: str) -> str:
    """Name the lock under which a run is carried on, its effects are carried out and its approval is answered."""
    return f"run {run}"


class Occupied(Unavailable):
    """Somebody else holds a lock for longer than it was waited for."""


class Connection(psycopg.Connection[Row]):
    """A connection that knows when it was last seen alive, with one cursor for statements that are read at once."""

    seen_alive = 0.0

    @cached_property
    def only_cursor(self) -> Cursor:
        """The same cursor every time: a new one costs as much as a small statement."""
        return self.cursor()


LEDGER_SCHEMA = "autopilot"
THREAD_SCHEMA = "langgraph"


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's connection and rights errors into ours; programming errors stay what they are."""
    try:
        yield
    except psycopg.Error as error:
        raise _ours(error) from None


def _ours(error: psycopg.Error) -> Exception:
    if isinstance(error, (PoolTimeout, psycopg.OperationalError)):
        return Unavailable(
            f"the database did not answer: {_first_line(error)}", "check DATABASE_URL, or: autopilot doctor"
        )
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return Misconfigured(f"the database login lacks a right: {_first_line(error)}", "autopilot doctor")
    if isinstance(error, psycopg.errors.UndefinedTable):
        return Misconfigured("the database holds no ledger yet", "create it with: autopilot db migrate")
    return error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _checked(connection: Connection) -> None:
    """Ask a connection now and then whether it still lives: before every statement, that would double their cost."""
    if monotonic() - connection.seen_alive > _FRESH_S:
        ConnectionPool.check_connection(connection)
        connection.seen_alive = monotonic()


def pool(dsn: str, schema: str, size: int = 4) -> ConnectionPool[Connection]:
    """Return a lazily opened pool whose connections see `schema`, commit by themselves and are checked before use."""
    return ConnectionPool(
        dsn,
        min_size=0,
        max_size=size,
        timeout=10,
        max_idle=300,
        max_lifetime=1800,
        open=False,
        check=_checked,
        configure=_reads_fast,
        kwargs=connecting(schema),
        connection_class=Connection,
    )


def _reads_fast(connection: Connection) -> None:
    """Read JSON at twice the usual speed: most of what a check reads are the counts of windows."""
    set_json_loads(from_json, connection)


def connecting(schema: str) -> dict[str, Any]:
    """Return what every connection to our database is opened with."""
    return {
        "autocommit": True,
        "prepare_threshold": 0,
        "row_factory": dict_row,
        "options": f"-c search_path={schema} -c timezone=UTC",
        "connect_timeout": 10,
        "application_name": "autopilot",
    }


@dataclass(frozen=True, slots=True)
class _Held:
    """The locks that this thread of work holds, all on one connection."""

    connection: Connection
    notes: dict[str, dict[str, Any]]
    """What was noted under each of them."""


class Database:
    """The ledger's connections. What is done under a lock is done on the lock's own connection.

    So whoever lost the lock, because its connection broke, cannot write either.
    """

    def __init__(self, dsn: str) -> None:
        self._pool = pool(dsn, LEDGER_SCHEMA)
        # Of its own: a statement outside of locks must never wait for a connection that a lock holds.
        self._locks = pool(dsn, LEDGER_SCHEMA, 32)
        self._held: ContextVar[_Held | None] = ContextVar("held", default=None)

    def close(self) -> None:
        """Close the pools. Safe to call when they were never opened."""
        self._pool.close()
        self._locks.close()

    def rows(self, sql: LiteralString, **values: Any) -> list[Row]:
        """Run one statement and return its rows."""
        return self._run(sql, values, _all)

    def row(self, sql: LiteralString, **values: Any) -> Row | None:
        """Run one statement and return its first row, if any."""
        return self._run(sql, values, _first)

    def execute(self, sql: LiteralString, **values: Any) -> int:
        """Run one statement and return how many rows it touched."""
        return self._run(sql, values, _count)

    @contextmanager
    def locked(self, name: str, patience_s: float | None = None) -> Iterator[None]:
        """Hold a lock, waiting for it. It ends with its connection, and that with the process.

        Who holds it already goes on at once. Occupied when it cannot be had within `patience_s`.
        """
        held = self._held.get()
        if held and name in held.notes:
            yield
            return
        with ExitStack() as taken:
            # That no connection is to be had is no defect of whoever asks for a lock.
            with translated():
                connection = taken.enter_context(self._connection(self._locks))
            token = self._held.set(_Held(connection, {**(held.notes if held else {}), name: {}}))
            try:
                with _lock(connection, name, patience_s):
                    yield
            finally:
                self._held.reset(token)

    @contextmanager
    def shared(self, name: str) -> Iterator[None]:
        """Hold a lock together with others who hold it so, and against whoever wants it alone. Waits for that one."""
        self._locks.open()
        with translated(), self._locks.connection() as connection:
            connection.execute("select pg_advisory_lock_shared(hashtextextended(%(name)s, 0))", {"name": name})
            try:
                yield
            finally:
                connection.execute("select pg_advisory_unlock_shared(hashtextextended(%(name)s, 0))", {"name": name})

    def noted(self, name: str) -> dict[str, Any]:
        """Return the notes of a lock that is held: what nobody changes without it need not be read twice.

        They end with the lock. Without it there are none to keep: others may change everything.
        """
        held = self._held.get()
        return held.notes.get(name, {}) if held else {}

    def _run(self, sql: LiteralString, values: Row, read: Callable[[Cursor], T]) -> T:
        held = self._held.get()
        try:
            if held:
                return read(held.connection.only_cursor.execute(sql, values))
            with self._connection(self._pool) as connection:
                return read(connection.only_cursor.execute(sql, values))
        except psycopg.Error as error:
            raise _ours(error) from None

    @contextmanager
    def _connection(self, source: ConnectionPool[Connection]) -> Iterator[Connection]:
        held = self._held.get()
        if held:
            yield held.connection
            return
        source.open()
        with source.connection() as connection:
            yield connection


@contextmanager
def _lock(connection: Connection, name: str, patience_s: float | None) -> Iterator[None]:
    with translated():
        _wait(connection, name, patience_s)
    try:
        yield
    finally:
        try:
            connection.execute("select pg_advisory_unlock(hashtextextended(%(name)s, 0))", {"name": name})
        except psycopg.Error:
            # A connection that cannot give the lock back is closed, which gives it back too.
            connection.close()


def _wait(connection: Connection, name: str, patience_s: float | None) -> None:
    if patience_s is None:
        connection.execute("select pg_advisory_lock(hashtextextended(%(name)s, 0))", {"name": name})
        return
    # Most are free: a limit takes a transaction of its own.
    taking = "select pg_try_advisory_lock(hashtextextended(%(name)s, 0)) as taken"
    row = connection.execute(taking, {"name": name}).fetchone()
    if row is None or not row["taken"]:
        _wait_for(connection, name, patience_s)


def _wait_for(connection: Connection, name: str, patience_s: float) -> None:
    try:
        # The limit ends with the transaction; the lock is the connection's and stays.
        with connection.transaction():
            limit = f"{max(1, round(patience_s * 1000))}ms"
            connection.execute("select set_config('lock_timeout', %(limit)s, true)", {"limit": limit})
            connection.execute("select pg_advisory_lock(hashtextextended(%(name)s, 0))", {"name": name})
    except psycopg.errors.LockNotAvailable:
        raise Occupied(f"{name}: another process is at it just now", "try again in a few seconds") from None


def _all(cursor: Cursor) -> list[Row]:
    return cursor.fetchall()


def _first(cursor: Cursor) -> Row | None:
    return cursor.fetchone()


def _count(cursor: Cursor) -> int:
    return cursor.rowcount
