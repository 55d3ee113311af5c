"""Measure the model and keep what was measured."""

from dataclasses import replace
from uuid import uuid4

from graph.policy import evidence as question
from graph.ports import Parts
from graph.state import State, current


def observe(state: State, *, parts: Parts) -> State:
    """Ask the registry who serves and the monitor how it does; the evidence goes to the ledger, the verdict to state."""
    state = current(state)
    deps = parts(state["model"])
    now = deps.clock.now()
    # A run started by the engine brings its id; one started from Studio gets one here.
    run = state.get("run") or str(uuid4())
    deps.ledger.open_run(run, deps.spec.name, now)
    champion = deps.registry.alias(deps.spec.registry, "champion")
    serving = champion.version if champion else None
    evidence = deps.monitor.measure(serving, now)
    promoted = deps.ledger.promoted(deps.spec.registry)
    if promoted not in (None, serving):
        foreign = f"the champion alias is at {serving}, the last promotion set {promoted}: somebody else moved it"
        evidence = replace(evidence, notes=(*evidence.notes, foreign))
    deps.ledger.save_evidence(run, evidence)
    diagnosis = question.judge(evidence, deps.spec.policy, deps.spec.label_delay)
    return {"schema_version": state["schema_version"], "run": run, "verdict": diagnosis.verdict, "cause": diagnosis.cause, "reason": diagnosis.reason}
