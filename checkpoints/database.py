"""Connections to our database, and the one translation of the driver's errors into ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from graph.errors import Misconfigured, Unavailable

Row = dict[str, Any]
_FRESH_S = 1.0


class Connection(psycopg.Connection[Row]):
    """A connection that knows when it was last given back."""

    idle_since = 0.0

LEDGER_SCHEMA = "autopilot"
THREAD_SCHEMA = "langgraph"


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's connection and rights errors into ours; programming errors stay what they are."""
    try:
        yield
    except (PoolTimeout, psycopg.OperationalError) as error:
        raise Unavailable(
            f"the database did not answer: {_first_line(error)}", "check DATABASE_URL, or: autopilot doctor"
        ) from None
    except psycopg.errors.InsufficientPrivilege as error:
        raise Misconfigured(f"the database login lacks a right: {_first_line(error)}", "autopilot doctor") from None
    except psycopg.errors.UndefinedTable:
        raise Misconfigured("the database holds no ledger yet", "create it with: autopilot db migrate") from None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _returned(connection: Connection) -> None:
    connection.idle_since = monotonic()


def _checked(connection: Connection) -> None:
    """Ask a connection that lay idle whether it still lives; one used a moment ago would only cost a round trip more."""
    if monotonic() - connection.idle_since > _FRESH_S:
        ConnectionPool.check_connection(connection)


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
        reset=_returned,
        kwargs={
            "autocommit": True,
            "prepare_threshold": 0,
            "row_factory": dict_row,
            "options": f"-c search_path={schema} -c timezone=UTC",
            "connect_timeout": 10,
            "application_name": "autopilot",
        },
        connection_class=Connection,
    )


class Database:
    """The ledger's connections: short statements from one pool, locks from another."""

    def __init__(self, dsn: str) -> None:
        self._pool = pool(dsn, LEDGER_SCHEMA)
        # Of its own: statements made under locks must never wait for a connection that a lock holds.
        self._locks = pool(dsn, LEDGER_SCHEMA, 32)

    def close(self) -> None:
        """Close the pools. Safe to call when they were never opened."""
        self._pool.close()
        self._locks.close()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Yield a connection inside one transaction; an exception rolls it back."""
        with _from(self._pool) as connection, connection.transaction():
            yield connection

    def rows(self, sql: LiteralString, **values: Any) -> list[Row]:
        """Run one statement and return its rows."""
        with _from(self._pool) as connection:
            return connection.execute(sql, values).fetchall()

    def row(self, sql: LiteralString, **values: Any) -> Row | None:
        """Run one statement and return its first row, if any."""
        with _from(self._pool) as connection:
            return connection.execute(sql, values).fetchone()

    def execute(self, sql: LiteralString, **values: Any) -> int:
        """Run one statement and return how many rows it touched."""
        with _from(self._pool) as connection:
            return connection.execute(sql, values).rowcount

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Hold a lock, waiting for it, on a connection that nothing else uses meanwhile. It ends with the process."""
        with _from(self._locks) as connection:
            connection.execute("select pg_advisory_lock(hashtextextended(%(name)s, 0))", {"name": name})
            try:
                yield
            finally:
                _unlock(connection, name)


@contextmanager
def _from(source: ConnectionPool[Connection]) -> Iterator[Connection]:
    with translated():
        source.open()
        with source.connection() as connection:
            yield connection


def _unlock(connection: Connection, name: str) -> None:
    """Give the lock back. A connection that cannot is closed, which gives it back too."""
    try:
        connection.execute("select pg_advisory_unlock(hashtextextended(%(name)s, 0))", {"name": name})
    except psycopg.Error:
        connection.close()
