"""LangGraph's Postgres saver: one object per worker over one pool, strict about what it rebuilds from rows."""

from collections.abc import Iterator
from contextlib import contextmanager

from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from checkpoints.database import THREAD_SCHEMA, pool, translated


@contextmanager
def saver(dsn: str, size: int = 4) -> Iterator[PostgresSaver]:
    """Yield a saver that never constructs a class named in a row: our state is JSON, anything else there is foreign."""
    connections = pool(dsn, THREAD_SCHEMA, size)
    with translated():
        connections.open()
    try:
        yield PostgresSaver(connections, serde=JsonPlusSerializer(allowed_msgpack_modules=None))  # type: ignore[arg-type]
    finally:
        connections.close()
