"""A run whose training has a price: reserved before the job, settled after it, refused where a budget has no room."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from autopilot import view
from autopilot.backtest import record
from autopilot.backtest.replay import replay
from autopilot.fleet.screen import fleet
from autopilot.report.explain import explain_text
from graph.errors import Refused, Unavailable
from graph.model import TrainingJob
from graph.spec import Budget, Cost, ModelSpec
from tests.fakes.evaluator import measured
from tests.fleets import roster, text
from tests.house import DEGRADED, HEALTHY, MODEL, House
from tests.unit.graph.policy.builders import DAY, NOW, SPEC

HUNDRED = Budget(100.0, "EUR", 30 * DAY)
ELSEWHERE = "00000000-0000-4000-8000-00000000000a"
BY_RUN, BY_MINUTE = Cost("EUR", per_run=40.0), Cost("EUR", per_minute=0.5)


def priced(home: House, cost: Cost = BY_RUN, own: Budget | None = HUNDRED, fleet: Budget | None = None) -> ModelSpec:
    """Give the model's trainings a price, and a budget of its own or of all models."""
    spec = home.spec[0]
    home.spec[0] = replace(spec, cost=cost, policy=replace(spec.policy, budget=own), fleet_budget=fleet)
    home.monitor.evidence = DEGRADED
    return home.spec[0]


def failed(home: House, ran_s: float | None = 90.0) -> str:
    """Let one training fail; return its run."""
    run = home.engine.run(MODEL)
    home.pipeline.end(home.key(run), "failed", "out of memory", ran_s)
    home.engine.carry_on(run)
    assert home.row(run)["outcome"] == "failed"
    home.wait(DAY)
    return run


def spent_elsewhere(home: House, amount: float) -> None:
    """Let another model reserve so much."""
    spec = home.spec[0]
    cost = Cost("EUR", per_minute=amount / (spec.deadline / timedelta(minutes=1)))
    other = replace(spec, name="other", cost=cost, policy=replace(spec.policy, budget=None))
    home.book.open_run(ELSEWHERE, "other", home.clock.now())
    assert home.book.reserve_money(ELSEWHERE, other, home.clock.now()) is None


def explained(home: House, run: str):
    found = json.loads(json.dumps(view.explanation(home.book, home.row(run)), default=str))
    return found, {rule["rule"]: rule for rule in found["rules"]}, " ".join(explain_text(found).split())


def status(home: House):
    found = fleet(home.book, roster(home.spec[0]), home.clock.now())
    return found["models"][0]["spent"], found["budget"], text(found)


def test_a_training_with_a_price_is_reserved_settled_and_shown(home):
    priced(home, BY_MINUTE, fleet=replace(HUNDRED, amount=500.0))
    run = home.engine.run(MODEL)
    found, rules, text = explained(home, run)
    assert (found["cost"]["price"], found["cost"]["most"], found["job_ran_s"]) == (None, 60.0, None)
    assert "cost up to 60 EUR, at 0.50 EUR a minute: reserved until the job has ended" in text
    assert (rules["training_budget"]["value"], rules["training_budget"]["limit"]) == (60.0, 100.0)
    assert (rules["fleet_budget"]["value"], rules["fleet_budget"]["limit"]) == (60.0, 500.0)
    assert status(home)[0] == {"amount": 60.0, "limit": 100.0, "currency": "EUR", "per": "30d"}

    home.trained(run)
    found, _, text = explained(home, run)
    assert (found["cost"]["price"], found["cost"]["seconds"], found["job_ran_s"]) == (0.75, 90.0, 90.0)
    assert "cost 0.75 EUR, at 0.50 EUR a minute, ran 90 seconds" in text
    assert "fake job succeeded after 90 seconds" in text
    spent, fleet, shown = status(home)
    assert (spent["amount"], fleet) == (0.75, {"amount": 0.75, "limit": 500.0, "currency": "EUR", "per": "30d"})
    assert "0.75 of 100 EUR / 30d" in shown
    assert shown.splitlines()[-1] == "all models: 0.75 of 500 EUR / 30d spent"


