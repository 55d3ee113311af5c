"""One run's thread: where it stands, and how to carry it on. The only place that knows LangGraph's snapshots."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal
from uuid import NAMESPACE_URL, uuid5

from langgraph.errors import UnknownInterruptError
from langgraph.types import Command

from graph.errors import Unavailable
from graph.model import Json
from graph.state import State

_INTERRUPT = "__interrupt__"  # the channel that LangGraph writes a question to, and the name its updates have

Graph = Any
"""A compiled graph; LangGraph's own type has four parameters that say nothing here."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a thread stands."""

    at: Literal["unseeded", "runnable", "waiting", "finished"]
    interrupt: str | None = None
    kind: str | None = None
    """training | approval, of what it waits for."""
    run: str | None = None
    """Whose thread it is, as what it waits for says, or its state where it does not wait."""
    outcome: str | None = None
    """How the run ended, where a step that was just taken ended it."""


@lru_cache(maxsize=32)
def thread_id(model: str, run: str) -> str:
    """Return the thread of a run: a UUID, as servers want it, derived so that nothing has to be stored."""
    return str(uuid5(NAMESPACE_URL, f"autopilot:thread:{model}:{run}"))


def config(model: str, run: str) -> Json:
    """Return the config that names a run's thread. Nothing secret may enter: every checkpoint stores it in clear."""
    return {"configurable": {"thread_id": thread_id(model, run)}}


def position(graph: Graph, where: Json) -> Position:
    """Read where the thread stands. Finished means that no task is left: `next` is also empty after some crashes."""
    saved = graph.checkpointer.get_tuple(where)
    if saved and [channel for _, channel, _ in saved.pending_writes] == [_INTERRUPT]:
        # One question and nothing done since: it waits. A snapshot would say the same at three times the cost.
        ((_, _, (waiting,)),) = saved.pending_writes
        return _waits(waiting)
    snapshot = graph.get_state(where)
    if snapshot.metadata is None:
        return Position("unseeded")
    if not snapshot.tasks:
        return Position("finished", run=snapshot.values.get("run"))
    if snapshot.interrupts:
        return _waits(snapshot.interrupts[0])
    return Position("runnable", run=snapshot.values.get("run"))


def _waits(waiting: Any) -> Position:
    return Position("waiting", waiting.id, waiting.value["kind"], waiting.value["run"])


def seed(graph: Graph, where: Json, state: State) -> Position:
    """Begin the thread behind `decide`, with what the ledger says it decided."""
    graph.update_state(where, dict(state), as_node="decide")
    return Position("runnable")


def next_node(graph: Graph, where: Json) -> str | None:
    """Return the node that the thread waits in or stands before; None at its end."""
    following = graph.get_state(where).next
    return str(following[0]) if following else None


def go_on(graph: Graph, where: Json, extra: Json, before: Sequence[str] = ()) -> Position:
    """Run from the last durable step, and stop before any node of `before` that comes after the first.

    Never on a waiting thread: that would re-deliver an old answer.
    """
    return _after(_invoke(graph, None, {**where, **extra}, before))


def answer(graph: Graph, where: Json, interrupt: str | None, extra: Json, before: Sequence[str] = ()) -> Position:
    """Wake one interrupt by its id. The value says only that there is something to read in the ledger.

    Stops before any node of `before` that comes after. Strict: an id that is no longer pending is refused instead of
    silently asked again.
    """
    strict = {**where, "configurable": {**where["configurable"], "__pregel_strict_resume": True}}
    wake: Command[Any] = Command(resume={str(interrupt): {"carry_on": True}})
    try:
        return _after(_invoke(graph, wake, {**strict, **extra}, before))
    except UnknownInterruptError as error:
        raise Unavailable(
            f"the thread no longer waits for this: {error}", "look again: autopilot explain RUN"
        ) from None


def _invoke(graph: Graph, given: Any, config: Json, before: Sequence[str]) -> list[Json]:
    """Return what each step brought. One node runs at a time, so one thread is enough to write its checkpoints."""
    steps: list[Json] = graph.invoke(
        given,
        {**config, "max_concurrency": 1},
        stream_mode="updates",
        durability="sync",
        interrupt_before=list(before) or None,
    )
    return steps


def _after(steps: list[Json]) -> Position:
    """Read where an invocation that returned left the thread: it waits, or it is at its end."""
    outcome = None
    for step in steps:
        if _INTERRUPT in step:
            # Nothing is asked where it was stopped before a node.
            return _waits(step[_INTERRUPT][0]) if step[_INTERRUPT] else Position("runnable")
        for update in step.values():
            outcome = (update or {}).get("outcome", outcome)
    return Position("finished", outcome=outcome)
