"""A version that served before is scored as it is on the rows since a change; if it saves enough, nobody trains."""

from dataclasses import replace
from pathlib import Path

import pytest

from graph.evidence import WindowRef
from graph.spec import Prices, Training
from tests.fakes.evaluator import measured
from tests.house import MODEL, House
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


def test_after_a_failed_attempt_at_this_harm_a_new_one_is_trained(home: House, served_before: str):
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


def test_without_prices_nothing_says_what_a_return_is_worth(home: House, served_before: str):
    home.waiting()
    assert len(home.evaluator.calls) == 1  # the challenger's own
