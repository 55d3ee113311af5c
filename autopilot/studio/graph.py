"""What LangGraph's local server opens: the six nodes as drawn, and the threads of the product's own runs.

Loading it touches nothing: the database and the adapters are opened when the server starts, or by who asks first.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

from autopilot.studio.product import product
from checkpoints.saver import async_saver
from graph.build import build_graph
from graph.ports import Deps


def parts(model: str) -> Deps:
    """Return a model's real parts."""
    return product().desk.office.parts(model)


@asynccontextmanager
async def threads() -> AsyncIterator[AsyncPostgresSaver]:
    """Yield the saver of the product's threads: a run that waits can be opened here, whoever began it."""
    at = await asyncio.to_thread(product)
    async with async_saver(at.ledger) as saver:
        yield saver


graph = build_graph(parts).compile(name="autopilot")
