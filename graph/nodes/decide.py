"""Decide what to do about the evidence, and record the decision with every rule: also the one to do nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from graph.consulting import consulted
from graph.earlier import with_earlier
from graph.evidence import Evidence, WindowRef
from graph.fleet import Place
from graph.looking_back import with_look_back
from graph.model import Decision, Question, QuestionKind
from graph.policy import evidence as question
from graph.policy import outcomes, retraining, slots
from graph.ports import Deps, Parts
from graph.state import State, current


def decide(state: State, *, parts: Parts) -> State:
    """Ask policy about the recorded evidence and the model's history; store its one decision."""
    state = current(state)
    deps = parts(state["model"])
    # One moment for the rules and the record: else nobody could replay what the rules said about time.
    now = deps.clock.now()
    evidence, decided = _decided(deps, state["run"], now)
    decision = consulted(deps, state["run"], evidence, decided)
    if decision.quarantine:
        # Before the decision that ends the run: a run that died in between would leave broken rows in use.
        windows = suspect(evidence, decision)
        deps.ledger.quarantine(deps.spec.name, windows, decision.reason, f"run {state['run']}", now)
        _ask(deps, state["run"], decision, windows)
    if not _record(deps, state["run"], decision, evidence, now):
        # Another process made a run of this model active since the history was read: judge again with that in sight.
        decision = _decision(deps, state["run"], evidence, now, decision.place)
        _record(deps, state["run"], decision, evidence, now)
    return _update(deps, decision)


def _decided(deps: Deps, run: str, now: datetime) -> tuple[Evidence, Decision]:
    """Judge what was measured; where that asks for a training, look closer first and judge again.

    At the rows since the change, for a column that broke; then at an earlier version, which may do without one.
    """
    evidence = deps.ledger.evidence(run)
    decision = _decision(deps, run, evidence, now)
    for closer in (with_look_back, with_earlier):
        seen = closer(deps, run, evidence, decision)
        if seen is not evidence:
            evidence = seen
            deps.ledger.save_evidence(run, evidence)
            decision = _decision(deps, run, evidence, now)
    return evidence, _lined_up(deps, run, evidence, decision, now)


def _lined_up(deps: Deps, run: str, evidence: Evidence, decision: Decision, now: datetime) -> Decision:
    """Return the decision with what the rest of the fleet says to it, once nothing of its own holds it back."""
    if deps.spec.fleet is None:
        return decision
    if not slots.lines_up(decision, deps.spec):
        deps.ledger.unclaim(deps.spec.name)
        return decision
    want = slots.want(decision, evidence, deps.ledger.history(deps.spec, run), deps.spec)
    return _decision(deps, run, evidence, now, deps.ledger.claim(run, deps.spec, want, now))


def _decision(deps: Deps, run: str, evidence: Evidence, now: datetime, place: Place | None = None) -> Decision:
    history = replace(deps.ledger.history(deps.spec, run), spent=deps.ledger.spent(deps.spec, now), place=place)
    diagnosis = question.judge(evidence, deps.spec.policy, deps.spec.label_delay, history)
    return retraining.decide(evidence, diagnosis, history, deps.spec, now)


def _ask(deps: Deps, run: str, decision: Decision, windows: Sequence[WindowRef]) -> None:
    """Ask the owner whether the suspected rows are broken: until the answer nothing is learned from them."""
    now = deps.clock.now()
    kind: QuestionKind = "label" if decision.cause == "label_quality" else "data"
    features = tuple(each.feature for each in decision.blame)
    since = min((window.start for window in windows), default=decision.since or now)
    question = Question(kind, now, features, looked_back=retraining.broke_unseen(decision))
    deps.ledger.ask(run, deps.spec.name, question, since)
    deps.ledger.gather(deps.spec.incident_from, now)


def _record(deps: Deps, run: str, decision: Decision, evidence: Evidence, now: datetime) -> bool:
    return deps.ledger.record_decision(run, decision, deps.spec, evidence.champion, now)


def suspect(evidence: Evidence, decision: Decision) -> list[WindowRef]:
    """Return the windows whose rows the decision holds to be broken.

    The labelled ones for labels, those since the change where one looked back, else the newest.
    """
    if decision.cause == "label_quality" and evidence.labels:
        start, end = decision.since or evidence.labels.start, evidence.labels.end
    elif evidence.look_back and retraining.broke_unseen(decision):
        return list(evidence.look_back.windows)
    elif evidence.start and evidence.end:
        start, end = evidence.start, evidence.end
    else:
        return []
    return [window for window in evidence.windows if window.start >= start and window.end <= end]


def _update(deps: Deps, decision: Decision) -> State:
    outcome = outcomes.of_decision(decision, deps.spec.policy.mode)
    update: State = {
        "verdict": decision.verdict,
        "cause": decision.cause,
        "action": decision.action,
        "reason": decision.reason,
    }
    if decision.advice:
        update["advice"] = f"{decision.advice.outcome}: {decision.advice.why}"
    return {**update, "outcome": outcome} if outcome else update
