"""Every path of the diagram, and what the ledger says at its end."""

from dataclasses import replace
from datetime import timedelta

import pytest

from autopilot.engine import Engine
from graph.errors import Refused, Unavailable
from graph.evidence import Interval
from tests.fakes.evaluator import measured
from tests.fleets import shown
from tests.house import BROKEN, DEGRADED, HEALTHY, MODEL
from tests.unit.graph.policy.builders import NOW, SPEC


def test_a_quiet_model_is_left_alone_and_leaves_no_thread(home):
    run = home.engine.run(MODEL)
    row = home.row(run)
    assert (row["verdict"], row["action"], row["outcome"], row["status"]) == ("healthy", "none", "no_action", "done")
    assert home.checkpoints() == 0
    assert not home.pipeline.starts
    assert home.book.decision(run).rules


def test_broken_data_is_not_retrained_on_and_its_rows_are_set_aside(home):
    home.monitor.evidence = BROKEN
    run = home.engine.run(MODEL)
    assert home.row(run)["outcome"] == "data_issue"
    assert not home.pipeline.starts
    assert home.book.quarantined(MODEL) == [(NOW - timedelta(days=1), NOW)]


def test_degradation_is_retrained_compared_asked_and_promoted(home):
    home.monitor.evidence = DEGRADED
    run = home.engine.run(MODEL)
    assert (home.row(run)["status"], len(home.pipeline.starts)) == ("training", 1)
    home.trained(run)
    assert home.row(run)["status"] == "awaiting_approval"
    assert home.champion() == "1"
    home.say(run)
    assert (home.row(run)["outcome"], home.champion()) == ("promoted", "2")
    assert home.registry.aliases[SPEC.registry, "previous"] == "1"
    moved = home.book.approvals.promotion(run)
    assert (moved["from_version"], moved["to_version"]) == ("1", "2")


def test_quarantined_rows_are_left_out_of_training(home):
    home.monitor.evidence = BROKEN
    home.engine.run(MODEL)
    home.clock.pass_time(timedelta(days=20))
    home.monitor.evidence = DEGRADED
    home.engine.run(MODEL)
    order = home.pipeline.starts[0]
    inside = order.train_from < NOW and order.train_until > NOW - timedelta(days=1)
    assert bool(order.exclude) == inside


def test_a_denied_challenger_changes_nothing(home):
    run = home.waiting()
    home.say(run, "deny")
    assert (home.row(run)["outcome"], home.champion(), home.registry.moves) == ("denied", "1", [])


def test_silence_expires_to_deny(home):
    run = home.waiting()
    home.clock.pass_time(SPEC.approval.expires_after + timedelta(seconds=1))
    home.engine.carry_on(run)
    assert (home.row(run)["outcome"], home.champion()) == ("expired", "1")
    with pytest.raises(Refused):
        home.say(run)


@pytest.mark.parametrize(
    ("comparison", "outcome"),
    [
        (measured(gain=-0.05), "validation_failed"),
        (measured(gain=0.01, spread=0.05), "validation_inconclusive"),
    ],
)
def test_a_challenger_that_is_not_shown_to_be_better_asks_nobody(home, comparison, outcome):
    home.evaluator.answers = [comparison]
    run = home.waiting()
    assert home.row(run)["outcome"] == outcome
    assert home.book.approval(run) is None


def test_an_undecided_candidate_is_validated_again_before_anything_new_is_trained(home):
    home.evaluator.answers = [measured(gain=0.01, spread=0.05), measured()]
    home.waiting()
    home.wait(SPEC.training.holdout / 2)
    run = home.engine.run(MODEL)
    assert (home.row(run)["status"], len(home.pipeline.starts)) == ("awaiting_approval", 1)
    home.say(run)
    assert home.row(run)["outcome"] == "promoted"


@pytest.mark.parametrize(("state", "outcome"), [("failed", "failed"), ("cancelled", "cancelled")])
def test_a_job_that_ends_badly_ends_the_run(home, state, outcome):
    home.monitor.evidence = DEGRADED
    run = home.engine.run(MODEL)
    home.pipeline.end(home.key(run), state, "exit code 1")
    home.engine.carry_on(run)
    assert home.row(run)["outcome"] == outcome


