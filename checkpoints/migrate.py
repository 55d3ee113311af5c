"""Numbered SQL migrations under an advisory lock, and the check that refuses to start on another schema."""

import re
import time
from importlib import resources
from typing import LiteralString

import psycopg

from checkpoints.database import LEDGER_SCHEMA, THREAD_SCHEMA, translated
from graph.errors import Misconfigured

_FILE = re.compile(r"^(\d{4})_(\w+)\.sql$")
_LOCK = 7_204_118_011  # any fixed number: two migrations of one database exclude each other


def migrations() -> list[tuple[int, str, LiteralString]]:
    """Return (number, name, SQL) of every shipped migration, in order."""
    found = []
    for file in (resources.files("checkpoints") / "sql" / "migrations").iterdir():
        match = _FILE.match(file.name)
        if match:
            found.append((int(match[1]), match[2], _trusted(file.read_text("utf-8"))))
    return sorted(found)


def _trusted(text: str) -> LiteralString:
    # psycopg takes literal text only, so that no user's words become SQL; a shipped file is as good as a literal.
    return text


def newest() -> int:
    """Return the schema number that this release works with."""
    return migrations()[-1][0]


def applied(dsn: str) -> int:
    """Return the schema number of a database; 0 when it holds no ledger."""
    with translated(), psycopg.connect(dsn, autocommit=True, connect_timeout=10) as connection:
        row = connection.execute("select to_regclass(%s)", (f"{LEDGER_SCHEMA}.migrations",)).fetchone()
        if row is None or row[0] is None:
            return 0
        row = connection.execute(f"select coalesce(max(number), 0) from {LEDGER_SCHEMA}.migrations").fetchone()  # noqa: S608
        return int(row[0]) if row else 0


def require(dsn: str) -> None:
    """Raise Misconfigured unless the database's schema is exactly this release's."""
    have, want = applied(dsn), newest()
    if have < want:
        raise Misconfigured(f"the database has schema {have}, this release needs {want}", "run: autopilot db migrate")
    if have > want:
        raise Misconfigured(
            f"the database has schema {have}, newer than this release's {want}",
            "use the release that migrated it, or a newer one",
        )


def migrate(dsn: str) -> list[str]:
    """Bring the ledger and LangGraph's tables up to date; return the names of what was applied.

    LangGraph's own `setup` runs here and nowhere else: six of them at once on an empty database make five fail.
    """
    with translated(), psycopg.connect(dsn, autocommit=True, connect_timeout=10) as connection:
        _wait_for_turn(connection)
        connection.execute(f"create schema if not exists {LEDGER_SCHEMA}")
        connection.execute(f"create schema if not exists {THREAD_SCHEMA}")
        connection.execute(
            f"create table if not exists {LEDGER_SCHEMA}.migrations"
            " (number integer primary key, name text not null, applied_at timestamptz not null default now())"
        )
        done = _apply(connection)
        _setup_threads(dsn)
    return done


def _wait_for_turn(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Take the migration lock by asking again and again.

    Waiting inside one statement would hold a snapshot, and LangGraph's `create index concurrently`, which runs under
    this lock, waits for all snapshots: the two would wait for each other for ever.
    """
    while True:
        row = connection.execute("select pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
        if row and row[0]:
            return
        time.sleep(0.05)


def _apply(connection: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    row = connection.execute(f"select coalesce(max(number), 0) from {LEDGER_SCHEMA}.migrations").fetchone()  # noqa: S608
    have = int(str(row[0])) if row else 0
    done = []
    for number, name, sql in migrations():
        if number > have:
            with connection.transaction():
                connection.execute(f"set local search_path = {LEDGER_SCHEMA}")
                connection.execute(sql)
                connection.execute(f"insert into {LEDGER_SCHEMA}.migrations values (%s, %s)", (number, name))  # noqa: S608
            done.append(f"{number:04d}_{name}")
    return done


def _setup_threads(dsn: str) -> None:
    from checkpoints.saver import saver

    with saver(dsn, size=1) as threads:
        threads.setup()
