"""Compare challenger and champion on rows neither was trained on, and let the gate judge the numbers."""

from graph.model import Check, Comparison, Decision, Holdout, ModelRef, Validation
from graph.policy import gate, outcomes
from graph.policy.retraining import newest_label
from graph.ports import Deps, Parts
from graph.state import State, current


def validate(state: State, *, parts: Parts) -> State:
    """Judge the run's challenger once; a repeated call finds the stored judgement."""
    state = current(state)
    deps = parts(state["model"])
    run = state["run"]
    validation = deps.ledger.validation(run)
    if validation is None:
        decision = deps.ledger.decision(run)
        validation = _validation(deps, state, decision)
        deps.ledger.save_validation(run, validation)
    return _update(deps, run, validation)


def _update(deps: Deps, run: str, validation: Validation) -> State:
    decision = deps.ledger.decision(run)
    void = deps.ledger.void_reason(run)
    outcome = "voided" if void else outcomes.of_validation(validation.outcome, decision.return_to is not None)
    reason = void or validation.reason
    update: State = {
        "validation": validation.outcome,
        "challenger": validation.challenger.version,
        "reason": reason,
    }
    if outcome is None:
        return update
    deps.ledger.finish(run, outcome, reason, deps.clock.now())
    return {**update, "outcome": outcome}


def _validation(deps: Deps, state: State, decision: Decision) -> Validation:
    champion = deps.registry.alias(deps.spec.registry, "champion")
    challenger = _challenger(deps, state, decision)
    if deps.spec.validation.kind == "reported":
        return _reported(deps, state["run"], champion, challenger)
    folder = deps.workspace / state["run"]
    holdout = _holdout(deps, state, decision)
    theirs = deps.registry.fetch(champion, folder / "champion") if champion else None
    ours = deps.registry.fetch(challenger, folder / "challenger")
    comparison = deps.evaluator.compare(deps.spec, holdout, theirs, ours, decision.harm_from)
    checks = gate.judge(comparison, deps.spec, decision, champion is None)
    return _judged(
        deps,
        checks,
        comparison,
        holdout,
        _with_digest(champion, theirs.digest if theirs else None),
        ModelRef(challenger.name, challenger.version, challenger.run_id, ours.digest),
    )


def _challenger(deps: Deps, state: State, decision: Decision) -> ModelRef:
    if decision.return_to:
        return ModelRef(deps.spec.registry, decision.return_to)
    return ModelRef(f"{deps.spec.registry}-candidates", state["challenger"])


def _holdout(deps: Deps, state: State, decision: Decision) -> Holdout:
    """Cut the newest labelled rows. Training stopped where they begin, and an earlier model ended before that."""
    now = deps.clock.now()
    end = newest_label(decision.harm_until, deps.spec, now)
    start = decision.train_until or end - deps.spec.training.holdout
    if decision.reuse and decision.reuse.trained_until:
        start = max(start, decision.reuse.trained_until)
    file = deps.workspace / state["run"] / "holdout.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    return deps.monitor.holdout(start, end, now, deps.ledger.quarantined(deps.spec.name), file)


def _reported(deps: Deps, run: str, champion: ModelRef | None, challenger: ModelRef) -> Validation:
    theirs = deps.registry.reported(champion) if champion else None
    checks = gate.reported(theirs, deps.registry.reported(challenger), deps.spec)
    ours = deps.registry.fetch(challenger, deps.workspace / run / "challenger")
    return _judged(
        deps,
        checks,
        None,
        None,
        champion,
        ModelRef(challenger.name, challenger.version, challenger.run_id, ours.digest),
    )


def _judged(
    deps: Deps,
    checks: tuple[Check, ...],
    comparison: Comparison | None,
    holdout: Holdout | None,
    champion: ModelRef | None,
    challenger: ModelRef,
) -> Validation:
    outcome, reason = gate.verdict(checks)
    return Validation(outcome, reason, checks, comparison, champion, challenger, holdout, deps.clock.now())


def _with_digest(ref: ModelRef | None, digest: str | None) -> ModelRef | None:
    return ModelRef(ref.name, ref.version, ref.run_id, digest) if ref else None
