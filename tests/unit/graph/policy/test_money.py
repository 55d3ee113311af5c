"""What training may cost, what it did cost, and whether a budget has room for one more."""

from dataclasses import replace
from datetime import timedelta

import pytest

from graph.model import History
from graph.policy import money
from graph.policy.retraining import decide
from graph.spec import Budget, Cost
from graph.spending import Expense, Spent
from tests.unit.graph.policy.builders import DAY, DEGRADED, NOW, QUIET, SPEC

RUN, MINUTE = Cost("EUR", per_run=40.0), Cost("EUR", per_minute=0.5)
HUNDRED = Budget(100.0, "EUR", 30 * DAY)
PRICED = replace(
    SPEC, policy=replace(SPEC.policy, budget=HUNDRED), cost=RUN, fleet_budget=replace(HUNDRED, amount=300.0)
)


def paid(*amounts: float, days: tuple[float, ...] = (5, 4, 3, 2, 1)) -> tuple[Expense, ...]:
    """Return expenses of as many days ago, oldest first."""
    return tuple(Expense(NOW - day * DAY, each) for day, each in zip(days, amounts, strict=False))


@pytest.mark.parametrize(
    ("cost", "deadline", "most"),
    [
        (RUN, 2 * DAY, 40.0),
        # By the minute: until the deadline, in minutes.
        (MINUTE, timedelta(hours=2), 60.0),
        (MINUTE, timedelta(seconds=90), 0.75),
        (Cost("EUR", per_run=0.0), 2 * DAY, 0.0),
    ],
)
def test_what_a_training_may_cost(cost, deadline, most):
    assert money.most(cost, deadline) == most


@pytest.mark.parametrize(
    ("cost", "ran_s", "price"),
    [
        # By the run: whatever became of it, and however long it took.
        (RUN, 0.0, 40.0),
        (RUN, None, 40.0),
        (RUN, 9000.0, 40.0),
        (MINUTE, 90.0, 0.75),
        # It never ran.
        (MINUTE, 0.0, 0.0),
        # Nobody knows how long: all that was reserved.
        (MINUTE, None, 60.0),
        # Stopped late: what it cost is what it cost.
        (MINUTE, 9000.0, 75.0),
    ],
)
def test_what_an_ended_job_cost(cost, ran_s, price):
    assert money.price(cost, money.most(cost, timedelta(hours=2)), ran_s) == price


@pytest.mark.parametrize(
    ("expenses", "bill", "free"),
    [
        ((), 100.0, None),
        (paid(40, 20), 40.0, None),
        (paid(33.1, 33.1), 33.8, None),
        # Three of a third, which as binary numbers are more than the whole.
        (paid(33.3, 33.3), 33.4, None),
        (paid(0.1, 0.2), 99.7, None),
        # The oldest has to fall out of the time of the budget.
        (paid(40, 20.01), 40.0, "free again 2026-03-26T10:30:00Z"),
        # Two of them have to.
        (paid(10, 50, 40), 60.0, "free again 2026-03-27T10:30:00Z"),
        # In whatever order they come.
        (paid(10, 50, 40, days=(3, 5, 4)), 60.0, "free again 2026-03-27T10:30:00Z"),
        # Never.
        ((), 100.01, "one training may cost more than the whole budget"),
        (paid(10), 200.0, "one training may cost more than the whole budget"),
    ],
)
def test_a_budget_has_room_or_says_when_it_will(expenses, bill, free):
    reason = money.over(expenses, bill, HUNDRED, "this model")
    assert reason == "" if free is None else reason.endswith(f"; {free}")


def test_a_reason_has_currency_and_window():
    assert money.over(paid(70), 40.0, HUNDRED, "this model") == (
        "the budget has no room: 70 of 100 EUR in 30 days of this model are spent or reserved; this training may take"
        " 40; free again 2026-03-26T10:30:00Z"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0 EUR"), (40.0, "40 EUR"), (0.25, "0.25 EUR"), (1234.5, "1,234.50 EUR"), (0.004, "0.004 EUR")],
)
def test_amounts_are_written_as_people_do(value, text):
    assert money.amount(value, "EUR") == text


def test_only_the_time_of_the_budget_counts_and_setting_the_clock_back_frees_nothing():
    ahead = Expense(NOW + DAY, 3.0)
    seen = (*paid(1, 2, days=(30, 29.99)), ahead)
    assert money.within(seen, HUNDRED, NOW) == (seen[1], ahead)


def rules(spent, spec=PRICED):
    decision = decide(QUIET, DEGRADED, History(spent=spent), spec, NOW)
    return decision, {rule.rule: rule for rule in decision.rules}


@pytest.mark.parametrize(
    ("spent", "blocked"),
    [
        (Spent(), None),
        # To the last of it.
        (Spent(paid(60), paid(60, 200)), None),
        (Spent(paid(60.01), paid(60.01)), "training_budget"),
        (Spent(paid(60), paid(60, 200, 1)), "fleet_budget"),
    ],
)
def test_a_training_that_may_go_beyond_a_budget_waits(spent, blocked):
    decision, found = rules(spent)
    assert decision.action == ("wait" if blocked else "retrain")
    if blocked:
        assert found[blocked].outcome == "blocked"
        assert found[blocked].detail in decision.reason
        assert "free again" in decision.reason


def test_the_rules_show_what_will_be_spent_beside_the_limit():
    _, found = rules(Spent(paid(30), paid(30, 200)))
    own, fleet = found["training_budget"], found["fleet_budget"]
    assert (own.value, own.limit, fleet.value, fleet.limit) == (70.0, 100.0, 270.0, 300.0)
    assert own.detail == ("30 of 100 EUR in 30 days of this model are spent or reserved; this training may take 40")


@pytest.mark.parametrize(
    ("spent", "spec"),
    [
        # Neither budget nor price.
        (None, SPEC),
        (Spent(paid(900), paid(900)), SPEC),
        # A price, and nothing that limits it.
        (Spent(paid(900), paid(900)), replace(SPEC, cost=RUN)),
        # The fleet has a budget, and this model's trainings cost nothing.
        (Spent(paid(900), paid(900)), replace(SPEC, fleet_budget=HUNDRED)),
        # Where nobody counts, as over the pipe of `judge`.
        (None, PRICED),
    ],
)
def test_without_budget_or_price_both_rules_pass_and_show_nothing(spent, spec):
    decision, found = rules(spent, spec)
    assert decision.action == "retrain"
    for name in ("training_budget", "fleet_budget"):
        assert (found[name].outcome, found[name].value, found[name].limit) == ("passed", None, None)
    assert money.refused(spec, spent) == ""
