"""Upkeep on a real ledger: what is old becomes small and says so; what somebody may still ask for stays."""

import os
from dataclasses import replace
from datetime import timedelta

import pytest

from autopilot import view, words
from autopilot.backtest import record
from autopilot.backtest.document import document
from autopilot.backtest.replay import replay
from autopilot.fleet.roster import EMPTY
from autopilot.fleet.screen import fleet
from autopilot.report.explain import explain_text
from autopilot.settings import load
from autopilot.upkeep.pruning import prune, text
from autopilot.upkeep.tending import tend
from checkpoints.queries import named
from graph.codec import dump
from graph.errors import NotFound
from graph.ports import StoredWindow
from tests.flows.test_backtest_command import CONFIGURATION
from tests.flows.upkept import (
    AGED,
    HOUR,
    KEEP,
    MIDNIGHT,
    RUNS,
    anew,
    checked,
    counted,
    explained,
    laid,
    tended,
    told,
)
from tests.house import HEALTHY, MODEL, another_carries_on
from tests.unit.graph.policy.builders import DAY, NOW, SPEC


def test_a_check_without_news_keeps_verdict_rules_and_values_and_says_that_it_no_longer_replays(home):
    first, *others = checked(home, *[HEALTHY] * 4)
    before = [explained(home, run) for run in others]
    assert tended(home) == {"decisions_kept_whole": 1, "decisions_folded": 3}
    book = anew(home)
    for run, was in zip(others, before, strict=True):
        found = explained(home, run)
        assert (found["evidence"], found["folded_at"]) == (None, "2026-03-21T14:30:00Z")
        for part in ("decision", "rules", "policy", "verdict", "blame"):
            assert found[part] == was[part]
        assert dump(book.decision(run)) == was["decision"]
        said = " ".join(explain_text(found).split())
        assert "kept verdict, rules and values" in said
        assert f"is not kept since {words.day(found['folded_at'])}, so this no longer replays" in said
        assert "nothing was measured" not in said
        assert "there is no champion" not in said
    with pytest.raises(NotFound, match="was folded away on 2026-03-21"):
        book.evidence(others[0])
    assert explained(home, first)["evidence"] == dump(replace(HEALTHY, champion="1", as_of=NOW))
    assert told(home, "select count(*) from policies") == [(1,)]
    book.database.close()


def test_a_replay_leaves_folded_checks_out_and_says_so(home):
    runs = checked(home, *[HEALTHY] * 3)
    tended(home)
    past = record.read(home.book, MODEL, SPEC.registry)
    found = replay(past, {"present": home.spec[0]}, lambda run: record.evidence(home.book, run))
    assert [each.run for each in found.checks] == runs[:1]
    assert not found.changed
    notes = document(MODEL, found, {})["notes"]
    assert any(note.startswith("2 decisions left out: kept with verdict, rules and values") for note in notes)
    assert not any("the evidence is no longer stored" in note for note in notes)
    with pytest.raises(NotFound, match="no check of fraud in this range replays any more"):
        replay(record.read(home.book, MODEL, SPEC.registry, since=NOW + HOUR), {}, lambda _: HEALTHY)


def test_what_changed_or_acted_is_kept_whole_and_reports_as_before(home):
    quiet, again = checked(home, HEALTHY, HEALTHY)
    acted = home.waiting()
    home.say(acted)
    home.clock.pass_time(HOUR)
    after = checked(home, HEALTHY, HEALTHY)
    was = explained(home, acted)
    tended(home)
    assert explained(home, acted) == was
    kept = dict(told(home, "select run::text, kept from decisions"))
    assert kept == {quiet: "whole", again: "reference", acted: "whole", after[0]: "whole", after[1]: "reference"}
    assert view.course(home.book, home.row(acted))["checks"][-1]["champion"] == "1"


def test_a_check_that_is_not_over_is_left_alone(home):
    run = checked(home, HEALTHY)[0]
    told(home, "update runs set outcome = null where run = %(run)s returning run", run=run)
    assert tended(home) == {}


def test_nothing_is_done_twice_and_a_dry_run_says_what_would_be(home):
    checked(home, *[HEALTHY] * 3)
    home.clock.pass_time(20 * DAY)
    rows = "select document is null, kept from decisions"
    would = tended(home, 0 * DAY, dry=True)
    assert set(told(home, rows)) == {(False, None)}
    assert tended(home, 0 * DAY) == would == {"decisions_kept_whole": 1, "decisions_folded": 2}
    assert tended(home, 0 * DAY) == {}


def test_old_checks_that_did_nothing_go_and_the_rest_of_the_story_stays(home):
    quiet = checked(home, HEALTHY, HEALTHY)
    acted = home.waiting()
    home.say(acted)
    home.clock.pass_time(HOUR)
    asked = checked(home, replace(HEALTHY, future_rows=400))[0]
    newest = checked(home, HEALTHY)[0]
    before, history = fleet(home.book, EMPTY, home.clock.now()), home.book.history(SPEC)
    assert tended(home, 500 * DAY)["checks_dropped"] == 2
    assert {str(run) for (run,) in told(home, RUNS)} == {acted, asked, newest}
    with pytest.raises(NotFound):
        home.row(quiet[0])
    assert explained(home, acted)["promotion"]["to_version"] == "2"
    assert fleet(home.book, EMPTY, home.clock.now()) == before
    assert home.book.history(SPEC) == history