def test_a_spent_budget_holds_a_training_back_until_it_is_free_again(home):
    priced(home)
    first, _ = failed(home), failed(home)
    run = home.engine.run(MODEL)
    found, rules, text = explained(home, run)
    assert (home.row(run)["outcome"], found["cost"]) == ("waiting", None)
    assert rules["training_budget"]["outcome"] == "blocked"
    assert rules["fleet_budget"]["outcome"] == "not_reached"
    assert "80 of 100 EUR in 30 days of this model are spent or reserved; this training may take 40" in text
    assert "free again 2026-03-31T10:30:00Z" in text
    assert status(home)[0]["amount"] == 80.0
    assert home.row(first)["started_at"] == NOW
    home.spec[0] = replace(home.spec[0], policy=replace(home.spec[0].policy, breaker_after=10))
    home.wait(28 * DAY - timedelta(seconds=1))
    assert home.row(home.engine.run(MODEL))["outcome"] == "waiting"
    home.wait(timedelta(seconds=1))
    assert home.row(home.engine.run(MODEL))["status"] == "training"


def test_the_budget_of_all_models_holds_it_back_too(home):
    priced(home, fleet=HUNDRED)
    spent_elsewhere(home, 70.0)
    run = home.engine.run(MODEL)
    _, rules, text = explained(home, run)
    assert home.row(run)["outcome"] == "waiting"
    assert (rules["training_budget"]["outcome"], rules["fleet_budget"]["outcome"]) == ("passed", "blocked")
    assert "70 of 100 EUR in 30 days of all models" in text


def test_a_run_whose_money_others_took_since_its_decision_ends_voided(home):
    priced(home, fleet=HUNDRED)

    def others_are_quicker(point: str) -> None:
        if point == "decision.recorded":
            spent_elsewhere(home, 70.0)

    home.book.boundary = others_are_quicker
    run = home.engine.run(MODEL)
    assert home.row(run)["outcome"] == "voided"
    assert "70 of 100 EUR in 30 days of all models" in home.row(run)["reason"]
    assert (home.pipeline.starts, home.book.effects.of(run), home.book.costs.of(run)) == ([], [], None)
    home.book.boundary = lambda _: None
    assert home.row(home.engine.run(MODEL))["outcome"] == "waiting"


@pytest.mark.parametrize("point", ["money.reserved", "training.intended", "training.called", "training.recorded"])
def test_a_run_that_died_on_the_way_pays_once_and_is_not_refused(home, point):
    priced(home, own=replace(HUNDRED, amount=40.0))

    def dies(passed: str) -> None:
        if passed == point:
            raise ZeroDivisionError(point)

    home.book.boundary = home.book.effects._boundary = dies
    with pytest.raises(ZeroDivisionError):
        home.engine.run(MODEL)
    home.book.boundary = home.book.effects._boundary = lambda _: None
    run = str(home.book.runs.active(MODEL)["run"])
    assert status(home)[0]["amount"] == 40.0
    home.engine.carry_on(run)
    home.trained(run)
    assert (home.row(run)["status"], len(home.pipeline.starts)) == ("awaiting_approval", 1)
    assert status(home)[0]["amount"] == 40.0


@pytest.mark.parametrize(("cost", "price"), [(BY_RUN, 40.0), (BY_MINUTE, 0.75)])
def test_a_cancelled_job_is_paid_for_as_far_as_it_went(home, cost, price):
    priced(home, cost)
    run = home.engine.run(MODEL)
    home.engine.cancel(run, "ana")
    found, _, text = explained(home, run)
    assert (home.row(run)["outcome"], found["cost"]["price"]) == ("cancelled", price)
    assert status(home)[0]["amount"] == price
    assert "ran 90 seconds" in text


def test_a_job_of_unknown_length_counts_in_full(home):
    priced(home, BY_MINUTE)
    _, _, text = explained(home, failed(home, ran_s=None))
    assert "60 EUR, at 0.50 EUR a minute, the most it may cost: how long it ran is not known" in text


def test_a_job_whose_system_lost_it_counts_in_full(home):
    priced(home, BY_MINUTE)
    run = home.engine.run(MODEL)
    home.pipeline._jobs.clear()
    home.engine.carry_on(run)
    assert explained(home, run)[0]["cost"]["price"] == 60.0


