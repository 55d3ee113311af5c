"""Have a challenger trained by the team's own pipeline, once, and wait for it without a process."""

from dataclasses import replace

from langgraph.types import interrupt

from graph.codec import dump, load
from graph.errors import Unavailable
from graph.model import Candidate, Decision, Json, RunOutcome, TrainingJob, TrainingOrder
from graph.policy import outcomes, pausing
from graph.ports import Deps, Parts
from graph.state import State, Waiting, current, training_key


def retrain(state: State, *, parts: Parts) -> State:
    """Start or find the run's one job. Runs again from the first line after every wait: all of it is idempotent."""
    state = current(state)
    deps = parts(state["model"])
    run = state["run"]
    decision = deps.ledger.decision(run)
    if decision.reuse:
        deps.ledger.note_challenger(run, decision.reuse.version, decision.reuse, deps.clock.now())
        return {"challenger": decision.reuse.version}
    refused = deps.ledger.reserve_money(run, deps.spec, deps.clock.now())
    if refused:
        # Others were quicker since the decision.
        deps.ledger.finish(run, "voided", refused, deps.clock.now())
        return {"outcome": "voided", "reason": refused}
    job = _job(deps, run, decision)
    void = deps.ledger.note_job(run, job, deps.clock.now())
    if job.state in outcomes.ACTIVE:
        interrupt(
            Waiting(kind="training", run=run, model=deps.spec.name, text=f"{job.pipeline} job {job.id} is {job.state}")
        )
        job = _finished(deps, run, job.key)
        void = deps.ledger.note_job(run, job, deps.clock.now())
    return _result(deps, run, job, void, decision)


def _order(deps: Deps, run: str, decision: Decision) -> TrainingOrder:
    if decision.train_from is None or decision.train_until is None:
        raise Unavailable(f"run {run} of {deps.spec.name} decided to retrain without a training window")
    return TrainingOrder(
        model=deps.spec.name,
        run=run,
        key=training_key(deps.spec.name, run),
        train_from=decision.train_from,
        train_until=decision.train_until,
        exclude=tuple(
            (start, end)
            for start, end in sorted((*deps.ledger.quarantined(deps.spec.name), *decision.exclude))
            if start < decision.train_until and end > decision.train_from
        ),
    )


def _job(deps: Deps, run: str, decision: Decision) -> TrainingJob:
    key = training_key(deps.spec.name, run)

    def find() -> Json | None:
        job = deps.pipeline.find(key)
        return dump(job) if job else None

    def start() -> Json:
        pausing.require_running(deps.spec.name, deps.spec.tags, deps.ledger.pauses())
        return dump(deps.pipeline.start(_order(deps, run, decision)))

    started = deps.ledger.once(run, "training", key, find, start)
    return deps.pipeline.find(key) or load(TrainingJob, {**started, "state": "unknown"})


def _finished(deps: Deps, run: str, key: str) -> TrainingJob:
    # A job its system no longer knows may have left a model all the same: MLflow, the result channel, decides.
    job = deps.pipeline.find(key) or TrainingJob(
        key, key, deps.pipeline.kind, "unknown", "its system no longer knows the job"
    )
    if job.state in outcomes.ACTIVE:
        raise Unavailable(
            f"the training job of run {run} of {deps.spec.name} has not ended yet", f"autopilot resume {run} --wait"
        )
    return job


def _result(deps: Deps, run: str, job: TrainingJob, void: str | None, decision: Decision) -> State:
    if void:
        return _end(deps, run, job, "voided", void)
    outcome = outcomes.of_job(job)
    if outcome:
        return _end(deps, run, job, outcome, f"the training job {job.state}: {job.detail}")
    registered = load(Candidate, _registered(deps, run, job.key))
    candidate = replace(registered, trained_until=decision.train_until, learned=decision.learned)
    deps.ledger.note_challenger(run, candidate.version, candidate, deps.clock.now())
    return {"job": job.state, "challenger": candidate.version}


def _registered(deps: Deps, run: str, key: str) -> Json:
    name = deps.spec.registry

    def find() -> Json | None:
        candidate = deps.registry.find_candidate(name, key)
        return dump(candidate) if candidate else None

    def call() -> Json:
        return dump(deps.registry.register_candidate(name, key))

    return deps.ledger.once(run, "candidate", f"{key}.candidate", find, call)


def _end(deps: Deps, run: str, job: TrainingJob, outcome: RunOutcome, reason: str) -> State:
    deps.ledger.finish(run, outcome, reason, deps.clock.now())
    return {"job": job.state, "outcome": outcome, "reason": reason}
