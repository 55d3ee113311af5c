"""Ask a person, and wait without a process. The row in the ledger is the answer, not the resume value."""

from langgraph.types import interrupt

from graph.errors import Refused
from graph.model import Approval
from graph.policy import approval as gate
from graph.policy import outcomes
from graph.policy.sealing import seal
from graph.policy.words import moment
from graph.ports import Deps, Parts
from graph.state import Asking, State, asking, current


def await_approval(state: State, *, parts: Parts) -> State:
    """Open the run's one request, interrupt while it is pending, and take over what the row then says."""
    state = current(state)
    deps = parts(state["model"])
    run = state["run"]
    approval = deps.ledger.approval(run)
    if approval is None:
        if deps.ledger.decided_under(run) != deps.spec.digest:
            return _void(deps, run, "the model's policy changed since this was decided")
        approval = _asked(deps, run)
    if approval.state == "pending":
        interrupt(_question(deps, approval))
        approval = _answered(deps, run)
    return _update(deps, run, approval)


def _void(deps: Deps, run: str, reason: str) -> State:
    deps.ledger.finish(run, "voided", reason, deps.clock.now())
    return {"outcome": "voided", "reason": reason}


def _asked(deps: Deps, run: str) -> Approval:
    validation = deps.ledger.validation(run)
    if validation is None:
        raise Refused(f"run {run} of {deps.spec.name} has no validation to approve")
    return deps.ledger.open_approval(run, seal(validation, deps.spec), deps.spec, deps.clock.now())


def _question(deps: Deps, approval: Approval) -> Asking:
    validation = deps.ledger.validation(approval.run)
    sealed = approval.sealed
    about = {
        "model": approval.model,
        "run": approval.run,
        "champion": sealed.champion,
        "challenger": sealed.challenger,
        "fingerprint": approval.fingerprint,
        "expires_at": moment(approval.expires_at),
    }
    text = f"approve version {sealed.challenger} for {approval.model}?"
    said = (text, validation.reason if validation else "", gate.reason(approval))
    return asking(approval.run, approval.model, text, "\n\n".join(filter(None, said)), about)


def _answered(deps: Deps, run: str) -> Approval:
    approval = deps.ledger.approval(run)
    if approval is None or approval.state == "pending":
        raise Refused(
            f"nobody has answered the approval of run {run} of {deps.spec.name} yet",
            f"autopilot approve {run} --as NAME, or autopilot deny {run} --as NAME",
        )
    return approval


def _update(deps: Deps, run: str, approval: Approval) -> State:
    outcome = outcomes.of_approval(approval.state)
    reason = gate.reason(approval)
    update: State = {"approval": approval.state, "reason": reason}
    if outcome is None:
        return update
    deps.ledger.finish(run, outcome, reason, deps.clock.now())
    return {**update, "outcome": outcome}
