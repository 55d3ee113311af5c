"""One traced run in a process of its own: `traced_run.py ENDPOINT KEY ENABLED` prints what it saw as JSON.

Six nodes, two interrupts, three invocations; a secret lies in inputs, outputs, metadata, an interrupt and an error.
"""

import json
import sys
from uuid import UUID, uuid4

from tools.tracing import Tracing

ENDPOINT, KEY, ENABLED = sys.argv[1:]
SECRET = "planted-5ecret"
RUN = UUID("0195d3a0-0000-4000-8000-000000000001")
THREAD = "0195d3a0-0000-5000-8000-000000000002"

tracing = Tracing(KEY or None, ENDPOINT, "autopilot-test", ENABLED == "yes", [SECRET])
before = sorted(name for name in sys.modules if name.split(".")[0] in ("langsmith", "langchain_core"))


def invocations() -> list[str]:
    from langgraph.checkpoint.memory import InMemorySaver
    from langgraph.graph import END, START, StateGraph
    from langgraph.types import Command, interrupt
    from typing_extensions import TypedDict

    class State(TypedDict, total=False):
        reason: str
        cause: str
        action: str
        outcome: str

    def plain(state: State) -> State:
        return {"reason": f"postgresql://trainer:other-5ecret@db/mlflow {SECRET}"}

    def asking(state: State) -> State:
        return {"reason": str(interrupt({"text": f"carry on with {SECRET}?"}))}

    def failing(state: State) -> State:
        raise ValueError(f"no login for {SECRET}")

    names = ("observe", "decide", "retrain", "validate", "await_approval", "promote")

    def deciding(state: State) -> State:
        return {"cause": "concept_drift", "action": "retrain"}

    def ending(state: State) -> State:
        return {"reason": str(interrupt({"text": f"carry on with {SECRET}?"})), "outcome": "promoted"}

    nodes = dict.fromkeys(names, plain) | {"decide": deciding, "retrain": asking, "promote": failing}
    nodes["await_approval"] = ending
    graph = StateGraph(State)
    for name in names:
        graph.add_node(name, nodes[name])
    for start, end in zip((START, *names), (*names, END), strict=True):
        graph.add_edge(start, end)
    app = graph.compile(checkpointer=InMemorySaver())
    traces: list[str] = []
    given: object
    for given in ({"reason": SECRET}, Command(resume=f"trained {SECRET}"), Command(resume=f"approved {SECRET}")):
        trace = uuid4() if traces else RUN
        traces.append(str(trace))
        with tracing.run(trace, THREAD, "fraud-detector-v1 check", ["fraud-detector-v1"], {"note": SECRET}) as extra:
            try:
                app.invoke(given, {"configurable": {"thread_id": THREAD}, **extra}, durability="sync")  # type: ignore[call-overload]
            except ValueError as error:
                assert SECRET in str(error)
    return traces


traces = invocations()
tracing.feedback(RUN, "approval", 1, f"as {SECRET} said", "ana", "web")
tracing.close()
seen = {"traces": traces, "active": tracing.active, "before": before, "shown_at": tracing.shown_at}
print(json.dumps(seen), flush=True)