def test_a_job_that_leaves_no_model_fails_the_run_and_says_so(home):
    home.monitor.evidence = DEGRADED
    run = home.engine.run(MODEL)
    home.registry.runs[-1].models.clear()
    home.pipeline.end(home.key(run))
    home.engine.carry_on(run)
    assert home.row(run)["outcome"] == "failed"
    assert home.row(run)["reason"]


def test_a_check_that_cannot_be_made_is_recorded_as_failed_and_the_next_one_looks_anew(home):
    home.registry.away = Unavailable("MLflow did not answer", "try again")
    with pytest.raises(Unavailable):
        home.engine.run(MODEL)
    (failed,) = home.book.runs.recent(MODEL, 10)
    assert (failed["outcome"], failed["reason"]) == ("failed", "MLflow did not answer; try again")
    home.registry.away = None
    assert home.row(home.engine.run(MODEL))["outcome"] == "no_action"


def test_a_registry_that_is_away_leaves_the_run_to_be_carried_on(home):
    run = home.waiting()
    home.registry.away = Unavailable("MLflow did not answer")
    with pytest.raises(Unavailable):
        home.say(run)
    home.registry.away = None
    assert home.row(run)["outcome"] is None
    home.say(run)
    assert home.row(run)["outcome"] == "promoted"


def test_a_check_beside_an_active_run_starts_nothing_and_shows_that_run(home):
    home.monitor.evidence = DEGRADED
    run = home.engine.run(MODEL)
    assert home.engine.run(MODEL) == run
    assert len(home.pipeline.starts) == 1
    checks = home.book.runs.recent(MODEL, 10)
    assert len(checks) == 2
    (beside,) = (str(check["run"]) for check in checks if str(check["run"]) != run)
    blocked = [rule for rule in home.book.decision(beside).rules if rule.rule == "one_active_run"]
    assert [rule.outcome for rule in blocked] == ["blocked"]


@pytest.mark.parametrize("evidence", [HEALTHY, BROKEN])
def test_a_later_check_that_takes_the_reason_away_voids_what_waits(home, evidence):
    run = home.waiting()
    home.monitor.evidence = evidence
    home.engine.run(MODEL)
    assert (home.row(run)["outcome"], home.champion()) == ("voided", "1")


def test_a_first_model_is_trained_and_needs_its_minimum(home):
    home.registry.aliases.clear()
    home.spec[0] = replace(home.spec[0], validation=replace(SPEC.validation, minimum={"roc_auc": 0.7}))
    run = home.engine.run(MODEL)
    assert home.row(run)["cause"] == "no_champion"
    home.trained(run)
    home.say(run)
    assert (home.row(run)["outcome"], home.champion()) == ("promoted", "2")


def test_shadow_decides_and_touches_nothing(home):
    home.spec[0] = replace(home.spec[0], policy=replace(home.spec[0].policy, mode="shadow"))
    home.monitor.evidence = DEGRADED
    run = home.engine.run(MODEL)
    assert (home.row(run)["action"], home.row(run)["outcome"]) == ("retrain", "shadowed")
    assert (len(home.pipeline.starts), home.checkpoints()) == (0, 0)


def test_cancel_stops_the_job_and_ends_the_run(home):
    home.monitor.evidence = DEGRADED
    run = home.engine.run(MODEL)
    home.engine.cancel(run, "ana")
    assert home.row(run)["outcome"] == "cancelled"
    assert home.pipeline.find(home.key(run)).state == "cancelled"
    with pytest.raises(Refused):
        home.engine.cancel(run, "ana")


def test_a_promotion_voids_nothing_when_a_killed_attempt_had_moved_the_alias(home):
    """The champion that a dead attempt of this very run set is not a foreign move."""
    run = home.waiting()
    home.registry.away = None
    home.book.boundary = _dies_at("promotion.recorded")
    with pytest.raises(ZeroDivisionError):
        home.say(run)
    assert (home.champion(), home.row(run)["outcome"]) == ("2", None)
    home.book.boundary = lambda _: None
    home.engine.carry_on(run)
    assert (home.row(run)["outcome"], home.champion()) == ("promoted", "2")
    assert [move for move in home.registry.moves if move[1] == "champion"] == [(SPEC.registry, "champion", "2")]


def _dies_at(point):
    def boundary(passed):
        if passed == point:
            raise ZeroDivisionError(point)

    return boundary


