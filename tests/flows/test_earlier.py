"""A version that served before is scored as it is on the rows since a change; if it saves enough, nobody trains."""

from dataclasses import replace
from pathlib import Path

import pytest

from graph.evidence import WindowRef
from graph.spec import Prices, Training
from tests.fakes.evaluator import measured
from tests.house import HEALTHY, MODEL, House
from tests.unit.graph.policy.builders import DAY, NOW, SPEC
from tests.unit.graph.policy.test_paying import seen


def harmed(home: House) -> None:
    """Let harm by prices begin eight days ago, on a model whose previous champion is there still."""
    evidence = seen()
    home.monitor.evidence = replace(evidence, windows=(WindowRef("log", NOW - DAY, NOW, 1, 1000),))
    policy = replace(home.spec[0].policy, prices=Prices(train=10.0, promote=60.0, alert=20.0))
    home.spec[0] = replace(home.spec[0], policy=policy, training=Training(window=None))


@pytest.fixture
def served_before(home: House) -> str:
    """Promote version 2 over version 1, which is `previous` then."""
    run = home.waiting()
    home.say(run)
    home.wait(DAY)
    home.evaluator.calls.clear()
    return home.registry.aliases[(SPEC.registry, "previous")]


def test_a_version_that_saves_enough_goes_back_without_a_training(home: House, served_before: str):
    harmed(home)
    run = home.engine.run(MODEL)
    decision = home.book.decision(run)
    assert (decision.action, decision.return_to) == ("rollback", served_before)
    assert "saves at least" in decision.reason
    assert [each.version for each in home.book.evidence(run).archived] == [served_before]
    look = home.evaluator.calls[0]
    assert (look.holdout.start, look.harm_from) == (decision.since, None)
    assert home.row(run)["status"] == "awaiting_approval"
    assert home.pipeline.find(home.key(run)) is None
    home.say(run)
    assert home.champion() == served_before


def test_a_version_that_is_no_better_changes_nothing(home: House, served_before: str):
    harmed(home)
    home.evaluator.answers = [measured(gain=0.0)]
    run = home.engine.run(MODEL)
    assert home.book.decision(run).action == "retrain"
    (rule,) = [rule for rule in home.book.decision(run).rules if rule.rule == "archived_version"]
    assert (rule.outcome, f"version {served_before} comes closest") == ("passed", rule.detail)


def test_a_version_that_cannot_be_loaded_is_said_and_a_new_one_trained(home: House, served_before: str, tmp_path: Path):
    harmed(home)
    earlier = home.registry.alias(SPEC.registry, "previous")
    assert earlier
    home.evaluator.unloadable.add(home.registry.fetch(earlier, tmp_path).digest)
    run = home.engine.run(MODEL)
    assert home.book.decision(run).action == "retrain"
    said = f"version {served_before}, which served before, could not be scored: "
    assert any(note.startswith(said) for note in home.book.evidence(run).notes)


def test_an_undecided_return_is_not_proposed_again_for_the_same_harm(home: House, served_before: str):
    harmed(home)
    home.evaluator.answers = [measured(), measured(gain=0.01, spread=0.05), measured()]
    run = home.engine.run(MODEL)
    assert home.row(run)["outcome"] == "validation_inconclusive"
    second = home.engine.run(MODEL)
    assert home.book.decision(second).action == "retrain"
    assert len(home.evaluator.calls) == 2  # the look and the judgement of the first run


def test_in_shadow_a_return_is_only_recorded(home: House, served_before: str):
    harmed(home)
    champion = home.champion()
    home.spec[0] = replace(home.spec[0], policy=replace(home.spec[0].policy, mode="shadow"))
    run = home.engine.run(MODEL)
    assert (home.book.decision(run).action, home.row(run)["outcome"]) == ("rollback", "shadowed")
    assert home.champion() == champion


def test_a_return_whose_reason_went_away_is_void(home: House, served_before: str):
    harmed(home)
    run = home.engine.run(MODEL)
    home.monitor.evidence = HEALTHY
    home.engine.run(MODEL)
    assert home.row(run)["outcome"] == "voided"


def test_nothing_of_the_look_stays_on_disk(home: House, served_before: str, tmp_path: Path):
    harmed(home)
    home.spec[0] = replace(home.spec[0], policy=replace(home.spec[0].policy, mode="shadow"))
    run = home.engine.run(MODEL)
    assert home.book.evidence(run).archived
    assert list(tmp_path.rglob("earlier")) == []


def test_after_a_denied_return_for_this_harm_a_new_one_is_trained(home: House, served_before: str):
    harmed(home)
    run = home.engine.run(MODEL)
    home.say(run, "deny")
    home.wait(30 * DAY)
    home.evaluator.calls.clear()
    second = home.engine.run(MODEL)
    assert home.book.decision(second).action == "retrain"
    assert home.evaluator.calls == []


def test_without_an_earlier_version_nobody_is_scored(home: House):
    harmed(home)
    run = home.engine.run(MODEL)
    assert home.book.decision(run).action == "retrain"
    assert home.evaluator.calls == []
