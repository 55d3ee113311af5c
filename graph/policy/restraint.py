"""What holds a retrain back although it is wanted: an active run, failures, a kept candidate, cool-down, budgets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from graph.evidence import Evidence
from graph.model import Action, Candidate, Diagnosis, History
from graph.policy.rules import Finding, Step, Value
from graph.policy.words import moment, plural, span
from graph.spec import ModelSpec

WEEK = timedelta(days=7)
MONTH = timedelta(days=30)
KEPT_FOR_HOLDOUTS = 2
"""For how many holdouts an undecided candidate is judged again before a new one is trained. By then it has met a full
holdout of rows newer than its training; one that stays undecided would else keep a better one from being trained."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A retrain that the diagnosis asks for, and what rules know when they judge it."""

    evidence: Evidence
    diagnosis: Diagnosis
    history: History
    spec: ModelSpec
    now: datetime


@dataclass(frozen=True, slots=True)
class Instead:
    """What is done in place of a new training."""

    action: Action
    reason: str
    reuse: Candidate | None = None


RestraintFinding = Finding[Instead]


def _wait(reason: str, value: Value, limit: Value) -> RestraintFinding:
    return Finding(value, limit, reason, Instead("wait", reason))


def one_active_run(wish: Wish) -> RestraintFinding:
    """Block while another run of the model acts."""
    return active_run(wish.history)


def active_run(history: History) -> RestraintFinding:
    """Block while another run of the model acts."""
    if history.active_run is None:
        return Finding(0, 1)
    return _wait(f"run {history.active_run} is active", history.active_run, 1)


def labels_to_learn_from(wish: Wish) -> RestraintFinding:
    """Block a first training on too few labels; where a champion degrades, the diagnosis has seen to that."""
    labels, policy = wish.evidence.labels, wish.spec.policy
    labelled, positives = (labels.labelled, labels.positives) if labels else (0, 0)
    seen = f"{plural(labelled, 'labelled row')}, {plural(positives, 'positive')}"
    wanted = f"{policy.min_labels} and {policy.min_positives}"
    enough = labelled >= policy.min_labels and positives >= policy.min_positives
    if enough or wish.diagnosis.cause != "no_champion":
        return Finding(seen, wanted)
    return _wait(f"too little to learn from: {seen}, where {wanted} are asked for", seen, wanted)


def circuit_breaker(wish: Wish) -> RestraintFinding:
    """Block after repeated failures or refusals since the last promotion: a person should look first."""
    policy, promoted = wish.spec.policy, wish.history.last_promotion
    failures = [at for at in wish.history.failures if promoted is None or at > promoted]
    recent = _since(failures, wish.now - policy.breaker_window)
    if len(recent) < policy.breaker_after:
        return Finding(len(recent), policy.breaker_after)
    reason = (
        f"the circuit breaker is open: {plural(len(recent), 'run')} in {span(policy.breaker_window)} failed, "
        f"were denied or did not validate; {_free(recent, policy.breaker_after, policy.breaker_window)}"
    )
    return _wait(reason, len(recent), policy.breaker_after)


def kept_candidate(wish: Wish) -> RestraintFinding:
    """Judge an undecided candidate again instead of training another; that costs no budget."""
    kept = wish.history.kept
    if kept is None:
        return Finding(None, None)
    limit = KEPT_FOR_HOLDOUTS * wish.spec.training.holdout
    if kept.trained_until is not None and wish.now - kept.trained_until > limit + wish.spec.training.holdout:
        return Finding(
            kept.version, span(limit), f"candidate {kept.version} stayed undecided for too long: train another"
        )
    reason = f"candidate {kept.version}, which was neither accepted nor rejected, is validated again"
    return Finding(kept.version, span(limit), reason, Instead("retrain", reason, kept))


def cooldown(wish: Wish) -> RestraintFinding:
    """Block too soon after the last training or promotion."""
    limit = wish.spec.policy.cooldown
    times = [*wish.history.retrains, *([wish.history.last_promotion] if wish.history.last_promotion else [])]
    if not times:
        return Finding(None, span(limit))
    last = max(times)
    waited = max(wish.now - last, timedelta(0))
    if waited >= limit:
        return Finding(span(waited), span(limit))
    reason = f"the cool-down of {span(limit)} since {moment(last)} is not over; free again {moment(last + limit)}"
    return _wait(reason, span(waited), span(limit))


def retrains_per_week(wish: Wish) -> RestraintFinding:
    """Block when the week's trainings are used up."""
    return _budget(wish, wish.spec.policy.retrains_per_week, WEEK)


def retrains_per_month(wish: Wish) -> RestraintFinding:
    """Block when the month's trainings are used up. A month is 30 days."""
    return _budget(wish, wish.spec.policy.retrains_per_month, MONTH)


def _budget(wish: Wish, limit: int, period: timedelta) -> RestraintFinding:
    used = _since(wish.history.retrains, wish.now - period)
    if len(used) < limit:
        return Finding(len(used), limit)
    reason = f"{len(used)} of {plural(limit, 'retrain')} in {span(period)} are used up; {_free(used, limit, period)}"
    return _wait(reason, len(used), limit)


def _since(times: Sequence[datetime], start: datetime) -> list[datetime]:
    """Return the times after `start`, newest first. One ahead of the clock counts: setting it back frees nothing."""
    return sorted((at for at in times if at > start), reverse=True)


def _free(times: Sequence[datetime], limit: int, period: timedelta) -> str:
    """Say when fewer than `limit` of the times will lie within the period."""
    return f"free again {moment(times[limit - 1] + period)}" if limit > 0 else "the limit is 0"


RESTRAINT_RULES = (
    Step("one_active_run", one_active_run),
    Step("labels_to_learn_from", labels_to_learn_from),
    Step("circuit_breaker", circuit_breaker),
    Step("kept_candidate", kept_candidate),
    Step("cooldown", cooldown),
    Step("retrains_per_week", retrains_per_week),
    Step("retrains_per_month", retrains_per_month),
)
