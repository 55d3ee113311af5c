"""What may still be spent: money on training, tokens on a language model."""

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from autopilot.observing.families import gauge
from autopilot.observing.scene import Scene
from graph.policy.money import total
from graph.spec import Budget


def money(scene: Scene) -> Iterator[Metric]:
    """Yield the budget of all models, in its currency, where autopilot.yaml has one."""
    if scene.file.budget is None:
        return
    budget = Budget(**scene.file.budget.model_dump())
    spent = total(scene.book.costs.within(budget, scene.now))
    yield gauge("budget_limit", "What the trainings of all models may cost in the time of their budget.", budget.amount)
    about = "What of it is left; below 0 where a price turned out higher than its reservation."
    yield gauge("budget_left", about, budget.amount - spent)


def tokens(scene: Scene) -> Iterator[Metric]:
    """Yield the tokens that the checks of all models may still use."""
    used = scene.book.budgets.spent("", scene.now).by_fleet
    yield gauge("llm_tokens_left", "Tokens that checks may still use in these 24 hours.", scene.caps.per_day - used)
