"""Threads as release 0.1.0 left them in the database; `python -m tests.crash.golden_threads` writes the file anew.

A golden thread is what its last checkpoint needs: the rows of LangGraph's three tables, bytes in base64. What the
ledger holds beside it is made afresh by the test: migrations see to that.
"""

import base64
import json
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from checkpoints.embedded.cluster import EmbeddedPostgres
from tests.databases import fresh_database
from tests.house import DEGRADED, MODEL, House, house

RUN = "00000000-0000-4000-8000-000000000001"
FILE = Path(__file__).with_suffix(".json")
TABLES = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")
WAITS = ("training", "approval")

Rows = dict[str, list[dict[str, Any]]]


def wait(home: House, kind: str) -> None:
    """Take a run with the golden id to where it waits, for what has come already."""
    home.monitor.evidence = DEGRADED
    home.book.runs.open(RUN, MODEL, home.clock.now())
    home.engine.carry_on(RUN)
    home.pipeline.end(home.key(RUN))
    if kind == "approval":
        home.engine.carry_on(RUN)


def golden(kind: str) -> Rows:
    """Return the rows of the thread that waits for `kind`."""
    rows: Rows = json.loads(FILE.read_text())[kind]
    return rows


def put(dsn: str, threads: Rows) -> None:
    """Put these rows in the place of all threads that there are."""
    with closing(_connected(dsn)) as connection:
        for table in TABLES:
            connection.execute(f"delete from {table}")
            for row in threads[table]:
                connection.execute(
                    f"insert into {table} ({', '.join(row)}) values ({', '.join(f'%({name})s' for name in row)})",
                    {name: _value(name, value) for name, value in row.items()},
                )


def _value(name: str, value: Any) -> Any:
    if name == "blob":
        return base64.b64decode(value)
    return Jsonb(value) if isinstance(value, dict) else value


def _taken(dsn: str) -> Rows:
    with closing(_connected(dsn)) as connection:
        last = connection.execute("select max(checkpoint_id) as id from checkpoints").fetchone()
        assert last
        found = {
            "checkpoints": connection.execute("select * from checkpoints where checkpoint_id = %(id)s", last),
            "checkpoint_blobs": connection.execute("select * from checkpoint_blobs"),
            "checkpoint_writes": connection.execute(
                "select * from checkpoint_writes where checkpoint_id = %(id)s", last
            ),
        }
        return {table: [_plain(row) for row in rows] for table, rows in found.items()}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: base64.b64encode(value).decode() if isinstance(value, bytes) else value for name, value in row.items()
    }


def _connected(dsn: str) -> psycopg.Connection[dict[str, Any]]:
    return psycopg.connect(dsn, autocommit=True, row_factory=dict_row, options="-c search_path=langgraph")


def _record(server: EmbeddedPostgres, workspace: Path, kind: str) -> Rows:
    dsn = fresh_database(server)
    with house(dsn, workspace) as home:
        wait(home, kind)
        return _taken(dsn)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ap-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres")
        server.ensure()
        try:
            threads = {kind: _record(server, Path(folder) / kind, kind) for kind in WAITS}
        finally:
            server.destroy()
    FILE.write_text(json.dumps(threads, indent=1) + "\n")


if __name__ == "__main__":
    main()
