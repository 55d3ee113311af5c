"""Upkeep where one model, or one part, cannot be tended: the rest is, and the error is told and raised at the end."""

import json
import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from autopilot.__main__ import main
from autopilot.desk import Desk
from autopilot.fleet.tasks import retain
from autopilot.upkeep.amounts import Amounts
from autopilot.upkeep.tending import AGAIN, EVERY, Upkeep, tend
from graph.errors import AutopilotError, Misconfigured, Unavailable
from tests.fleet import fleet, raising
from tests.flows.test_backtest_command import CONFIGURATION
from tests.flows.upkept import AGED, HOUR, KEEP, MIDNIGHT, anew, laid, told
from tests.house import HEALTHY, MODEL
from tests.unit.graph.policy.builders import DAY
from tools.profile.folding import folded

OTHER = "zebra"
"""Comes after the broken one."""


@pytest.fixture
def broken(home):
    """A house with two models checked twice, long ago; a sum of the first cannot be read."""
    home.monitor.evidence = HEALTHY
    for _ in range(2):
        for name in (MODEL, OTHER):
            home.engine.run(name)
        home.clock.pass_time(HOUR)
    laid(home, range(24))
    told(
        home,
        "insert into folded_windows values (%(model)s, '1', 'p', 'scores', %(start)s, %(end)s, 'garbage', %(end)s)"
        " returning 1",
        model=MODEL,
        start=MIDNIGHT,
        end=MIDNIGHT + HOUR,
    )
    home.clock.at = AGED
    return home


def mended(home):
    told(home, "delete from folded_windows returning 1")


def kept(home):
    return set(told(home, "select model, kept from decisions where kept = 'reference'"))


def turn(home, every=EVERY):
    return tend(home.book, KEEP, home.clock.now(), home.engine._workspace.parent, every=every)


def test_a_model_that_cannot_be_tended_holds_up_no_other_model_and_no_other_part(broken, tmp_path):
    run = broken.waiting()
    broken.say(run)
    (tmp_path / "work" / run).mkdir(parents=True)
    broken.clock.pass_time(40 * DAY)
    done = tend(broken.book, KEEP, broken.clock.now(), tmp_path)
    assert [*done.failed] == [f"model {MODEL}"]
    assert done.failed[f"model {MODEL}"]["kind"] == "defect"
    assert (OTHER, "reference") in kept(broken)
    assert (done.models, done.things("threads_dropped"), done.things("folders_removed")) == (1, 1, 1)


def test_it_has_its_turn_again_soon_and_not_before_those_that_wait(broken):
    for later, due in ((timedelta(0), True), (timedelta(minutes=1), False), (AGAIN, True)):
        broken.clock.pass_time(later)
        assert bool(turn(broken).failed) is due
    told(broken, "insert into upkeep values ('waits', %(at)s) returning 1", at=broken.clock.now() - EVERY - AGAIN)
    told(
        broken,
        "insert into runs (run, model, started_at, updated_at) select gen_random_uuid(), 'waits', t, t"
        " from (select max(started_at) as t from runs) x returning 1",
    )
    broken.clock.pass_time(AGAIN)
    assert broken.book.upkeep.due(broken.clock.now() - EVERY, broken.clock.now(), 10) == ["waits", MODEL]
    mended(broken)
    assert turn(broken).failed == {}
    assert (MODEL, "reference") in kept(broken)


def test_the_hourly_job_fails_and_the_log_names_the_model_and_what_to_do(broken, tmp_path, caplog):
    town = fleet(broken, tmp_path, OTHER)
    desk = Desk(town.config, broken.clock, {}, replace(town.desk().office, home=tmp_path))
    with caplog.at_level(logging.ERROR, "autopilot.upkeep"), pytest.raises(AutopilotError) as raised:
        retain(desk)
    assert not isinstance(raised.value, Unavailable)  # else the job would come again at once, find nothing due and end
    assert f"model {MODEL}: a defect of Autopilot: " in raised.value.message
    assert "report it" in raised.value.hint
    assert "autopilot db prune" in raised.value.hint
    assert [(each.event, f"model {MODEL}" in each.getMessage()) for each in caplog.records] == [("defect", True)]
    assert (OTHER, "reference") in kept(broken)


def test_db_prune_does_the_rest_names_what_failed_and_ends_with_1(broken, tmp_path, monkeypatch, capsys):
    (tmp_path / "autopilot.yaml").write_text(CONFIGURATION)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", broken.dsn)
    monkeypatch.setenv("AUTOPILOT_HOME", str(tmp_path / "home"))
    now = broken.clock.now().isoformat()
    for more in (["--dry-run"], []):
        assert main(["db", "prune", "--now", now, "--json", *more]) == 1
        assert [*json.loads(capsys.readouterr().out)["failed"]] == [f"model {MODEL}"]
    assert (OTHER, "reference") in kept(broken)
    mended(broken)
    assert main(["db", "prune", "--now", (broken.clock.now() + HOUR).isoformat()]) == 0


def test_another_part_that_fails_is_noted_too_unless_the_database_is_away(home, tmp_path):
    work = Upkeep(home.book, KEEP, AGED, tmp_path, folded, Amounts(), dry=False)
    work.apart("folders of ended runs", raising(Misconfigured("the folder is not ours", "chown it")))
    work.apart("sent messages", raising(ValueError("odd")))
    assert [error["kind"] for error in work.done.failed.values()] == ["misconfigured", "defect"]
    with pytest.raises(Unavailable):
        work.apart("threads of ended runs", raising(Unavailable("the database did not answer")))


def test_a_database_that_is_away_is_no_models_fault(broken):
    book = anew(broken)

    def ends_it(_):
        book.database.close()
        raise ValueError("what was read is cut off")

    mended(broken)
    with pytest.raises(Unavailable):
        tend(book, KEEP, AGED, broken.engine._workspace, merge=ends_it)
