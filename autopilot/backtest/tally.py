"""What a policy's steps add up to: verdicts, actions, trainings, promotions, questions, and what they cost."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from autopilot.backtest.line import Step
from graph.policy import retraining
from graph.spec import Prices


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts over the checks of one policy."""

    checks: int
    verdicts: dict[str, int]
    actions: dict[str, int]
    held_back: int
    """Degraded, and a rule or a person's doubt kept it from acting."""
    trainings: int
    trainings_unknown: int
    """Of these: how many nobody ran."""
    judged_again: int
    """A kept candidate was validated again instead of a training."""
    returns: int
    """Returns to an earlier version."""
    promotions: int
    """That really took place, by the very work that this policy starts too."""
    promotions_unknown: int
    questions: int
    unadvised: int
    unlooked: int
    """Acted on a harm without a look back at the rows since it began: nobody took one here, or of another time."""


@dataclass(frozen=True, slots=True)
class Cost:
    """At the owner's prices: with no unknown promotion, and with all of them."""

    low: float
    high: float


def tally(steps: Sequence[Step]) -> Tally:
    """Count."""
    acting = [(step, step.course) for step in steps if step.course]
    trained = [course for step, course in acting if step.decision.action == "retrain" and step.decision.reuse is None]
    return Tally(
        checks=len(steps),
        verdicts=dict(Counter(step.decision.verdict for step in steps)),
        actions=dict(Counter(step.decision.action for step in steps)),
        held_back=sum(step.decision.verdict == "degraded" and step.decision.action == "wait" for step in steps),
        trainings=len(trained),
        trainings_unknown=sum(not course.real for course in trained),
        judged_again=sum(step.decision.reuse is not None for step, _ in acting),
        returns=sum(step.decision.action == "rollback" for step, _ in acting),
        promotions=sum(course.promoted is not None for _, course in acting),
        promotions_unknown=sum(not course.known for _, course in acting),
        questions=sum(step.asks for step in steps),
        unadvised=sum(step.unadvised for step in steps),
        unlooked=sum(retraining.not_looked_back(step.decision) for step in steps),
    )


def cost(found: Tally, prices: Prices) -> Cost:
    """Return what the counted trainings, promotions and questions cost."""
    low = prices.train * found.trainings + prices.promote * found.promotions + prices.alert * found.questions
    return Cost(round(low, 6), round(low + prices.promote * found.promotions_unknown, 6))
