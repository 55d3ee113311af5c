"""The floor: a bare LangGraph graph with six empty nodes, the same two waits, on the same saver. No product code."""

from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt
from typing_extensions import TypedDict

NODES = ("observe", "decide", "retrain", "validate", "await_approval", "promote")
WAITING = ("retrain", "await_approval")


class Bare(TypedDict, total=False):
    """As little state as six nodes can have."""

    model: str
    at: str


def bare_graph(saver: BaseCheckpointSaver[str]) -> Any:
    """Return six nodes in a row, two of which wait."""
    graph = StateGraph(Bare)
    for name in NODES:
        graph.add_node(name, _node(name))
    for before, after in zip((START, *NODES), (*NODES, END), strict=True):
        graph.add_edge(before, after)
    return graph.compile(checkpointer=saver)


def _node(name: str) -> Any:
    def node(_: Bare) -> Bare:
        if name in WAITING:
            interrupt({"kind": name})
        return {"at": name}

    return node


def bare_run(graph: Any, thread: str) -> None:
    """Run to the first wait, answer it, run to the second, answer it, run to the end."""
    where = {"configurable": {"thread_id": thread}}
    graph.invoke({"model": "m"}, where, durability="sync")
    for _ in WAITING:
        waiting = graph.get_state(where).interrupts[0]
        graph.invoke(Command(resume={waiting.id: True}), where, durability="sync")
