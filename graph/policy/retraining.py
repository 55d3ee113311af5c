"""From a diagnosis to an action: nothing, wait, have the data fixed, retrain; and the return that a person asks for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from graph.evidence import Evidence
from graph.model import Cause, Decision, Diagnosis, History, Learned, Rule, RuleOutcome, Verdict
from graph.policy.evidence import case_of
from graph.policy.line_rules import FLEET_RULES
from graph.policy.look_back_rules import LOOK_BACK_RULES
from graph.policy.paying import ARCHIVE_RULES, PAYING_RULES
from graph.policy.restraint import BUDGET_RULES, GROUND_RULES, Instead, Wish, active_run
from graph.policy.rules import Step, walk
from graph.policy.sight_rules import SIGHT_RULES, sight_rules
from graph.policy.training_window import since_change
from graph.policy.words import moment, plural
from graph.spec import ModelSpec

AFTER_SIGHT_RULES = (*ARCHIVE_RULES, *BUDGET_RULES, *PAYING_RULES)
RESTRAINTS = tuple(step.name for step in (*GROUND_RULES, *SIGHT_RULES, *AFTER_SIGHT_RULES, *FLEET_RULES))
"""The names of all rules that may hold a wanted retrain back."""
UNCHOSEN = timedelta(days=90)
"""Rows to train on where the owner names no window and no harm has a beginning: a first candidate, or drift alone."""


def decide(evidence: Evidence, diagnosis: Diagnosis, history: History, spec: ModelSpec, now: datetime) -> Decision:
    """Return what to do, with the diagnosis' rules followed by every rule that may hold a retrain back."""
    wish = Wish(evidence, diagnosis, history, spec, now)
    return replace(_looked_over(_decided(wish), wish), demoted=history.demoted, place=history.place)


def worth_looking_back(decision: Decision) -> bool:
    """Tell whether to look at all rows since the change before this is done: something is to be made to fit them."""
    return decision.action in ("retrain", "rollback") and decision.since is not None


def broke_unseen(decision: Decision) -> bool:
    """Tell whether it was the look back at the rows since a change that found something broken."""
    return "blocked" in _looks(decision)


def not_looked_back(decision: Decision) -> bool:
    """Tell whether this acts on a change without a look back at the rows since."""
    return worth_looking_back(decision) and set(_looks(decision)) <= {"not_reached"}


def _looks(decision: Decision) -> list[RuleOutcome]:
    names = {step.name for step in LOOK_BACK_RULES}
    return [rule.outcome for rule in decision.rules if rule.rule in names]


def _decided(wish: Wish) -> Decision:
    evidence, diagnosis = wish.evidence, wish.diagnosis
    wanted = (diagnosis.verdict == "degraded" and diagnosis.curable) or diagnosis.cause == "no_champion"
    rules = (*GROUND_RULES, *sight_rules(evidence), *AFTER_SIGHT_RULES, *(FLEET_RULES if wish.spec.fleet else ()))
    restraint = walk(rules, wish, wanted)
    decision = _at_rest(diagnosis, (*diagnosis.rules, *restraint.rules))
    if not wanted:
        return decision
    if restraint.conclusion:
        return _held_back(decision, restraint.conclusion, evidence)
    return _aimed(_trained(decision, wish), evidence)


def _looked_over(decision: Decision, wish: Wish) -> Decision:
    """Return the decision, or the question to the owner that the rows since the change ask for instead."""
    evidence, spec = wish.evidence, wish.spec
    back, since = evidence.look_back, decision.since
    if not worth_looking_back(decision) or back is None or since is None:
        return replace(decision, rules=(*decision.rules, *(Rule(step.name, "not_reached") for step in LOOK_BACK_RULES)))
    found = walk(LOOK_BACK_RULES, case_of(evidence, spec.policy, spec.label_delay, wish.history))
    rules = (*decision.rules, *found.rules)
    if found.conclusion is None:
        return replace(decision, rules=rules)
    reason = f"{found.conclusion.reason}; seen in all {plural(back.rows, 'row')} since {moment(since)}"
    return _at_rest(replace(found.conclusion, reason=reason, since=since), rules)


def _trained(decision: Decision, wish: Wish) -> Decision:
    """Add over which rows to train: the owner's window, else the one that the change asks for."""
    evidence, spec, since = wish.evidence, wish.spec, wish.since
    chosen = (
        since_change(evidence, since, wish.goes_on or wish.diagnosis.hidden)
        if spec.training.window is None and since
        else None
    )
    if chosen and since:
        return replace(
            decision,
            action="retrain",
            train_from=chosen.start,
            train_until=chosen.end,
            exclude=chosen.exclude,
            learned=Learned(since, chosen.end, chosen.rows),
        )
    until = newest_label(evidence.labels.end if evidence.labels else None, spec, wish.now) - spec.training.holdout
    window = spec.training.window or UNCHOSEN
    return replace(decision, action="retrain", train_from=until - window, train_until=until)


def _at_rest(diagnosis: Diagnosis, rules: tuple[Rule, ...]) -> Decision:
    """Return the decision that trains nothing."""
    broken = diagnosis.verdict == "broken_data"
    return Decision(
        verdict=diagnosis.verdict,
        cause=diagnosis.cause,
        action="fix_data" if broken else "wait" if diagnosis.verdict == "insufficient" else "none",
        reason=diagnosis.reason,
        rules=rules,
        blame=diagnosis.blame,
        quarantine=broken,
        since=diagnosis.since,
    )


def _held_back(decision: Decision, instead: Instead, evidence: Evidence) -> Decision:
    if instead.return_to:
        reason = f"{decision.reason}; {instead.reason}"
        returned = replace(decision, action="rollback", reason=reason, return_to=instead.return_to)
        return _aimed(returned, evidence)
    if instead.reuse:
        reason = f"{decision.reason}; {instead.reason}"
        return _aimed(replace(decision, action=instead.action, reason=reason, reuse=instead.reuse), evidence)
    return replace(decision, action=instead.action, reason=f"{decision.reason}, but no retrain: {instead.reason}")


def _aimed(decision: Decision, evidence: Evidence) -> Decision:
    """Add where the harm was: in the newest window when drift alone triggered, else in the labelled one."""
    if decision.cause == "no_champion":
        return decision
    if decision.cause == "covariate_shift" or evidence.labels is None:
        return replace(decision, harm_from=evidence.start, harm_until=evidence.end)
    return replace(decision, harm_from=evidence.labels.start, harm_until=evidence.labels.end)


def newest_label(known: datetime | None, spec: ModelSpec, now: datetime) -> datetime:
    """Return until when rows have their labels: `known`, but at most the full hour that the label delay has passed."""
    matured = (now - spec.label_delay).astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return matured if known is None else min(known, matured)


def request_rollback(
    spec: ModelSpec,
    history: History,
    now: datetime,
    requested_by: str | None,
    to: str,
    verdict: Verdict = "insufficient",
    cause: Cause = "none",
) -> Decision:
    """Return the decision that a person's request for version `to` makes; action `wait` while another run is active.

    No budget or cool-down applies: going back is what they protect. The default verdict says that nothing was measured.
    """
    asked = walk((Step("one_active_run", active_run),), history)
    who = requested_by or "somebody unnamed"
    reason = f"{who} asked at {moment(now)} to return {spec.name} to version {to}"
    decision = Decision(verdict, cause, "rollback", reason, asked.rules, requested_by=requested_by, return_to=to)
    if asked.conclusion is None:
        return decision
    return replace(decision, action="wait", reason=f"{reason}, but {asked.conclusion.reason}")
