"""procrastinate's application over our database: what a worker fetches jobs with."""

from typing import Any

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException

from checkpoints.database import connecting

QUEUE_SCHEMA = "queue"
AWAY = (ConnectorException, psycopg.Error)
"""What the application raises while the database is away."""
_CONNECTIONS = 4


def application(dsn: str) -> App:
    """Return an application without tasks. Its connections see the queue's schema alone."""
    return App(connector=PsycopgConnector(conninfo=dsn, min_size=1, max_size=_CONNECTIONS, **_connecting()))


def _connecting() -> dict[str, Any]:
    # It says itself, where it listens, that a connection commits by itself; elsewhere `configure` does.
    given = {key: value for key, value in connecting(QUEUE_SCHEMA).items() if key != "autocommit"}
    given = {**given, "application_name": "autopilot worker"}
    return {"kwargs": given, "configure": _commits_by_itself, "timeout": 10}


async def _commits_by_itself(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)
