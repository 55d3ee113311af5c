"""What holds a retrain back although it is wanted: an active run, failures, a kept candidate, cool-down, budgets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from graph.evidence import Evidence
from graph.model import UNREAD_AFTER, Action, Candidate, Decision, Diagnosis, History
from graph.policy import money
from graph.policy.rules import Finding, Step, Value
from graph.policy.training_window import outgrown
from graph.policy.words import moment, plural, span
from graph.spec import Budget, ModelSpec
from graph.spending import Expense, Spent

MOST_WINDOWS_OFF = 32
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

    @property
    def goes_on(self) -> bool:
        """Tell whether the serving version learned this very change already, from fewer rows."""
        learned = self.history.learned
        return learned is not None and learned.since == self.diagnosis.since

    @property
    def since(self) -> datetime | None:
        """Return since when rows speak of the change: errors that only moved are dated by when one first looked."""
        since, kept = self.diagnosis.since, self.history.kept
        if since and self.diagnosis.hidden and kept and kept.learned:
            return min(since, kept.learned.since)
        return since


@dataclass(frozen=True, slots=True)
class Instead:
    """What is done in place of a new training."""

    action: Action
    reason: str
    reuse: Candidate | None = None
    return_to: str | None = None
    """An earlier version to return to."""


RestraintFinding = Finding[Instead]


def worth_scoring_earlier(decision: Decision, spec: ModelSpec) -> bool:
    """Tell whether to look at an earlier version before this training: where prices say what that would save."""
    if decision.action != "retrain" or decision.reuse or decision.since is None:
        return False
    return spec.policy.prices is not None and spec.validation.kind == "holdout"


def wait(reason: str, value: Value, limit: Value) -> RestraintFinding:
    """Conclude that nothing is trained now."""
    return Finding(value, limit, reason, Instead("wait", reason))


def one_active_run(wish: Wish) -> RestraintFinding:
    """Block while another run of the model acts."""
    return active_run(wish.history)


def active_run(history: History) -> RestraintFinding:
    """Block while another run of the model acts."""
    if history.active_run is None:
        return Finding(0, 1)
    return wait(f"run {history.active_run} is active", history.active_run, 1)


def labels_to_learn_from(wish: Wish) -> RestraintFinding:
    """Block a first training on too few labels; where a champion degrades, the diagnosis has seen to that."""
    labels, policy = wish.evidence.labels, wish.spec.policy
    labelled, positives = (labels.labelled, labels.positives) if labels else (0, 0)
    seen, wanted = plural(labelled, "labelled row"), str(policy.min_labels)
    if policy.min_positives:
        seen, wanted = f"{seen}, {plural(positives, 'positive')}", f"{wanted} and {policy.min_positives}"
    enough = labelled >= policy.min_labels and positives >= policy.min_positives
    if enough or wish.diagnosis.cause != "no_champion":
        return Finding(seen, wanted)
    return wait(f"too little to learn from: {seen}, where {wanted} are asked for", seen, wanted)


def open_question(wish: Wish) -> RestraintFinding:
    """Block while the owner still has to say whether data or labels are broken: their rows would be learned from.

    Rows that stayed sound for a week answer it too: a question that nobody reads must not stop everything for ever.
    """
    asked, limit = wish.history.open_question, UNREAD_AFTER
    if asked is None:
        return Finding(None, span(limit))
    waited = max(wish.now - asked.asked_at, timedelta(0))
    if asked.unread(wish.now):
        return Finding(span(waited), span(limit), f"the question about the {asked.kind} was never answered")
    reason = (
        f"the owner was asked about the {asked.kind} at {moment(asked.asked_at)} and has not answered: "
        f"autopilot answer {wish.spec.name} --genuine or --fixed"
    )
    return wait(reason, span(waited), span(limit))


def back_off(wish: Wish) -> RestraintFinding:
    """Block for 4, 8, 16, 32 windows after as many challengers in a row that did not pay: each attempt costs."""
    failures, promoted, found = wish.history.failures, wish.history.last_promotion, wish.evidence
    recent = [at for at in failures if promoted is None or at > promoted]
    if wish.spec.policy.prices is None or not recent or found.start is None or found.end is None:
        return Finding(None, None)
    limit = min(2 ** (1 + len(recent)), MOST_WINDOWS_OFF) * (found.end - found.start)
    waited = max(wish.now - max(recent), timedelta(0))
    if waited >= limit:
        return Finding(span(waited), span(limit))
    reason = f"{plural(len(recent), 'challenger')} in a row did not pay; tried again {moment(max(recent) + limit)}"
    return wait(reason, span(waited), span(limit))


def circuit_breaker(wish: Wish) -> RestraintFinding:
    """Block after repeated failures or refusals since the last promotion: a person should look first."""
    policy = wish.spec.policy
    after, window = policy.breaker_after, policy.breaker_window
    recent = _failed_lately(wish.history, window, wish.now)
    reason = _broken(recent, after, window)
    return wait(reason, len(recent), after) if reason else Finding(len(recent), after)


def opened_breaker(history: History, after: int, window: timedelta, at: datetime) -> str | None:
    """Return what the circuit breaker says if the run that failed at this time opened it; None if it did not."""
    recent = [failed for failed in _failed_lately(history, window, at) if failed <= at]
    opened_before = _broken([failed for failed in recent if failed < at], after, window)
    return None if opened_before else _broken(recent, after, window)


def _failed_lately(history: History, window: timedelta, now: datetime) -> list[datetime]:
    promoted = history.last_promotion
    failures = [at for at in history.failures if promoted is None or at > promoted]
    return _since(failures, now - window)


def _broken(recent: Sequence[datetime], after: int, window: timedelta) -> str | None:
    """Return why the circuit breaker is open; None while it is not."""
    if len(recent) < after:
        return None
    return (
        f"the circuit breaker is open: {plural(len(recent), 'run')} in {span(window)} failed, "
        f"were denied or did not validate; {_free(recent, after, window)}"
    )


def kept_candidate(wish: Wish) -> RestraintFinding:
    """Judge an undecided candidate again instead of training another; that costs no budget."""
    kept = wish.history.kept
    if kept is None:
        return Finding(None, None)
    limit = KEPT_FOR_HOLDOUTS * wish.spec.training.holdout
    since = wish.since if wish.spec.training.window is None else None
    if since and kept.trained_until and outgrown(wish.evidence, since, kept.trained_until):
        return Finding(kept.version, span(limit), f"candidate {kept.version} is outgrown: twice as many rows are there")
    if since is None and kept.trained_until and wish.now - kept.trained_until > limit + wish.spec.training.holdout:
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
    return wait(reason, span(waited), span(limit))


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
    return wait(reason, len(used), limit)


def training_budget(wish: Wish) -> RestraintFinding:
    """Block when the model's money does not allow the dearest that this training may be."""
    return _money(wish, wish.spec.policy.budget, lambda spent: spent.by_model, money.OF_MODEL)


