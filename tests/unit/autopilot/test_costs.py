"""`cost` and `budget` in autopilot.yaml, and what is shown of them."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from autopilot.accounts import cost_text, spent_text
from autopilot.effective import model_specs
from autopilot.spec import File, parse
from autopilot.words import written
from graph.codec import dump, load
from graph.errors import Misconfigured
from graph.spec import Budget, Cost, ModelSpec
from tests.unit.autopilot.test_pipelines import ENTRY
from tests.unit.graph.policy.builders import SPEC

LOCAL: dict[str, Any] = {"kind": "local", "command": ["train"]}
EUR, USD = {"per_run": 40, "currency": "EUR"}, {"per_minute": 0.5, "currency": "USD"}
OWN = {"amount": 100, "per": "30d"}
FLEET = {"amount": 500, "currency": "EUR", "per": "7d"}


def read(cost: Any = None, own: Any = None, fleet: Any = None, second: Any = None) -> File:
    models = {}
    for name, price, budget in (("a", cost, own), ("b", second, None)):
        pipeline = {**LOCAL, **({"cost": price} if price else {})}
        models[name] = {**ENTRY, "pipeline": pipeline, **({"policy": {"budget": budget}} if budget else {})}
    document = {"people": {"ana": {}}, **({"budget": fleet} if fleet else {}), "models": models}
    return parse(yaml.safe_dump(document, sort_keys=False), "autopilot.yaml")


def specs(**given: Any) -> Any:
    return model_specs(read(**given), Path("/"))


def test_price_and_budgets_reach_the_rules():
    found = specs(cost=EUR, own=OWN, fleet=FLEET)
    week, month = timedelta(days=7), timedelta(days=30)
    assert (found["a"].cost, found["b"].cost) == (Cost("EUR", per_run=40.0), None)
    assert (found["a"].policy.budget, found["b"].policy.budget) == (Budget(100.0, "EUR", month), None)
    assert found["a"].fleet_budget == found["b"].fleet_budget == Budget(500.0, "EUR", week)
    assert found["a"].deadline == timedelta(hours=2)


def test_only_what_the_model_itself_may_cost_is_part_of_its_fingerprint():
    before, dearer, richer = specs(cost=EUR), specs(cost={**EUR, "per_run": 50}), specs(cost=EUR, fleet=FLEET)
    assert richer["a"].digest == before["a"].digest == specs(cost=EUR, fleet={**FLEET, "amount": 41})["a"].digest
    assert dearer["a"].digest != before["a"].digest != specs(cost=EUR, own=OWN)["a"].digest
    assert dearer["b"].digest == before["b"].digest


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"own": OWN}, r"models\.a: policy\.budget needs pipeline\.cost: what has no price cannot be counted"),
        ({"fleet": FLEET}, r"budget needs pipeline\.cost of a model"),
        (
            {"cost": EUR, "second": USD, "fleet": FLEET},
            r"models\.b\.pipeline\.cost is in USD, the budget of all models in EUR: write both in one currency",
        ),
        ({"cost": EUR, "own": {**OWN, "amount": 0}}, r"models\.a\.policy\.budget\.amount: "),
        ({"cost": EUR, "own": {**OWN, "amount": float("inf")}}, r"models\.a\.policy\.budget\.amount: "),
        ({"cost": EUR, "own": {**OWN, "per": "0d"}}, r"models\.a\.policy\.budget\.per: must be longer than nothing"),
        ({"cost": EUR, "own": {**OWN, "currency": "EUR"}}, r"models\.a\.policy\.budget\.currency: "),
        ({"cost": EUR, "fleet": OWN}, r"budget\.currency: Field required"),
        ({"cost": {**EUR, "per_minute": 1}}, r"models\.a\.pipeline.*: cost has one price: per_run or per_minute"),
        ({"cost": {"currency": "EUR"}}, r"models\.a\.pipeline.*: cost has one price: per_run or per_minute"),
        ({"cost": {**EUR, "per_run": -1}}, r"models\.a\.pipeline\.cost\.per_run: "),
        ({"cost": {**EUR, "currency": "EUR\x1b[2J"}}, r"models\.a\.pipeline\.cost\.currency: "),
    ],
)
def test_what_cannot_be_counted_is_refused_with_its_line(given: Any, words: str):
    with pytest.raises(Misconfigured, match=rf"^autopilot\.yaml:\d+: .*{words}"):
        read(**given)


def test_models_of_several_currencies_may_each_have_a_budget():
    found = specs(cost=EUR, own=OWN, second=USD)
    assert (found["a"].policy.budget.currency, found["b"].cost.currency) == ("EUR", "USD")


COST: Any = {"price": 40.0, "most": 40.0, "currency": "EUR", "per_run": 40.0, "per_minute": None, "seconds": 5400.0}
METERED: Any = {**COST, "per_run": None, "per_minute": 0.5, "most": 60.0, "price": 45.0}


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (COST, "40 EUR, at 40 EUR a run, ran 90 minutes"),
        ({**COST, "seconds": None}, "40 EUR, at 40 EUR a run"),
        ({**COST, "price": None, "seconds": None}, "up to 40 EUR, at 40 EUR a run: reserved until the job has ended"),
        (METERED, "45 EUR, at 0.50 EUR a minute, ran 90 minutes"),
        (
            {**METERED, "price": 60.0, "seconds": None},
            "60 EUR, at 0.50 EUR a minute, the most it may cost: how long it ran is not known",
        ),
        # Given back: no job was started.
        ({**METERED, "price": 0.0, "seconds": None}, "0 EUR, at 0.50 EUR a minute: nothing was started"),
    ],
)
def test_a_cost_is_one_line(cost: Any, text: str):
    assert cost_text(cost) == text


def test_where_a_budget_stands_is_a_few_words():
    stands = {"amount": 40.0, "limit": 100.0, "currency": "GPU hours", "per": "30d"}
    assert spent_text(stands) == "40 of 100 GPU hours / 30d"
    assert spent_text({**stands, "limit": None}) == "40 GPU hours / 30d"
    assert spent_text(None) == "–"


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(days=30), "30d"),
        (timedelta(hours=36), "36h"),
        (timedelta(minutes=90), "90m"),
        (timedelta(seconds=0.5), "0.5s"),
    ],
)
def test_durations_are_written_as_in_the_file(duration: timedelta, text: str):
    assert written(duration) == text


def test_a_spec_of_before_is_still_read():
    stored = dump(replace(SPEC, deadline=timedelta(hours=2)))
    for name in ("cost", "deadline", "fleet_budget"):
        del stored[name]
    del stored["policy"]["budget"]
    assert load(ModelSpec, stored) == SPEC


def test_a_budget_that_no_training_fits_is_refused():
    with pytest.raises(Misconfigured, match=r"policy\.budget has never room: one training may cost 40"):
        specs(cost=EUR, own={**OWN, "amount": 39})
    with pytest.raises(Misconfigured, match=r"never has room for models\.a: up to 40"):
        specs(cost=EUR, fleet={**FLEET, "amount": 39})
