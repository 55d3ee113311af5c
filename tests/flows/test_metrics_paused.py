"""What a person paused calls nobody: it has no age and no verdict at /metrics, and is seen as paused."""

from dataclasses import replace
from datetime import timedelta
from math import inf

import pytest

from graph.evidence import Reading
from tests.flows.test_metrics import fire, fleet_of
from tests.house import HEALTHY, MODEL
from tests.scraping import scrape
from tests.serving import FILE, serving

LATER = timedelta(hours=30)
TAGGED = FILE.replace("    task:", "    tags: [payments]\n    task:")


def pause(home, scope="model", name=MODEL):
    home.book.paused.pause(scope, name, "the feed moves", "otto", "root", home.clock.now())


def lift(home, scope="model", name=MODEL):
    assert home.book.paused.lift(scope, name, "", "otto", "root", home.clock.now())


@pytest.mark.parametrize(("scope", "name"), [("model", MODEL), ("tag", "payments"), ("all", None)])
def test_nothing_of_a_paused_model_grows_old_and_all_of_it_is_counted(home, tmp_path, scope, name):
    with serving(home, tmp_path, text=TAGGED) as doors:
        seen = Reading("accuracy", "q", "degraded", "unknown", 0.5, home.clock.now(), below=0.9)
        home.waiting()
        home.monitor.evidence = replace(HEALTHY, readings=(seen,))
        fire(doors, 1)
        pause(home, scope, name)
        home.clock.pass_time(LATER)
        found = scrape(doors)
        assert found.of("runs_open", "status") == found.of("runs_paused", "status") == {"awaiting_approval": 1}
        assert found.of("runs_oldest_age_seconds", "status") == found.of("runs_idle_seconds", "status") == {}
        assert (found("approvals_waiting"), found("approvals_oldest_age_seconds")) == (1, 0)
        assert found("approvals_expire_seconds") == inf
        assert (found("alerts_waiting"), found("alerts_oldest_age_seconds")) == (1, 0)
        assert (found("models_paused"), found("checking_paused")) == (1, 1)
        assert found.of("models", "verdict") == found.of("models_blocked", "rule") == {}
        assert (found("oldest_check_age_seconds"), found("models_overdue")) == (0, 0)
        assert found("last_check_age_seconds") == LATER.total_seconds()
        assert found.models == [MODEL] * len(found.models)
        lift(home, scope, name)
        found = scrape(doors)
        assert found.of("runs_paused", "status") == {}
        age = LATER.total_seconds()
        assert found("runs_idle_seconds", status="awaiting_approval") == found("approvals_oldest_age_seconds") == age
        assert found("approvals_expire_seconds") == (timedelta(days=3) - LATER).total_seconds()
        assert found("alerts_oldest_age_seconds") == found("oldest_check_age_seconds") == age
        assert (found("models_paused"), found("checking_paused")) == (0, 0)
        assert found.of("models", "verdict") == {"degraded": 1}


def test_checking_is_paused_once_every_model_with_a_schedule_is(home, tmp_path):
    text = fleet_of(3).replace('    schedule: "0 * * * *"\n', "", 1)
    with serving(home, tmp_path, text=text) as doors:
        for name, stopped in (("model-001", 0), ("model-002", 1)):
            pause(home, name=name)
            assert scrape(doors)("checking_paused") == stopped
        found = scrape(doors)
        assert (found("models_paused"), found.of("models", "verdict")) == (2, {"unchecked": 1})
        assert [each.labels for each in found.samples if each.name == "autopilot_model_check_age_seconds"] == [
            {"model": "model-000"}
        ]
        assert found("oldest_check_age_seconds") == inf, "a model that is not paused was never checked"


def test_of_a_model_whose_entry_is_gone_its_run_calls_and_its_alerts_do_not(home, tmp_path):
    with serving(home, tmp_path) as doors:
        home.waiting()
        fire(doors, 1)
        doors.config.write_text(FILE.replace(f"  {MODEL}:", "  other:"))
        home.clock.pass_time(LATER)
        found = scrape(doors)
        assert (found("alerts_waiting"), found("alerts_oldest_age_seconds")) == (1, 0), "no check will look at them"
        assert found("runs_idle_seconds", status="awaiting_approval") == LATER.total_seconds()
        pause(home)
        found = scrape(doors)
        assert found.of("runs_idle_seconds", "status") == {}
        assert found("models_paused") == 0
