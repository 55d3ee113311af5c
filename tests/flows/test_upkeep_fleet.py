"""Upkeep of what a fleet shares: granted slots and incidents go with old decisions, unless somebody may need them."""

from dataclasses import replace
from datetime import timedelta

from graph.policy.slots import REMEMBERED
from tests.fleet import fleet
from tests.flows.test_incidents import ANA, STUCK, turn
from tests.flows.upkept import HOUR, KEEP, checked, tended, told
from tests.house import HEALTHY, MODEL
from tests.unit.graph.policy.builders import DAY

RECENT = replace(KEEP, decisions=DAY)


def granted(home, *runs):
    """Note that these runs were given a slot just now."""
    for run in runs:
        sql = "insert into grants (run, model, at) values (%(run)s, %(model)s, %(at)s) returning run"
        told(home, sql, run=run, model=MODEL, at=home.clock.now())


def grants(home):
    return {str(run) for (run,) in told(home, "select run from grants")}


def test_a_granted_slot_goes_with_old_decisions_and_one_of_a_run_that_lives_stays(home):
    ended = home.waiting()
    home.say(ended)
    home.clock.pass_time(HOUR)
    idle, _ = checked(home, HEALTHY, HEALTHY)
    living = home.waiting()
    granted(home, ended, idle, living)
    assert "slots_dropped" not in tended(home, KEEP.decisions - DAY)
    assert grants(home) == {ended, idle, living}
    assert tended(home, 2 * DAY, dry=True)["slots_dropped"] == 2
    assert grants(home) == {ended, idle, living}
    done = tended(home, timedelta(0))
    assert (done["slots_dropped"], grants(home)) == (2, {living})
    left = {str(run) for (run,) in told(home, "select run from runs")}
    assert (ended in left, idle in left) == (True, False)


def test_slots_that_count_among_the_false_retrains_stay_whatever_the_retention(home):
    run = home.waiting()
    home.say(run)
    granted(home, run)
    tended(home, REMEMBERED - HOUR, RECENT)
    assert (grants(home), len(home.book.line.begun(home.clock.now()))) == ({run}, 1)
    assert tended(home, HOUR, RECENT)["slots_dropped"] == 1
    assert grants(home) == set()


def test_a_closed_incident_goes_with_old_decisions_and_its_questions_stay(home, tmp_path):
    town = fleet(home, tmp_path, "a", "b")
    home.monitor.evidence = STUCK
    turn(town)
    incidents = "select id from incidents"
    assert "incidents_dropped" not in tended(home, KEEP.decisions + DAY)
    assert told(home, incidents) == [(1,)], "open"
    engine = town.desk().office.engine
    for name in (MODEL, "a", "b"):
        engine.reply(name, True, ANA.by, None, "")
    assert "incidents_dropped" not in tended(home, KEEP.decisions - DAY)
    assert told(home, incidents) == [(1,)], "answered lately"
    told(home, "update runs set outcome = null where run in (select min(run::text)::uuid from questions) returning 1")
    assert "incidents_dropped" not in tended(home, 2 * DAY)
    assert told(home, incidents) == [(1,)], "a run that is open asked"
    told(home, "update runs set outcome = 'data_issue' where outcome is null returning 1")
    assert tended(home, timedelta(0))["incidents_dropped"] == 1
    assert told(home, incidents) == []
    assert told(home, "select count(*), count(answered_at), count(incident) from questions") == [(3, 3, 0)]
