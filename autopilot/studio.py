"""The graph as LangGraph Studio opens it: six nodes as drawn, without a saver of ours (the server brings its own).

Loading it touches nothing: the database and the adapters are opened by the first node that asks for them.
"""

import atexit
from contextlib import ExitStack
from functools import cache

from autopilot import settings as configured
from autopilot.bootstrap import workshop
from autopilot.spec import read
from autopilot.stores import stores
from checkpoints.database import Database
from checkpoints.ledger.book import PostgresLedger
from graph.build import build_graph
from graph.ports import Deps, Parts


@cache
def _workshop() -> Parts:
    settings = configured.load()
    file = read(settings.config)
    stack = ExitStack()
    atexit.register(stack.close)
    found = stack.enter_context(stores(settings))
    database = Database(found.ledger)
    stack.callback(database.close)
    return workshop(settings, file, found, PostgresLedger(database, settings.clock))


def parts(model: str) -> Deps:
    """Return a model's real parts."""
    return _workshop()(model)


graph = build_graph(parts).compile(name="autopilot")