def fleet_budget(wish: Wish) -> RestraintFinding:
    """Block when the money of all models does not allow the dearest that this training may be."""
    return _money(wish, wish.spec.fleet_budget, lambda spent: spent.by_fleet, money.OF_FLEET)


def _money(wish: Wish, budget: Budget | None, of: Callable[[Spent], Sequence[Expense]], whose: str) -> RestraintFinding:
    cost, spent = wish.spec.cost, wish.history.spent
    if budget is None or cost is None or spent is None:
        return Finding(None, None)
    bill, expenses = money.most(cost, wish.spec.deadline), of(spent)
    value, reason = money.after(expenses, bill), money.over(expenses, bill, budget, whose)
    if reason:
        return wait(reason, value, budget.amount)
    return Finding(value, budget.amount, money.told(expenses, bill, budget, whose))


def _since(times: Sequence[datetime], start: datetime) -> list[datetime]:
    """Return the times after `start`, newest first. One ahead of the clock counts: setting it back frees nothing."""
    return sorted((at for at in times if at > start), reverse=True)


def _free(times: Sequence[datetime], limit: int, period: timedelta) -> str:
    """Say when fewer than `limit` of the times will lie within the period."""
    return f"free again {moment(times[limit - 1] + period)}" if limit > 0 else "the limit is 0"


GROUND_RULES = (
    Step("one_active_run", one_active_run),
    Step("open_question", open_question),
    Step("labels_to_learn_from", labels_to_learn_from),
)
BUDGET_RULES = (
    Step("circuit_breaker", circuit_breaker),
    Step("kept_candidate", kept_candidate),
    Step("back_off", back_off),
    Step("cooldown", cooldown),
    Step("retrains_per_week", retrains_per_week),
    Step("retrains_per_month", retrains_per_month),
    Step("training_budget", training_budget),
    Step("fleet_budget", fleet_budget),
)
