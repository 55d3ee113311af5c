"""What Studio's graph, threads and door are joined to: the product itself, opened when it is first asked for."""

import atexit
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from uuid import uuid4

from langgraph.checkpoint.postgres import PostgresSaver

from autopilot import settings as configured
from autopilot.bootstrap import Office, office
from autopilot.desk import Desk
from autopilot.stores import stores
from autopilot.studio.door import Door, Who
from checkpoints.saver import saver
from graph.build import build_graph
from graph.model import Answer
from graph.ports import Clock
from graph.thread import Position, position

_opening = threading.Lock()


@dataclass(frozen=True, slots=True)
class Product:
    """The product at work, and its door."""

    desk: Desk
    door: Door
    ledger: str = field(repr=False)
    """Where the ledger and the threads are."""


def product() -> Product:
    """Return this process's product, opened by whoever asks first."""
    with _opening:
        return _product()


@cache
def _product() -> Product:
    settings = configured.load()
    stack = ExitStack()
    atexit.register(stack.close)
    at_work = stack.enter_context(office(settings))
    ledger = stack.enter_context(stores(settings)).ledger
    desk = Desk(settings.config, settings.clock, settings.logins, at_work)
    threads = stack.enter_context(saver(ledger))
    return Product(desk, door_to(lambda: desk.office, settings.clock, settings.os_user, threads), ledger)


def door_to(at_work: Callable[[], Office], clock: Clock, os_user: str, threads: PostgresSaver) -> Door:
    """Return the door to a product; `at_work` gives it under the newest file, without whom the file no longer names."""
    graph = build_graph(lambda model: at_work().parts(model)).compile(checkpointer=threads)

    def holder(token: str) -> Who | None:
        found = at_work().book.tokens.holder(token)
        return Who(found.person, found.role) if found and found.person in at_work().file.people else None

    def standing(thread: str) -> Position:
        return position(graph, {"configurable": {"thread_id": thread}})

    def opened(model: str, person: str | None) -> str:
        at_work().parts(model)
        at_work().engine.require_running(model)
        run = str(uuid4())
        at_work().book.runs.open(run, model, clock.now(), person, None if person else os_user)
        return run

    def take(run: str, answer: Answer) -> None:
        at_work().engine.take(run, answer)

    return Door(holder, standing, opened, take, clock.now)
