"""Alerts of models that are checked anyway: each leads to a check, or is answered by one that began after it."""

from datetime import timedelta

from autopilot.fleet.planner import sweep
from tests.fleet import fleet, fleet_file
from tests.flows.test_fleet import HOUR, turn, unscheduled
from tests.house import MODEL

STEP = timedelta(seconds=20)


def alerted_between_checks(home, tmp_path):
    """Return a fleet whose model is checked every minute, half a minute after a check; an alert came just now."""
    town = fleet(home, tmp_path)
    town.config.write_text(fleet_file((), "* * * * *"))
    turn(town)
    home.clock.pass_time(timedelta(seconds=30))
    home.book.alerts.receive("a", "test", MODEL, "drift", {}, home.clock.now())
    return town


def swept(town, steps):
    """Let time go by; each step finds the newest check just begun where one was due."""
    for _ in range(steps):
        turn(town)
        sweep(town.desk())
        town.work()
        town.home.clock.pass_time(STEP)


def test_an_alert_of_a_model_that_is_checked_all_the_time_is_answered_by_the_next_check(home, tmp_path):
    town = alerted_between_checks(home, tmp_path)
    alerted_at = home.clock.now()
    swept(town, 1)
    assert [row["model"] for row in home.book.alerts.waiting()] == [MODEL]
    swept(town, 9)
    assert home.book.alerts.waiting() == []
    first, second, *later = sorted(row["started_at"] for row in home.book.runs.recent(MODEL, 100))
    assert first < alerted_at < second
    answering = next(row for row in home.book.runs.recent(MODEL, 100) if row["started_at"] == second)
    assert len(home.book.alerts.of(str(answering["run"]))) == 1
    assert len(later) <= 3  # those of the schedule: none was made for the alert


def test_a_check_that_could_not_be_made_and_a_return_answer_no_alert(home, tmp_path):
    alerted_between_checks(home, tmp_path)
    home.clock.pass_time(STEP)
    for number, (action, outcome) in enumerate(((None, "failed"), ("rollback", "failed"), (None, None))):
        run = f"00000000-0000-0000-0000-{number:012}"
        home.book.runs.open(run, MODEL, home.clock.now())
        home.book.database.execute(
            "update runs set action = %(action)s, outcome = %(outcome)s where run = %(run)s",
            action=action,
            outcome=outcome,
            run=run,
        )
    home.book.alerts.answered(home.clock.now())
    assert len(home.book.alerts.waiting()) == 1


def test_an_alert_after_the_clock_was_set_back_is_not_answered_by_a_check_that_lies_ahead(home, tmp_path):
    town = unscheduled(fleet(home, tmp_path))
    home.engine.run(MODEL)
    home.clock.pass_time(-HOUR)
    home.book.alerts.receive("a", "test", MODEL, "drift", {}, home.clock.now())
    sweep(town.desk())
    town.work()
    assert home.book.alerts.waiting() == []
    assert len(home.book.runs.recent(MODEL, 100)) == 2
