"""A ledger as schema 9 left it, with an approval that waits; `python -m tests.crash.golden_ledger` wrote the file.

Every row of every table, as JSON, beside the thread that waits. Recorded once, by the release whose schema it is: a
later release cannot write it anew.
"""

import json
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from checkpoints import migrate
from checkpoints.embedded.cluster import EmbeddedPostgres
from tests.crash.golden_threads import Rows, _taken, put, wait
from tests.databases import fresh_database
from tests.house import house

SCHEMA = 9
FILE = Path(__file__).with_suffix(".json")


def golden() -> dict[str, Rows]:
    """Return the rows of both schemas, by table."""
    found: dict[str, Rows] = json.loads(FILE.read_text())
    return found


def lay_down(dsn: str) -> None:
    """Give an empty database the schema of then, by the migrations of then, and its rows."""
    rows = golden()
    with closing(_connected(dsn)) as connection:
        connection.execute("create schema autopilot")
        connection.execute(
            "create table migrations (number integer primary key, name text not null,"
            " applied_at timestamptz not null default now())"
        )
        for number, name, sql in migrate.migrations():
            if number <= SCHEMA:
                connection.execute(sql)
                connection.execute("insert into migrations values (%s, %s)", (number, name))
        connection.execute("set session_replication_role = replica")
        for table, found in rows["ledger"].items():
            connection.execute(_insert(table), {"rows": Jsonb(found)})
    _lay_threads(dsn, rows["threads"])


def _insert(table: str) -> str:
    return (
        f"insert into {table} overriding system value select * from jsonb_populate_recordset(null::{table}, %(rows)s)"
    )


def _lay_threads(dsn: str, threads: Rows) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create schema langgraph")
    migrate._setup_threads(dsn)
    put(dsn, threads)


def _connected(dsn: str) -> psycopg.Connection[dict[str, Any]]:
    return psycopg.connect(dsn, autocommit=True, row_factory=dict_row, options="-c search_path=autopilot")


def _ledger(dsn: str) -> Rows:
    tables = "select tablename from pg_tables where schemaname = 'autopilot' and tablename <> 'migrations'"
    with closing(_connected(dsn)) as connection:
        names = sorted(row["tablename"] for row in connection.execute(tables))
        rows = {name: connection.execute(f"select to_jsonb({name}) as row from {name}") for name in names}
        return {name: found for name, each in rows.items() if (found := [row["row"] for row in each])}


def main() -> None:
    assert migrate.newest() == SCHEMA, "recorded by the release of its schema, and kept"
    with tempfile.TemporaryDirectory(prefix="ap-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres")
        server.ensure()
        try:
            dsn = fresh_database(server)
            with house(dsn, Path(folder) / "work") as home:
                wait(home, "approval")
                found = {"ledger": _ledger(dsn), "threads": _taken(dsn)}
        finally:
            server.destroy()
    FILE.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
