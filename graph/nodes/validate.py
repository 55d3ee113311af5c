"""Compare challenger and champion on rows neither was trained on, and let the gate judge the numbers."""

from dataclasses import replace

from graph.model import Artifact, Check, Comparison, Decision, Holdout, ModelRef, Question, Validation
from graph.policy import creep, gate, outcomes, suspicion
from graph.policy.creep import Trial
from graph.policy.paying import lasting
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
    outcome = "voided" if void else outcomes.of_validation(validation.outcome, outcomes.asked_by_person(decision))
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
    holdout = _holdout(deps, state, decision)
    past = () if outcomes.asked_by_person(decision) else deps.ledger.attempts(deps.spec)
    early = creep.too_early(past, challenger, holdout)
    if early:
        return _judged(deps, (early,), creep.unscored(holdout), holdout, champion, challenger)
    trial = Trial(creep.attempt(past, challenger, holdout), look=creep.look(past, challenger))
    trial = _trial(deps, state["run"], decision, champion, trial)
    return _scored(deps, state["run"], decision, holdout, trial, champion, challenger)


def _trial(deps: Deps, run: str, decision: Decision, champion: ModelRef | None, trial: Trial) -> Trial:
    """Gather what the gate has to know beside the numbers. A return that a person asked for is held against nothing."""
    if champion is None or outcomes.asked_by_person(decision):
        return trial
    first = deps.ledger.origin(deps.spec.registry) or champion
    since, history = deps.clock.now() - deps.spec.policy.horizon, deps.ledger.history(deps.spec)
    return replace(
        trial,
        origin=None if first.version == decision.return_to else first,
        serves=first.version == champion.version,
        evidence=deps.ledger.evidence(run),
        genuine=suspicion.called_genuine(history.questions, since),
        lasting=lasting(deps.spec.policy, decision.since, history),
    )


def _scored(
    deps: Deps,
    run: str,
    decision: Decision,
    holdout: Holdout,
    trial: Trial,
    champion: ModelRef | None,
    challenger: ModelRef,
) -> Validation:
    folder = deps.workspace / run
    theirs = deps.registry.fetch(champion, folder / "champion") if champion else None
    ours = deps.registry.fetch(challenger, folder / "challenger")
    trial, first = _first(deps, run, trial)
    comparison = deps.evaluator.compare(deps.spec, holdout, theirs, ours, decision.harm_from, first)
    checks = gate.judge(comparison, deps.spec, decision, champion is None, trial)
    if suspicion.asks_about_labels(checks):
        since = decision.since or decision.harm_from or holdout.start
        deps.ledger.ask(run, deps.spec.name, Question("label", deps.clock.now()), since)
    judged = _judged(
        deps,
        checks,
        comparison,
        holdout,
        _with_digest(champion, theirs.digest if theirs else None),
        ModelRef(challenger.name, challenger.version, challenger.run_id, ours.digest),
    )
    return replace(judged, origin=trial.origin, alpha=creep.spent(checks, trial))


def _first(deps: Deps, run: str, trial: Trial) -> tuple[Trial, Artifact | None]:
    """Fetch the version that was approved first, where that is another than the champion and still to be had."""
    if trial.origin is None or trial.serves:
        return trial, None
    found = deps.registry.find_artifact(trial.origin, deps.workspace / run / "origin")
    lost = creep.lost(trial.origin, found)
    return replace(trial, lost=lost), None if lost else found


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
