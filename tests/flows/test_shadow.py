"""A return puts a model into shadow; it stays there until a person says otherwise, whatever its entry says."""

import json
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from autopilot import view
from autopilot.backtest.line import Seen, again, as_it_was
from autopilot.backtest.record import read
from autopilot.report.explain import explain_text
from autopilot.shadowing import supervise
from graph.errors import Refused
from graph.model import Json
from tests.house import DEGRADED, MODEL, House
from tests.unit.graph.policy.builders import SPEC

DAY = timedelta(days=1)


@pytest.fixture
def returned(home: House) -> str:
    """Promote, and go back a day later; return the run that went back. What harmed the model is still there."""
    home.say(home.waiting())
    home.clock.pass_time(DAY)
    run = home.engine.rollback(MODEL, "ben")
    home.say(run, person="ana")
    assert home.row(run)["outcome"] == "rolled_back"
    home.clock.pass_time(DAY)
    return run


def check(home: House) -> Json:
    home.monitor.evidence = DEGRADED
    return home.row(home.engine.run(MODEL))


def explained(home: House, run: str) -> Json:
    found: Json = json.loads(json.dumps(view.explanation(home.book, home.row(run)), default=str))
    return found


def test_after_a_return_a_model_decides_and_touches_nothing(home: House, returned: str):
    trainings = len(home.pipeline.starts)
    row = check(home)
    assert (row["action"], row["outcome"]) == ("retrain", "shadowed")
    assert len(home.pipeline.starts) == trainings
    found = explained(home, str(row["run"]))
    assert found["shadow"]["held"]["run"] == found["decision"]["demoted"] == returned
    said = explain_text(found)
    assert f"since the return of run {returned[:8]}" in said
    assert f"autopilot supervise {MODEL}" in said


def test_a_person_lifts_it_and_the_model_acts_as_its_entry_says(home: House, returned: str):
    assert supervise(home.book, MODEL, "ana", "root", "found the cause", home.clock.now()) == (returned,)
    row = check(home)
    assert (row["action"], row["outcome"], row["status"]) == ("retrain", None, "training")
    assert explained(home, str(row["run"]))["shadow"] is None
    (line,) = [each for each in home.book.runs.audit_of(returned) if each["act"] == "supervise"]
    assert (line["actor"], line["detail"]["comment"]) == ("ana", "found the cause")
    with pytest.raises(Refused, match="not held in shadow"):
        supervise(home.book, MODEL, "ana", None, "", home.clock.now())


def test_in_shadow_a_person_may_still_ask_for_a_return(home: House, returned: str):
    again = home.engine.rollback(MODEL, "ana")
    home.say(again, person="ben")
    assert home.row(again)["outcome"] == "rolled_back"
    assert home.book.shadow.standing(MODEL) is not None
    assert len(supervise(home.book, MODEL, "ana", None, "", home.clock.now())) == 2
    assert home.book.shadow.standing(MODEL) is None


def test_it_is_written_with_the_promotion_and_once(home: House, returned: str):
    promotion = home.book.approvals.promotion(returned)
    assert promotion is not None
    with psycopg.connect(home.dsn) as connection:
        count = "select count(*), min(at) from autopilot.demotions"
        assert connection.execute(count).fetchone() == (1, promotion["at"])


def test_a_promotion_that_is_no_return_holds_nothing(home: House):
    home.say(home.waiting())
    assert home.book.shadow.standing(MODEL) is None


def test_a_check_in_shadow_replays_from_the_ledger(home: House, returned: str):
    run = str(check(home)["run"])
    supervise(home.book, MODEL, "ana", None, "", home.clock.now() + DAY)
    record = read(home.book, MODEL, SPEC.registry)
    (stored,) = [each for each in record.checks if each.run == run]
    assert stored.decision.demoted == returned
    assert again(stored, Seen(home.book.evidence(run)), as_it_was(record)) == stored.decision


def test_what_people_did_is_counted_from_the_ledger(home: House):
    home.spec[0] = replace(home.spec[0], policy=replace(home.spec[0].policy, mode="shadow"))
    healthy = home.monitor.evidence
    for day in range(12):
        home.monitor.evidence = DEGRADED if day in (1, 2, 6) else healthy
        if day in (3, 9):  # the team's own hands
            version = home.registry.add_version(SPEC.registry, home.registry.log_run(f"own {day}", {"m": b"own"}))
            home.registry.point(SPEC.registry, "champion", version.version)
        champion = home.champion()
        home.monitor.evidence = replace(home.monitor.evidence, champion=champion)
        run = home.engine.run(MODEL)
        home.clock.pass_time(DAY)
    found = explained(home, run)["shadow"]
    assert [case["ended"] for case in found["cases"]] == ["agreed", "agreed"]
    assert (found["held"], found["agreed"], found["closed"]) == (None, 2, 2)
    assert "too few to say more" in explain_text(explained(home, run))