def test_under_retention_the_ledger_stays_as_large_as_it_is(home):
    keep, sizes = replace(KEEP, detail=DAY, counts=2 * DAY, decisions=2 * DAY), []
    for day in range(9):
        start = MIDNIGHT + day * DAY
        home.book.windows.save_window(
            StoredWindow(MODEL, "*", "p", "features", start, start + DAY, dump(counted(1)), True, stamp="s")
        )
        checked(home, HEALTHY, HEALTHY)
        tended(home, DAY - 2 * HOUR, keep)
        tables = ("runs", "decisions", "evidence", "windows", "folded_windows", "policies")
        sizes.append([told(home, f"select count(*) from {table}")[0][0] for table in tables])
    assert sizes[-1] == sizes[-2] == sizes[-3]
    assert sizes[-1][0] < 9 * 2


def test_upkeep_knows_every_table_that_names_a_run(home):
    """A new one needs a word from its author: does it keep a check, or go with it?"""
    naming = """
      select conrelid::regclass::text from pg_constraint
      where contype = 'f' and confrelid = 'runs'::regclass order by 1
    """
    known = named("upkeep")["old_checks"] + named("upkeep")["forget"]
    assert [table for (table,) in told(home, naming) if f" {table} " not in known] == []


# --- runs that live, and what they leave ---


def test_an_approval_that_waits_loses_nothing_and_is_given_after(home):
    checked(home, HEALTHY, HEALTHY)
    laid(home, range(-240, -216))
    run = home.waiting()
    threads, evidence = home.checkpoints(), explained(home, run)["evidence"]
    long = replace(KEEP, threads=HOUR, detail=HOUR)
    tend(home.book, long, AGED, home.engine._workspace.parent, every=timedelta(0))
    assert (home.checkpoints(), explained(home, run)["evidence"]) == (threads, evidence)
    home.say(run)
    assert (home.row(run)["outcome"], home.champion()) == ("promoted", "2")


def test_threads_of_ended_runs_go_and_those_of_living_ones_stay(home):
    ended = home.waiting()
    home.say(ended)
    home.clock.pass_time(40 * DAY)
    living = home.waiting()
    both = home.checkpoints()
    assert tended(home, 0 * DAY)["threads_dropped"] == 1
    assert 0 < home.checkpoints() < both
    home.say(living)
    assert home.row(living)["outcome"] == "promoted"
    assert tended(home, 31 * DAY)["threads_dropped"] == 1
    assert home.checkpoints() == 0
    home.engine.carry_on(ended)
    assert home.row(ended)["outcome"] == "promoted"


def test_folders_of_ended_runs_and_of_killed_processes_go(home, tmp_path):
    site = tmp_path / "site"
    ended = home.waiting()
    home.say(ended)
    living = home.waiting()
    yesterday = os.stat(tmp_path).st_mtime - 2 * 86_400
    for name in (ended, living, "look-old", "look-young", "evaluation-old", "somebody's"):
        (site / "work" / name).mkdir(parents=True)
        (site / "work" / name / "model").write_bytes(b"1234")
    for name in ("look-old", "evaluation-old", "somebody's"):
        os.utime(site / "work" / name, (yesterday, yesterday))
    (site / "work" / "look-link").symlink_to(tmp_path)
    for run in (ended, living):
        (site / "jobs" / home.key(run)).mkdir(parents=True)

    def gone(after):
        found = tend(home.book, KEEP, home.clock.now() + after, site, every=timedelta(0)).found
        return found["folders_removed"], found["jobs_removed"]

    assert gone(HOUR) == ((2, 8), (0, 0))
    assert gone(2 * DAY) == ((1, 4), (0, 0))
    assert gone(91 * DAY) == ((0, 0), (1, 0))
    assert sorted(each.name for each in (site / "work").iterdir()) == sorted(
        [living, "look-link", "look-young", "somebody's"]
    )
    assert [each.name for each in (site / "jobs").iterdir()] == [home.key(living)]


def test_prune_does_all_that_is_due_and_tells_it(home, tmp_path):
    checked(home, *[HEALTHY] * 3)
    (tmp_path / "autopilot.yaml").write_text(CONFIGURATION + "\nretention: {detail: 1d}\n")
    settings = load(
        {"DATABASE_URL": home.dsn, "AUTOPILOT_HOME": str(tmp_path / "home"), "MLFLOW_TRACKING_URI": "file:/none"},
        config=str(tmp_path / "autopilot.yaml"),
        now="2026-03-05T00:00:00Z",
    )
    said = text(prune(settings, dry=True), dry=True)
    assert said.startswith("nothing was changed; this would be done:\n")
    assert "2  checks keep verdict, rules and values only" in said
    assert prune(settings, dry=False).things("decisions_folded") == 2
    assert text(prune(settings, dry=False), dry=False) == "nothing is old enough to be folded or dropped"


def test_a_run_that_another_carries_on_does_not_hold_upkeep_up(home):
    runs = checked(home, HEALTHY, HEALTHY)
    with another_carries_on(home, runs[0]):
        assert tended(home)["decisions_folded"] == 1
