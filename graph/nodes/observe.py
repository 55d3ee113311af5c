"""Measure the model and keep what was measured."""

from dataclasses import replace
from uuid import uuid4

from graph.ports import Parts
from graph.state import State, current


def observe(state: State, *, parts: Parts) -> State:
    """Ask the registry who serves and the monitor how it does; the evidence goes to the ledger."""
    state = current(state)
    deps = parts(state["model"])
    now = deps.clock.now()
    run = state.get("run")
    if run is None:
        # Started from Studio. The engine opens the runs that it starts, and brings their ids.
        run = str(uuid4())
        deps.ledger.open_run(run, deps.spec.name, now)
    champion = deps.registry.alias(deps.spec.registry, "champion")
    serving = champion.version if champion else None
    evidence = deps.monitor.measure(serving, now)
    promoted = deps.ledger.promoted(deps.spec.registry)
    if promoted not in (None, serving):
        foreign = f"the champion alias is at {serving}, the last promotion set {promoted}: somebody else moved it"
        evidence = replace(evidence, notes=(*evidence.notes, foreign))
    deps.ledger.save_evidence(run, evidence)
    return {"schema_version": state["schema_version"], "run": run}
