"""What rules would have known of a model's past at an earlier moment, by the rules of the ledger's own query."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from autopilot.backtest.record import Asked, Course, Demoted, Moved, Paid
from graph.model import Candidate, History, Question
from graph.policy import money
from graph.spec import Cost, ModelSpec
from graph.spending import Expense, Spent

_REMEMBERED = 100
"""As many trainings, acting runs and questions the ledger reads."""
_FAILED = frozenset({"failed", "denied", "expired", "validation_failed"})
_JUDGED = frozenset(
    {"promoted", "rolled_back", "denied", "expired", "voided", "validation_failed", "validation_inconclusive"}
)


@dataclass(frozen=True, slots=True)
class Past:
    """What was done, asked and promoted, on one policy's own way through the record."""

    courses: Sequence[Course]
    asked: Sequence[Asked]
    moved: Sequence[Moved]
    paid: Sequence[Paid] = ()
    """The trainings of all models."""
    demoted: Sequence[Demoted] = ()


def history(past: Past, now: datetime, run: str, spec: ModelSpec | None = None) -> History:
    """Return what rules know at `now`, in the check of `run`: nothing that this very run began, nothing later.

    What was spent depends on the budgets of `spec`; without it nothing is told about that.
    """
    acted = [each for each in past.courses if each.decided_at <= now and each.run != run]
    acted = sorted(acted, key=lambda each: (each.started_at, each.run), reverse=True)[:_REMEMBERED]
    moved = [each for each in past.moved if each.at <= now and each.run != run]
    promoted = moved[-1].at if moved else None
    return History(
        active_run=next((each.run for each in acted if _active(each, now)), None),
        retrains=_trainings(past.courses, now, run),
        failures=tuple(
            each.ended_at
            for each in acted
            if each.ended_at
            and _ended(each, now)
            and each.outcome in _FAILED
            and (promoted is None or each.ended_at > promoted)
        ),
        last_promotion=promoted,
        kept=_kept(acted, now),
        learned=moved[-1].learned if moved else None,
        questions=_questions(past.asked, now, run),
        spent=_spent(past, now, run, spec) if spec else None,
        demoted=_demoted(past.demoted, now),
    )


def _demoted(known: Sequence[Demoted], now: datetime) -> str | None:
    """Return the newest return that held the model in shadow at that moment."""
    held = [each for each in known if each.at <= now and (each.lifted_at is None or each.lifted_at > now)]
    return held[-1].run if held else None


def _spent(past: Past, now: datetime, run: str, spec: ModelSpec) -> Spent | None:
    """Return what counted against the budgets: of this model what its own courses cost, of others what they did."""
    own, fleet, courses = spec.policy.budget, spec.fleet_budget, {each.run: each for each in past.courses}
    if spec.cost is None or (own is None and fleet is None):
        return None
    known = [each for each in past.paid if each.at <= now and each.run != run and each.currency == spec.cost.currency]
    ours = [each.known(now) for each in known if each.model == spec.name and each.run in courses]
    ours += _unpaid(past, now, run, spec.cost, spec.deadline)
    theirs = [each.known(now) for each in known if each.model != spec.name]
    return Spent(
        money.within(ours, own, now) if own else (), money.within([*ours, *theirs], fleet, now) if fleet else ()
    )


def _unpaid(past: Past, now: datetime, run: str, cost: Cost, deadline: timedelta) -> list[Expense]:
    """Return the trainings that nobody paid for, because nobody ran them, at the most that they may cost."""
    times = [each.trained_at for each in past.courses if not each.real and each.trained_at and each.run != run]
    return [Expense(at, money.most(cost, deadline)) for at in times if at <= now]


def _active(course: Course, now: datetime) -> bool:
    # What never really happened has no known length: it is taken to be over at the next check.
    return course.known and not _ended(course, now)


def _ended(course: Course, now: datetime) -> bool:
    return course.ended_at is not None and course.ended_at <= now


def _trainings(courses: Iterable[Course], now: datetime, run: str) -> tuple[datetime, ...]:
    times = [each.trained_at for each in courses if each.trained_at and each.run != run]
    return tuple(sorted((at for at in times if at <= now), reverse=True)[:_REMEMBERED])


def _kept(acted: Sequence[Course], now: datetime) -> Candidate | None:
    """Return the newest judged run's candidate, when that run was undecided."""
    for each in acted:
        if _ended(each, now) and each.outcome in _JUDGED and (each.outcome != "voided" or each.judged):
            return each.candidate if each.outcome == "validation_inconclusive" else None
    return None


def _questions(asked: Sequence[Asked], now: datetime, run: str) -> tuple[Question, ...]:
    """Return what was asked by then, newest first, with the answers that had come by then."""
    known = [each.question for each in asked if each.question.asked_at <= now and each.run != run]
    known.sort(key=lambda question: question.asked_at, reverse=True)
    return tuple(_as_of(question, now) for question in known[:_REMEMBERED])


def _as_of(question: Question, now: datetime) -> Question:
    if question.answered_at is None or question.answered_at <= now:
        return question
    return replace(question, answered_at=None, genuine=None)
