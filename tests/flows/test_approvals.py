"""Who may answer, when, and what a changed world does to an answer."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from graph.errors import Refused, Unavailable
from graph.model import Answer
from tests.fakes.evaluator import measured
from tests.house import DEGRADED, MODEL, another_carries_on
from tests.unit.graph.policy.builders import SPEC


def test_the_second_answer_is_told_who_was_first(home):
    run = home.waiting()
    home.say(run, "deny", "ana")
    with pytest.raises(Refused, match="ana"):
        home.say(run, "approve", "ben")
    assert home.champion() == "1"


def test_a_stranger_is_refused_and_the_request_stays_open(home):
    run = home.waiting()
    with pytest.raises(Refused, match="mallory"):
        home.say(run, person="mallory")
    assert home.book.approval(run).state == "pending"
    home.say(run)
    assert home.row(run)["outcome"] == "promoted"


def test_who_asked_for_the_run_cannot_approve_it(home):
    home.monitor.evidence = DEGRADED
    run = home.engine.run(MODEL, requested_by="ana")
    home.trained(run)
    with pytest.raises(Refused, match="ana"):
        home.say(run, person="ana")
    home.say(run, person="ben")
    assert home.row(run)["outcome"] == "promoted"


def test_a_quorum_needs_that_many_people_and_one_deny_ends_it(home):
    home.spec[0] = replace(home.spec[0], approval=replace(SPEC.approval, quorum=2))
    run = home.waiting()
    home.say(run, person="ana")
    assert home.row(run)["status"] == "awaiting_approval"
    with pytest.raises(Refused):
        home.say(run, person="ana")
    home.say(run, person="ben")
    assert home.row(run)["outcome"] == "promoted"
    home.clock.pass_time(timedelta(days=2))
    second = home.waiting()
    home.say(second, person="ana")
    home.say(second, "deny", "ben")
    assert home.row(second)["outcome"] == "denied"


def test_another_fingerprint_than_the_one_shown_is_refused(home):
    run = home.waiting()
    with pytest.raises(Refused, match="fingerprint"):
        home.engine.answer(run, _answer(home), fingerprint="0" * 64)
    home.engine.answer(run, _answer(home), fingerprint=home.book.approval(run).fingerprint)
    assert home.row(run)["outcome"] == "promoted"


def _answer(home):
    return Answer("ana", "approve", "cli", home.clock.now())


def _moved_alias(home, run):
    other = home.registry.add_version(SPEC.registry, home.registry.log_run("foreign"))
    home.registry.point(SPEC.registry, "champion", other.version)


def _changed_bytes(home, run):
    key = home.key(run)
    logged = next(found for found in home.registry.runs if found.key == key)
    logged.models["model"]["model.skops"] = b"not what was judged"


def _changed_policy(home, run):
    home.spec[0] = replace(home.spec[0], digest="another policy")


@pytest.mark.parametrize("change", [_moved_alias, _changed_bytes, _changed_policy])
def test_an_answer_to_something_that_changed_is_refused_and_the_run_is_void(home, change):
    run = home.waiting()
    change(home, run)
    before = dict(home.registry.aliases)
    with pytest.raises(Refused, match="void"):
        home.say(run)
    row = home.row(run)
    assert (row["outcome"], home.registry.aliases) == ("voided", before)
    assert row["reason"]


@pytest.mark.parametrize("change", [_moved_alias, _changed_bytes, _changed_policy])
def test_a_change_between_answer_and_promotion_promotes_nothing(home, change):
    run = home.waiting()
    home.book.boundary = lambda point: change(home, run) if point == "answer.recorded" else None
    home.say(run)
    assert home.row(run)["outcome"] == "voided"
    assert not [move for move in home.registry.moves if move[1] == "champion"]


def test_bytes_changed_after_promotion_do_not_reach_the_champion(home):
    run = home.waiting()
    home.say(run)
    _changed_bytes(home, run)
    served = home.registry.versions[SPEC.registry][-1].run.models["model"]["model.skops"]
    assert served == home.key(run).encode()


def test_a_return_asks_a_person_and_its_requester_may_approve_what_was_approved_before(home):
    home.say(home.waiting())
    home.clock.pass_time(timedelta(days=1))
    home.say(home.waiting())
    assert home.champion() == "3"
    run = home.engine.rollback(MODEL, "ana")
    assert home.row(run)["status"] == "awaiting_approval"
    home.say(run, person="ana")
    assert (home.row(run)["outcome"], home.champion()) == ("rolled_back", "2")
    assert home.registry.aliases[SPEC.registry, "previous"] == "3"


def test_a_return_to_a_version_nobody_approved_needs_somebody_else(home):
    home.say(home.waiting())
    run = home.engine.rollback(MODEL, "ana")
    with pytest.raises(Refused, match="ana"):
        home.say(run, person="ana")
    home.say(run, person="ben")
    assert (home.row(run)["outcome"], home.champion()) == ("rolled_back", "1")


def test_there_is_nothing_to_return_to_before_the_first_promotion(home):
    with pytest.raises(Refused, match="previous"):
        home.engine.rollback(MODEL, "ana")


def test_a_return_that_nobody_put_their_name_to_is_still_put_to_a_person(home):
    home.say(home.waiting())
    home.evaluator.answers = [measured(gain=-0.05)]
    run = home.engine.rollback(MODEL, None)
    assert (home.row(run)["status"], home.book.validation(run).outcome) == ("awaiting_approval", "failed")
    home.engine.run(MODEL)
    assert home.row(run)["outcome"] is None
    home.say(run)
    assert (home.row(run)["outcome"], home.champion()) == ("rolled_back", "1")


def test_a_request_whose_candidate_is_gone_can_be_denied_and_expires(home):
    run = home.waiting()
    home.registry.versions[f"{SPEC.registry}-candidates"].clear()
    home.say(run, "deny")
    assert home.row(run)["outcome"] == "denied"
    home.clock.pass_time(timedelta(days=1))
    second = home.waiting()
    home.registry.versions[f"{SPEC.registry}-candidates"].clear()
    home.clock.pass_time(SPEC.approval.expires_after + timedelta(seconds=1))
    home.engine.carry_on(second)
    assert home.row(second)["outcome"] == "expired"


def test_a_candidate_that_is_gone_voids_an_approval(home):
    run = home.waiting()
    home.registry.versions[f"{SPEC.registry}-candidates"].clear()
    with pytest.raises(Refused, match="void"):
        home.say(run)
    assert (home.row(run)["outcome"], home.champion()) == ("voided", "1")


@pytest.mark.parametrize("change", [_changed_bytes, _changed_policy])
def test_what_a_killed_promotion_moved_is_recorded_whatever_changed_since(home, change):
    run = home.waiting()
    home.book.boundary = _dies
    with pytest.raises(ZeroDivisionError):
        home.say(run)
    home.book.boundary = lambda _: None
    change(home, run)
    with pytest.raises(Refused, match="has begun"):
        home.engine.cancel(run, "ben")
    home.engine.carry_on(run)
    assert (home.row(run)["outcome"], home.champion()) == ("promoted", "2")
    assert home.book.approvals.promotion(run)["to_version"] == "2"


def _dies(point):
    if point == "promotion.recorded":
        raise ZeroDivisionError


def test_a_policy_that_changes_while_the_job_trains_voids_the_run(home):
    home.monitor.evidence = DEGRADED
    run = home.engine.run(MODEL)
    _changed_policy(home, run)
    home.trained(run)
    assert (home.row(run)["outcome"], home.book.approval(run)) == ("voided", None)


def test_an_approved_run_that_has_not_rolled_out_says_so(home):
    run = home.waiting()
    home.book.boundary = lambda point: 1 / 0 if point == "answer.recorded" else None
    with pytest.raises(ZeroDivisionError):
        home.say(run)
    assert home.row(run)["status"] == "rolling_out"


def test_an_answer_waits_for_nobody_while_the_run_is_validated(home):
    """It is refused at once: nothing is asked yet, however long the validation takes."""
    home.monitor.evidence = DEGRADED
    run = home.engine.run(MODEL)
    with another_carries_on(home, run), pytest.raises(Refused, match="asks for no approval"):
        home.engine.take(run, Answer("ana", "approve", "cli", home.clock.now()))


@pytest.mark.parametrize("decision", ["approve", "deny"])
def test_an_answer_is_busy_rather_than_late_when_another_process_does_not_let_go(home, monkeypatch, decision):
    monkeypatch.setattr("autopilot.engine.PATIENCE_S", 0.05)
    run = home.waiting()
    answer = Answer("ana", decision, "cli", home.clock.now())
    with another_carries_on(home, run), pytest.raises(Unavailable, match="being carried on just now"):
        home.engine.take(run, answer)
    assert home.book.approval(run).answers == ()
    home.engine.take(run, answer)
    assert len(home.book.approval(run).answers) == 1


def test_who_looks_at_what_waits_holds_up_no_answer(home):
    """The files of a challenger are read without the run's lock: a deny that comes meanwhile is taken at once."""
    run, reading = home.waiting(), []
    fetch = home.registry.fetch

    def slow(ref, to):
        home.registry.fetch = fetch
        done = threading.Thread(target=home.say, args=(run, "deny"))
        done.start()
        done.join(60)
        reading.append(done.is_alive())
        return fetch(ref, to)

    home.registry.fetch = slow
    home.engine.carry_on(run)
    assert reading == [False]
    assert home.row(run)["outcome"] == "denied"


def test_who_is_overtaken_while_the_files_are_read_is_told_who_was_first(home):
    """The run's folder is swept with its end: what is read meanwhile does not lie there."""
    run, fetch = home.waiting(), home.registry.fetch

    def slow(ref, to):
        home.registry.fetch = fetch
        to.mkdir(parents=True)
        home.say(run, "deny", "ana")
        assert to.is_dir()
        return fetch(ref, to)

    home.registry.fetch = slow
    with pytest.raises(Refused, match="ana"):
        home.say(run, "approve", "ben")
    assert home.row(run)["outcome"] == "denied"


def test_what_the_first_answer_promoted_does_not_void_the_request_for_the_second(home):
    run, alias = home.waiting(), home.registry.alias

    def meanwhile(model, name):
        home.registry.alias = alias
        home.say(run, person="ana")
        return alias(model, name)

    home.registry.alias = meanwhile
    with pytest.raises(Refused, match="approved already: approved by ana"):
        home.say(run, person="ben")
    assert (home.row(run)["outcome"], home.book.approval(run).state) == ("promoted", "approved")
