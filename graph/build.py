"""The only file that knows the shape of the graph. Read top to bottom it is the diagram."""

from functools import partial
from typing import Any

from langgraph.graph import END, START, StateGraph

from graph.nodes.await_approval import await_approval
from graph.nodes.decide import decide
from graph.nodes.observe import observe
from graph.nodes.promote import promote
from graph.nodes.retrain import retrain
from graph.nodes.validate import validate
from graph.ports import Parts
from graph.state import Begin, State

Builder = StateGraph[Any, None, Any, Any]

ABOUT = {
    "observe": "Measures the model: rows, features, scores, labels against its reference.",
    "decide": "Finds the cause and decides: nothing, wait, fix the data, retrain or roll back. Records every rule.",
    "retrain": "Starts or finds the one training job of this run; waits without a process.",
    "validate": "Compares challenger and champion on the newest labelled rows; the gate judges.",
    "await_approval": "Asks a person; waits without a process; sealed to what was judged.",
    "promote": "Verifies the bytes, registers them, moves the champion alias, records it.",
}


def build_graph(parts: Parts) -> Builder:
    """Return the six nodes, wired: compile it with a saver, or hand it to a server that brings its own."""
    graph: Builder = StateGraph(State, input_schema=Begin)
    graph.add_node("observe", partial(observe, parts=parts), metadata={"about": ABOUT["observe"]})
    graph.add_node("decide", partial(decide, parts=parts), metadata={"about": ABOUT["decide"]})
    graph.add_node("retrain", partial(retrain, parts=parts), metadata={"about": ABOUT["retrain"]})
    graph.add_node("validate", partial(validate, parts=parts), metadata={"about": ABOUT["validate"]})
    graph.add_node("await_approval", partial(await_approval, parts=parts), metadata={"about": ABOUT["await_approval"]})
    graph.add_node("promote", partial(promote, parts=parts), metadata={"about": ABOUT["promote"]})

    graph.add_edge(START, "observe")
    graph.add_edge("observe", "decide")
    graph.add_conditional_edges(
        "decide", after_decide, {"retrain": "retrain", "rollback": "validate", "none / wait / fix_data": END}
    )
    graph.add_conditional_edges("retrain", after_retrain, {"trained": "validate", "failed / cancelled / voided": END})
    graph.add_conditional_edges(
        "validate", after_validate, {"passed": "await_approval", "failed / inconclusive / voided": END}
    )
    graph.add_conditional_edges(
        "await_approval", after_approval, {"approved": "promote", "denied / expired / voided": END}
    )
    graph.add_edge("promote", END)
    return graph


def check(parts: Parts, state: State) -> State:
    """Observe and decide without a graph: where nothing is traced or kept, LangGraph adds nothing to them."""
    observed: State = {**state, **observe(state, parts=parts)}
    return {**observed, **decide(observed, parts=parts)}


def build_check(parts: Parts) -> Builder:
    """Return the first two nodes alone: a check that does not act needs no thread."""
    graph: Builder = StateGraph(State)
    graph.add_node("observe", partial(observe, parts=parts))
    graph.add_node("decide", partial(decide, parts=parts))
    graph.add_edge(START, "observe")
    graph.add_edge("observe", "decide")
    graph.add_edge("decide", END)
    return graph


def after_decide(state: State) -> str:
    """Only a decision that acts, and that nothing ended at once, goes on."""
    acts = state["action"] in ("retrain", "rollback") and "outcome" not in state
    return state["action"] if acts else "none / wait / fix_data"


def after_retrain(state: State) -> str:
    """A run that ended in `retrain` has an outcome."""
    return "failed / cancelled / voided" if "outcome" in state else "trained"


def after_validate(state: State) -> str:
    """A run that ended in `validate` has an outcome."""
    return "failed / inconclusive / voided" if "outcome" in state else "passed"


def after_approval(state: State) -> str:
    """A run that ended in `await_approval` has an outcome."""
    return "denied / expired / voided" if "outcome" in state else "approved"