def test_harm_is_compared_on_the_window_that_triggered(home):
    home.waiting()
    call = home.evaluator.calls[0]
    assert DEGRADED.labels is not None
    assert call.harm_from == DEGRADED.labels.start
    assert call.champion is not None


def test_the_interval_decides_not_the_point(home):
    home.evaluator.answers = [measured(gain=0.05, spread=0.06)]
    assert home.row(home.waiting())["outcome"] == "validation_inconclusive"
    assert Interval(0.05, -0.01, 0.11).low < 0


@pytest.mark.parametrize("evidence", [HEALTHY, BROKEN])
def test_a_reason_that_goes_while_the_job_trains_stops_the_job_and_voids_the_run(home, evidence):
    home.monitor.evidence = DEGRADED
    run = home.engine.run(MODEL)
    home.monitor.evidence = evidence
    home.engine.run(MODEL)
    assert home.row(run)["outcome"] == "voided"
    assert home.pipeline.find(home.key(run)).state == "cancelled"


def test_a_run_that_stands_still_does_not_stop_the_checks(home):
    run = home.waiting()
    home.registry.versions.pop(f"{SPEC.registry}-candidates")
    home.monitor.evidence = DEGRADED
    home.engine.run(MODEL)
    assert len(home.book.runs.recent(MODEL, 10)) == 2
    assert home.row(run)["outcome"] == "voided"


def beside(home):
    """Return the engine of another process that looks after the same models."""
    one = home.engine
    return Engine(one._book, one._parts, one._clock, one._threads, one._traced, one._workspace)


def test_a_run_is_found_where_another_process_took_it(home):
    home.monitor.evidence = DEGRADED
    run = home.engine.run(MODEL)
    home.pipeline.end(home.key(run))
    beside(home).carry_on(run)
    assert home.row(run)["status"] == "awaiting_approval"
    home.say(run)
    assert (home.row(run)["outcome"], home.champion()) == ("promoted", "2")


def test_a_run_is_found_where_another_process_died(home):
    home.monitor.evidence = DEGRADED
    run = home.engine.run(MODEL)
    home.pipeline.end(home.key(run))
    home.evaluator.away = Unavailable("it was killed")
    with pytest.raises(Unavailable):
        beside(home).carry_on(run)
    home.evaluator.away = None
    home.engine.carry_on(run)
    assert home.row(run)["status"] == "awaiting_approval"
    assert (len(home.pipeline.starts), len(home.evaluator.calls)) == (1, 1)
    home.say(run)
    assert (home.row(run)["outcome"], home.champion()) == ("promoted", "2")


def test_cancel_stops_a_job_that_its_row_does_not_know_yet(home):
    home.monitor.evidence = DEGRADED
    home.book.effects._boundary = _dies_at("training.recorded")
    with pytest.raises(ZeroDivisionError):
        home.engine.run(MODEL)
    run = str(home.book.runs.active(MODEL)["run"])
    assert home.row(run)["job"] is None
    home.engine.cancel(run, "ana")
    assert home.pipeline.find(home.key(run)).state == "cancelled"
    assert home.row(run)["outcome"] == "cancelled"


def test_an_undecided_candidate_is_never_judged_on_rows_it_was_trained_on(home):
    home.evaluator.answers = [measured(gain=0.01, spread=0.05), measured()]
    first = home.waiting()
    trained_until = home.book.decision(first).train_until
    home.spec[0] = replace(home.spec[0], training=replace(SPEC.training, holdout=2 * SPEC.training.holdout))
    home.wait(SPEC.training.holdout / 2)
    home.engine.run(MODEL)
    assert home.evaluator.calls[1].holdout.start >= trained_until


def test_a_check_that_could_not_be_made_is_not_hidden_behind_an_older_verdict(home):
    home.engine.run(MODEL)
    assert shown(home)["verdict"] == "healthy"
    home.clock.pass_time(timedelta(hours=1))
    home.registry.away = Unavailable("MLflow did not answer")
    with pytest.raises(Unavailable):
        home.engine.run(MODEL)
    assert (shown(home)["verdict"], "MLflow did not answer" in shown(home)["reason"]) == (None, True)


def test_a_model_never_checked_says_so(home):
    assert (shown(home)["reason"], shown(home)["states"]) == ("never checked", ["silent"])
