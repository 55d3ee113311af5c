"""Another policy on what runs left behind: the real ledger, filled by the real engine."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from autopilot.backtest import record
from autopilot.backtest.document import document
from autopilot.backtest.history import history
from autopilot.backtest.line import as_it_was
from autopilot.backtest.replay import Replay, replay
from graph.errors import Misconfigured, NotFound
from graph.evidence import HarmWindow
from graph.model import Json
from graph.spec import ModelSpec, Prices
from tests.fakes.evaluator import measured
from tests.fakes.reasoner import FakeReasoner
from tests.house import BROKEN, DEGRADED, HEALTHY, MODEL, House
from tests.unit.graph.policy.builders import AMOUNT, DAY, MERCHANT, NOW, SPEC
from tests.unit.graph.reasoning.cases import reply

HOUR = timedelta(hours=1)
DRIFTED = replace(HEALTHY, features=(replace(AMOUNT, psi=0.2), MERCHANT))


def check(home: House, evidence=HEALTHY, wait: timedelta = DAY) -> str:
    """Let time pass, then check."""
    home.wait(wait)
    home.monitor.evidence = evidence
    return home.engine.run(MODEL)


def promoted(home: House) -> str:
    run = home.waiting()
    home.wait(HOUR)
    home.say(run)
    return run


def denied(home: House) -> str:
    run = home.waiting()
    home.wait(HOUR)
    home.say(run, "deny")
    return run


def replayed(
    home: House, other: ModelSpec | None = None, since: datetime | None = None, until: datetime | None = None
) -> Replay:
    past = record.read(home.book, MODEL, SPEC.registry, since, until)
    specs = {"present": home.spec[0], **({"other": other} if other else {})}
    return replay(past, specs, lambda run: record.evidence(home.book, run))


def shown(found: Replay, name: str) -> Json:
    """Return what the document says of one policy."""
    return next(each for each in document(MODEL, found, {})["policies"] if each["name"] == name)


def under(home: House, **policy: object) -> ModelSpec:
    return replace(home.spec[0], policy=replace(home.spec[0].policy, **policy))  # type: ignore[arg-type]


def actions(found: Replay, name: str) -> list[str]:
    return [step.decision.action for step in found.steps[name]]


def eventful(home: House) -> None:
    """A spring in which everything happens that a history remembers."""
    check(home)
    check(home, BROKEN)
    home.wait(HOUR)
    home.engine.reply(MODEL, True, "ana", None, "they moved the clocks")
    promoted(home)
    check(home)
    denied(home)
    home.evaluator.answers = [measured(gain=0.01, spread=0.05)]
    home.wait(DAY)
    home.waiting()  # undecided: its candidate is kept
    check(home, DEGRADED, 20 * DAY)
    check(home)  # takes the reason of what waits away
    home.engine.rollback(MODEL, "ben")
    check(home, DRIFTED)  # while that waits
    home.advisers[:] = [FakeReasoner(reply(action="wait", cause="data_quality", explanation="col_01 looks broken."))]
    home.engine.cancel(str(home.book.runs.active(MODEL)["run"]), "ben")  # type: ignore[index]
    check(home, DEGRADED)  # the language model doubts
    check(home, DEGRADED)  # while the owner is asked


def test_every_stored_decision_is_reached_again_under_its_own_policy(home: House):
    eventful(home)
    found = replayed(home)
    assert found.changed == ()
    assert [step.decision for step in found.steps["present"]] == [step.decision for step in found.steps["recorded"]]
    assert set(actions(found, "recorded")) == {"none", "fix_data", "retrain", "wait"}
    assert found.parted == {}


def test_the_history_is_rebuilt_as_the_ledger_tells_it(home: House):
    eventful(home)
    past = as_it_was(record.read(home.book, MODEL, SPEC.registry))
    rebuilt = history(past, home.clock.now() + HOUR, "another")
    told = home.book.history(home.spec[0])
    assert rebuilt == told
    assert told.retrains
    assert told.failures
    assert told.questions


def test_a_decision_that_the_rules_reach_no_more_is_listed(home: House):
    run = check(home)
    with psycopg.connect(home.dsn, options="-c search_path=autopilot") as connection:
        connection.execute("update decisions set document = jsonb_set(document, '{reason}', '\"as it was\"')")
    (change,) = replayed(home).changed
    assert (change.run, change.differs_in, change.stored.reason) == (run, ("reason",), "as it was")
    assert "1 stored decision would be another today" in " ".join(document(MODEL, replayed(home), {})["notes"])


def test_a_cool_down_holds_back_what_really_was_trained(home: House):
    promoted(home)
    home.wait(DAY)
    denied(home)
    found = replayed(home, under(home, cooldown=timedelta(days=5)))
    assert actions(found, "present") == ["retrain", "retrain"]
    assert actions(found, "other") == ["retrain", "wait"]
    present, other = shown(found, "present"), shown(found, "other")
    assert (present["trainings"], present["promotions"]) == (2, 1)
    assert (other["trainings"], other["promotions"], other["held_back"]) == (1, 1, 1)
    assert other["trainings_unknown"] == other["promotions_unknown"] == 0


def test_a_training_that_nobody_ran_counts_in_its_own_history_and_its_end_is_not_guessed(home: House):
    for _ in range(4):
        check(home, DRIFTED)
    found = replayed(home, under(home, max_drift=0.1, cooldown=timedelta(days=2)))
    assert actions(found, "present") == ["none"] * 4
    assert actions(found, "other") == ["retrain", "wait", "retrain", "wait"]
    other = shown(found, "other")
    assert (other["trainings"], other["trainings_unknown"]) == (2, 2)
    assert (other["promotions"], other["promotions_unknown"]) == (0, 2)
    assert other["parting"]["run"] == found.checks[0].run
    assert other["checks_on_own_way"] == 1
    told = " ".join(document(MODEL, found, {})["notes"])
    assert "other: 2 attempts of which the record does not tell the end" in told
    assert "it acts here, and nobody did" in told


def test_budgets_count_what_the_replayed_policy_did_and_not_what_was_done(home: House):
    promoted(home)
    home.wait(DAY)
    denied(home)
    check(home, DRIFTED)
    check(home, DRIFTED)
    # It trains on drift alone, so its one retrain of a week goes where nobody trained.
    found = replayed(home, under(home, max_drift=0.1, max_drop=0.9, retrains_per_week=1))
    assert actions(found, "recorded") == ["retrain", "retrain", "none", "none"]
    assert actions(found, "other") == ["none", "none", "retrain", "wait"]


def test_a_champion_that_the_policy_had_not_asked_for_is_said(home: House):
    promoted(home)
    check(home)
    found = replayed(home, under(home, max_drop=0.9))
    parting = found.parted["other"]
    assert (parting.run, parting.why) == (
        found.checks[1].run, "version 2 serves, which this policy had not asked for"
    )  # fmt: skip
    assert shown(found, "other")["promotions"] == 0


def test_before_the_range_the_record_is_the_history(home: House):
    promoted(home)
    edge = home.clock.now() + HOUR
    check(home, DEGRADED)
    found = replayed(home, under(home, cooldown=timedelta(days=2)), since=edge)
    assert [each.run for each in found.checks] == [str(home.book.runs.latest(MODEL)["run"])]  # type: ignore[index]
    assert actions(found, "other") == ["wait"]
    assert actions(replayed(home, until=edge), "present") == ["retrain"]


def test_a_stricter_gate_ends_what_really_was_promoted(home: House):
    promoted(home)
    check(home)
    strict = replace(home.spec[0], validation=replace(home.spec[0].validation, minimum={"roc_auc": 0.99}))
    found = replayed(home, strict)
    step = found.steps["other"][0]
    assert step.course
    assert (step.decision.action, step.course.outcome, step.course.promoted) == ("retrain", "validation_failed", None)
    assert (shown(found, "other")["trainings"], shown(found, "other")["promotions"]) == (1, 0)
    assert shown(found, "other")["promotions_unknown"] == 0


def test_a_gate_that_lets_more_pass_leaves_the_answer_open(home: House):
    home.spec[0] = replace(home.spec[0], validation=replace(home.spec[0].validation, minimum={"roc_auc": 0.99}))
    home.waiting()
    check(home)
    lenient = replace(home.spec[0], validation=replace(home.spec[0].validation, minimum={}))
    other = shown(replayed(home, lenient), "other")
    assert (other["trainings"], other["trainings_unknown"], other["promotions_unknown"]) == (1, 0, 1)


def test_what_only_another_measurement_could_tell_is_not_known(home: House):
    promoted(home)
    check(home)
    sliced = replace(home.spec[0], validation=replace(home.spec[0].validation, slices=("merchant",)))
    assert shown(replayed(home, sliced), "other")["promotions_unknown"] == 1


def test_a_question_that_its_like_was_asked_gets_that_answer(home: House):
    check(home, BROKEN)
    check(home, DEGRADED)  # waits for the answer
    home.wait(HOUR)
    home.engine.reply(MODEL, True, "ana", None, "")
    check(home, DEGRADED)
    found = replayed(home, under(home, cooldown=5 * DAY))
    assert actions(found, "recorded") == actions(found, "other") == ["fix_data", "wait", "retrain"]
    assert shown(found, "other")["questions"] == 1


def test_advice_is_taken_where_it_was_about_the_same_decision_only(home: House):
    home.advisers[:] = [FakeReasoner(reply(action="wait", cause="data_quality", explanation="col_01 looks broken."))]
    check(home, DEGRADED)
    found = replayed(home, under(home, max_drop=0.9, max_drift=0.001))
    assert actions(found, "present") == ["wait"]
    assert not found.steps["present"][0].unadvised
    moved = replace(DEGRADED, features=DRIFTED.features)
    check(home, moved, 10 * DAY)
    found = replayed(home, under(home, max_drop=0.9, max_drift=0.1))
    assert found.steps["other"][1].unadvised
    assert "would have been shown to the language model" in " ".join(document(MODEL, found, {})["notes"])


def test_shadow_mode_trains_nothing(home: House):
    promoted(home)
    found = replayed(home, under(home, mode="shadow"))
    assert shown(found, "other")["actions"] == {"retrain": 1}
    assert shown(found, "other")["trainings"] == 0


HARM = tuple(
    HarmWindow(NOW - (12 - day) * DAY, NOW - (11 - day) * DAY, 1000, 5.0, 40.0, 90, excess, 50.0)
    for day, excess in enumerate((1.0, 30.0, 40.0, 50.0))
)


def test_harm_is_split_where_a_policy_first_acts_and_priced_where_there_are_prices(home: House):
    home.clock.pass_time(-9 * DAY)
    prices = Prices(train=10, promote=60, alert=20)
    home.spec[0] = under(home, max_drift=0.1)
    home.monitor.evidence = DRIFTED
    run = home.engine.run(MODEL)  # acts nine days ago, after the first three windows
    home.engine.cancel(run, "ben")
    check(home, replace(HEALTHY, harm=HARM), 9 * DAY)
    found = replayed(home, under(home, max_drift=None, prices=prices))
    recorded, other = shown(found, "recorded"), shown(found, "other")
    assert recorded["harm"] == {"before": 71.0, "after": 50.0}
    assert other["harm"] == {"before": 121.0, "after": 0.0}
    # With prices the sequential test acts on the harm at the last check, where nobody did.
    assert (recorded["cost"], other["cost"]) == ({"low": 10, "high": 10}, {"low": 10, "high": 70})
    assert "would have been preceded by a look back" in " ".join(document(MODEL, found, {})["notes"])


def test_nothing_is_written(home: House):
    eventful(home)
    before = contents(home)
    document(MODEL, replayed(home, under(home, max_drift=0.01)), {})
    assert contents(home) == before


def contents(home: House) -> dict[str, Any]:
    with psycopg.connect(home.dsn) as connection:
        tables = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables"
            " where table_schema in ('autopilot', 'langgraph') and table_type = 'BASE TABLE'"
        ).fetchall()
        return {name: connection.execute(f"select * from {name} order by 1").fetchall() for (name,) in tables}


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        (NOW + 5 * DAY, None, "was not checked in this range"),
        (None, NOW - 5 * DAY, "was not checked in this range"),
    ],
)
def test_a_range_without_checks_is_said(home: House, since, until, words: str):
    check(home)
    with pytest.raises(NotFound, match=words) as error:
        replayed(home, since=since, until=until)
    assert "2026-03-02T10:30:00Z" in error.value.hint


def test_a_model_that_was_never_checked_is_said(home: House):
    with pytest.raises(NotFound, match="was never checked") as error:
        replayed(home)
    assert error.value.hint == f"check it with: autopilot run {MODEL}"


def test_evidence_that_is_gone_is_said(home: House):
    check(home)
    kept = check(home)
    with psycopg.connect(home.dsn, options="-c search_path=autopilot") as connection:
        connection.execute("delete from evidence where run <> %s", [kept])
        connection.commit()
        found = replayed(home)
        assert ([each.run for each in found.checks], found.left_out) == ([kept], 1)
        connection.execute("delete from evidence")
        connection.commit()
    with pytest.raises(NotFound, match="still has its evidence"):
        replayed(home)


def test_what_another_release_stored_names_its_run(home: House):
    run = check(home)
    with psycopg.connect(home.dsn, options="-c search_path=autopilot") as connection:
        connection.execute("update evidence set document = '{}'")
    with pytest.raises(Misconfigured, match=f"run {run} was stored by another release"):
        replayed(home)


def test_a_return_that_a_person_asked_for_is_a_fact_for_every_policy(home: House):
    promoted(home)
    home.wait(DAY)
    run = home.engine.rollback(MODEL, "ben")
    home.say(run)
    check(home, DEGRADED, HOUR)
    found = replayed(home, under(home, cooldown=timedelta(hours=2)))
    assert actions(found, "other") == ["retrain", "wait"]
    assert run not in {each.run for each in found.checks}


def test_the_first_difference_holds_both_decisions(home: House):
    check(home)
    check(home, DRIFTED)
    found = document(MODEL, replayed(home, under(home, max_drift=0.1)), {})
    first = found["first_difference"]
    assert first["run"] == found["decisions"][1]["run"]
    assert (first["policies"]["present"]["action"], first["policies"]["other"]["action"]) == ("none", "retrain")
    assert [each["differs"] for each in found["decisions"]] == [False, True]
    assert "max_drift" in {rule["rule"] for rule in first["policies"]["other"]["rules"] if rule["outcome"] == "blocked"}
