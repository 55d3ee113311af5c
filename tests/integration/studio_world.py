"""The product around fakes in LangGraph's local server: what the test's langgraph.json names, through one module.

A model whose run waits for an approval, in a thread of the product's own; other models can be checked from outside.
"""

import atexit
import json
import os
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from autopilot.bootstrap import Office
from autopilot.studio.guard import guard
from autopilot.studio.product import door_to
from checkpoints.ledger.tokens import Role
from checkpoints.saver import async_saver, saver
from graph.build import build_graph
from graph.errors import NotFound
from graph.model import TrainingJob, TrainingOrder
from graph.ports import Deps
from tests.fakes.pipeline import FakePipeline
from tests.house import DEGRADED, MODEL, House, house

DSN, FOLDER = os.environ["STUDIO_DSN"], Path(os.environ["STUDIO_FOLDER"])
HOLDERS: dict[str, Role] = {
    "ana": "approver",
    "olga": "operator",
    "vic": "viewer",
    "carl": "approver",
    "gus": "approver",
}
LISTED = ("ana", "olga", "vic", "carl")
"""Carl's token lets him approve, the model's file does not; gus is in no file any more."""


class QuickPipeline(FakePipeline):
    """A pipeline whose jobs are done as soon as they are started."""

    def start(self, order: TrainingOrder) -> TrainingJob:
        if super().find(order.key) is None:
            super().start(order)
            self.end(order.key)
        return super().start(order)


def _log(order: TrainingOrder) -> None:
    home.registry.log_run(order.key, files={"model.skops": order.key.encode()})


def _waiting(home: House) -> str:
    home.spec[0] = replace(home.spec[0], approval=replace(home.spec[0].approval, channels=("cli", "studio")))
    home.monitor.evidence = DEGRADED
    return home.engine.run(MODEL)


def _parts(model: str) -> Deps:
    if not model.startswith(MODEL):
        raise NotFound(f"no model {model}")
    return home.parts(model)


_stack = ExitStack()
atexit.register(_stack.close)
home = _stack.enter_context(house(DSN, FOLDER, elsewhere=QuickPipeline(_log)))
_run = _waiting(home)
_tokens = {name: home.book.tokens.make(name, role, "root", home.clock.now()) for name, role in HOLDERS.items()}
_file: Any = SimpleNamespace(people=dict.fromkeys(LISTED))
_office: Office = Office(home.engine, home.book, _file, _parts, {}, lambda file: _office)
_door = door_to(lambda: _office, home.clock, "root", _stack.enter_context(saver(DSN)))

auth = guard(lambda: _door)
graph = build_graph(_parts).compile(name="autopilot")


@asynccontextmanager
async def threads():
    async with async_saver(DSN) as found:
        yield found


(FOLDER / "world.json").write_text(json.dumps({"run": _run, "tokens": _tokens}))