def test_a_refused_start_costs_nothing(home):
    priced(home)
    home.pipeline.away = Refused("the job is disabled")
    run = home.engine.run(MODEL)
    assert (home.row(run)["outcome"], status(home)[0]["amount"]) == ("failed", 0.0)


def test_a_start_of_which_nobody_knows_counts_until_the_run_is_cancelled_without_a_job(home):
    priced(home)
    home.pipeline.away = Unavailable("no answer")
    with pytest.raises(Unavailable):
        home.engine.run(MODEL)
    run = str(home.book.runs.active(MODEL)["run"])
    assert status(home)[0]["amount"] == 40.0
    home.pipeline.away = None
    home.engine.cancel(run, "ana")
    assert (home.row(run)["outcome"], status(home)[0]["amount"]) == ("cancelled", 0.0)


def test_a_kept_candidate_is_judged_again_without_money(home):
    priced(home, own=replace(HUNDRED, amount=40.0))
    home.evaluator.answers = [measured(gain=0.01, spread=0.05), measured()]
    assert home.row(home.waiting())["outcome"] == "validation_inconclusive"
    home.wait(SPEC.training.holdout / 2)
    run = home.engine.run(MODEL)
    assert home.row(run)["status"] == "awaiting_approval"
    assert (explained(home, run)[0]["cost"], status(home)[0]["amount"]) == (None, 40.0)


def test_without_a_price_nothing_is_counted_or_shown(home):
    home.monitor.evidence = DEGRADED
    run = home.engine.run(MODEL)
    found, rules, text = explained(home, run)
    assert (found["cost"], " cost " in text, status(home)[:2]) == (None, False, (None, None))
    for name in ("training_budget", "fleet_budget"):
        assert (rules[name]["outcome"], rules[name]["value"], rules[name]["limit"]) == ("passed", None, None)
    assert "spent" not in status(home)[2]


def test_a_price_without_a_budget_is_recorded_and_limits_nothing(home):
    priced(home, own=None)
    failed(home), failed(home)
    run = home.engine.run(MODEL)
    assert home.row(run)["status"] == "training"
    assert status(home)[0] == {"amount": 120.0, "limit": None, "currency": "EUR", "per": "30d"}
    assert "120 EUR / 30d" in status(home)[2]


def test_what_was_decided_about_money_is_reached_again_from_the_record(home):
    spec = priced(home, BY_MINUTE, own=replace(HUNDRED, amount=61.0), fleet=replace(HUNDRED, amount=130.0))
    home.spec[0] = spec = replace(spec, policy=replace(spec.policy, breaker_after=10))
    failed(home)
    spent_elsewhere(home, 69.5)
    home.engine.run(MODEL)  # the fleet's budget has no room while that job may run on
    home.wait(DAY)
    home.book.note_job(ELSEWHERE, TrainingJob("job", "key", "fake", "succeeded", ran_s=60.0), home.clock.now())
    failed(home, ran_s=None)
    home.engine.run(MODEL)  # and now the model's own has none
    home.monitor.evidence = HEALTHY
    home.wait(DAY)
    home.engine.run(MODEL)

    past = record.read(home.book, MODEL, SPEC.registry)
    found = replay(past, {"present": spec}, home.book.decisions.evidence)
    held = [[rule.rule for rule in each.decision.rules if rule.outcome == "blocked"][-1] for each in past.checks[:4]]
    assert (held[1], held[3]) == ("fleet_budget", "training_budget")
    assert found.changed == ()
    assert [step.decision for step in found.steps["present"]] == [step.decision for step in found.steps["recorded"]]


def test_a_policy_that_nobody_followed_is_thought_to_pay_the_most(home):
    home.monitor.evidence = DEGRADED
    free = replace(home.spec[0].policy, budget=Budget(50.0, "EUR", 30 * DAY))
    dear = replace(home.spec[0], policy=free, cost=BY_RUN)
    home.spec[0] = replace(home.spec[0], policy=replace(home.spec[0].policy, mode="shadow"))
    for _ in range(3):
        home.engine.run(MODEL)
        home.wait(DAY)
    found = replay(record.read(home.book, MODEL, SPEC.registry), {"other": dear}, home.book.decisions.evidence)
    assert [step.decision.action for step in found.steps["other"]] == ["retrain", "wait", "wait"]
