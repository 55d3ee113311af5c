"""LangGraph's Postgres saver: one object per worker over one pool, strict about what it rebuilds from rows."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from psycopg_pool import AsyncConnectionPool

from checkpoints.database import THREAD_SCHEMA, connecting, pool, translated


def _serializer() -> JsonPlusSerializer:
    return JsonPlusSerializer(allowed_msgpack_modules=None)


@contextmanager
def saver(dsn: str, size: int = 4) -> Iterator[PostgresSaver]:
    """Yield a saver that never constructs a class named in a row: our state is JSON, anything else there is foreign."""
    connections = pool(dsn, THREAD_SCHEMA, size)
    with translated():
        connections.open()
    try:
        yield PostgresSaver(connections, serde=_serializer())  # type: ignore[arg-type]
    finally:
        connections.close()


@asynccontextmanager
async def async_saver(dsn: str, size: int = 4) -> AsyncIterator[AsyncPostgresSaver]:
    """Yield the same for LangGraph's local server, which saves from its event loop."""
    async with AsyncConnectionPool(
        dsn,
        min_size=0,
        max_size=size,
        timeout=10,
        open=False,
        check=AsyncConnectionPool.check_connection,
        kwargs=connecting(THREAD_SCHEMA),
    ) as connections:
        yield AsyncPostgresSaver(connections, serde=_serializer())  # type: ignore[arg-type]
