"""The fleet on one screen: one statement for thousands of models, and the commands as they are typed."""

import json
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from autopilot.__main__ import main
from autopilot.fleet import roster as rosters
from autopilot.fleet.choice import Choice
from autopilot.fleet.roster import USUAL, Entry, Purse, Roster
from autopilot.fleet.screen import fleet
from graph.errors import Unavailable
from tests.fleets import many, shown, text
from tests.flows.upkept import tended, told
from tests.house import DEGRADED, MODEL
from tests.serving import FILE
from tests.unit.graph.policy.builders import DAY, HOUR, NOW


@contextmanager
def counted(book):
    """Yield the statements that are made while this lasts."""
    made, real = [], book.database._run

    def run(sql, values, read):
        made.append(sql)
        return real(sql, values, read)

    book.database._run = run
    try:
        yield made
    finally:
        book.database._run = real


def test_five_thousand_models_are_one_statement_and_one_screen(home):
    names = many(home.dsn, 5000, 2, NOW - HOUR / 2)
    entries = {name: Entry(schedule="0 * * * *", tags=("payments",) if name.endswith("0") else ()) for name in names}
    home.book.paused.pause("tag", "payments", "freeze", "otto", "root", NOW)
    with counted(home.book) as statements:
        found = fleet(home.book, Roster({**entries, "new": Entry(schedule="0 * * * *")}), home.clock.now())
    assert len(statements) == 1
    summary = found["summary"]
    assert (summary["models"], summary["verdicts"]["healthy"], summary["verdicts"]["none"]) == (5001, 5000, 1)
    assert (summary["states"]["paused"], summary["states"]["overdue"], summary["states"]["silent"]) == (500, 1, 1)
    lines = text(found, limit=20, width=120).splitlines()
    assert len(lines) <= 28
    assert lines[0].startswith("5,001 models: 5,000 healthy · 1 unknown")
    assert "new (never checked)" in lines[2]
    assert lines[-1].startswith("1–20 of 5,001   next: autopilot status --page 2")
    assert len(text(found, Choice(tag="payments", page=25), 20).splitlines()) == len(lines)


def test_a_scheduler_that_stands_still_makes_every_model_an_alert(home):
    names = many(home.dsn, 40, 3, NOW - 3 * HOUR)
    found = fleet(home.book, Roster({name: Entry(schedule="0 * * * *") for name in names}), home.clock.now())
    assert found["summary"]["states"]["overdue"] == 40
    alert = "! 40 not checked on time (autopilot status --state overdue), such as m00001 (last 2026-03-01 07:30Z)"
    assert text(found).splitlines()[2].startswith(alert)


def test_a_model_is_told_what_it_waits_for_and_which_rule_holds_it_back(home):
    run = home.waiting()
    assert (shown(home)["states"], shown(home)["run"]) == (["awaiting_approval", "open"], run)
    home.say(run, "deny")
    policy = home.spec[0].policy
    home.spec[0] = replace(home.spec[0], policy=replace(policy, retrains_per_week=1))
    home.wait(timedelta(days=1))
    home.engine.run(MODEL)
    assert (shown(home)["states"], shown(home)["blocked_by"]) == (["blocked"], "retrains_per_week")
    assert shown(home, mode="shadow")["states"] == ["blocked", "shadow"]


def test_the_rule_is_still_told_when_the_newest_decision_was_folded(home):
    home.say(home.waiting(), "deny")
    policy = home.spec[0].policy
    home.spec[0] = replace(home.spec[0], policy=replace(policy, retrains_per_week=1))
    home.wait(timedelta(days=1))
    home.engine.run(MODEL)
    home.clock.pass_time(HOUR)
    newest = home.engine.run(MODEL)
    before = shown(home)
    assert before["blocked_by"] == "retrains_per_week"
    tended(home)
    kept = dict(told(home, "select run::text, kept from decisions"))
    assert kept[newest] == "reference"
    assert shown(home) == before


def test_a_run_that_stands_still_says_so(home):
    home.monitor.evidence = DEGRADED
    run = home.engine.run(MODEL)
    home.book.runs.note_error(run, {"kind": "unavailable", "message": "MLflow is away", "hint": ""}, home.clock.now())
    assert shown(home)["states"] == ["stopped", "training", "open"]


def test_a_run_that_stood_still_and_goes_on_says_so_no_longer(home):
    run = home.waiting()
    home.registry.away = Unavailable("MLflow is away")
    with pytest.raises(Unavailable):
        home.engine.carry_on(run)
    assert shown(home)["states"] == ["stopped", "awaiting_approval", "open"]
    home.registry.away = None
    home.engine.carry_on(run)
    assert (shown(home)["states"], home.row(run)["error"]) == (["awaiting_approval", "open"], None)


def test_what_stands_still_says_so_also_while_it_is_paused(home):
    run = home.waiting()
    home.registry.away = Unavailable("MLflow is away")
    with pytest.raises(Unavailable):
        home.engine.carry_on(run)
    home.registry.away = None
    home.book.paused.pause("model", MODEL, "repairing it", "ana", "root", home.clock.now())
    home.engine.carry_on(run)
    assert "stopped" in shown(home)["states"]
    assert home.row(run)["error"]["message"] == "MLflow is away"


def test_the_champion_is_who_serves_also_where_it_was_promoted_after_the_check(home):
    run = home.waiting()
    assert shown(home)["champion"] == "1"
    home.say(run)
    assert (shown(home)["champion"], home.champion()) == ("2", "2")
    home.wait(HOUR)
    back = home.engine.rollback(MODEL, "ben")
    assert shown(home)["champion"] == "2"
    home.say(back)
    assert (shown(home)["champion"], home.champion()) == ("1", "1")


def test_a_model_that_left_the_file_is_still_shown(home):
    home.engine.run(MODEL)
    (row,) = fleet(home.book, Roster({}), home.clock.now())["models"]
    assert (row["model"], row["verdict"], row["mode"], row["tags"]) == (MODEL, "healthy", None, [])


def test_an_empty_ledger_shows_what_the_file_holds_and_who_is_paused(home):
    home.book.paused.pause("all", None, "before the start", "otto", "root", NOW)
    (row,) = fleet(home.book, Roster({"new": Entry()}), home.clock.now())["models"]
    assert row["states"] == ["silent", "paused"]


@dataclass
class Said:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def document(self):
        return json.loads(self.out)


class Typed:
    """The command line in a folder with a configuration, on the ledger of a house."""

    def __init__(self, folder: Path, capsys) -> None:
        self.folder, self.home, self._capsys = folder, folder / "home", capsys
        self.write(FILE.replace("    task:", "    tags: [payments]\n    owner: otto\n    task:"))

    def write(self, given: str) -> None:
        (self.folder / "autopilot.yaml").write_text(given)

    def type(self, *words: str) -> Said:
        code = main([*words, "--now", "2026-03-01T10:30:00Z"])
        return Said(code, *self._capsys.readouterr())


@pytest.fixture
def typed(home, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", home.dsn)
    monkeypatch.setenv("AUTOPILOT_HOME", str(tmp_path / "home"))
    return Typed(tmp_path, capsys)


def test_pause_status_and_unpause_as_they_are_typed(home, typed):
    run = home.engine.run(MODEL)
    done = typed.type("pause", "--tag", "payments", "--reason", "the feed moves", "--as", "otto", "--json")
    assert done.code == 0, done.err
    assert (done.document["by"], done.document["models"]) == ("otto", [MODEL])
    done = typed.type("status", "--state", "paused", "--json")
    (model,) = done.document["models"]
    assert (model["model"], model["owner"], model["paused"]["reason"]) == (MODEL, "otto", "the feed moves")
    keys = {"model", "verdict", "cause", "action", "reason", "champion", "checked_at", "run", "waiting_for", "spent"}
    assert keys <= set(model)
    assert "paused with every model tagged payments by otto" in typed.type("status").out
    explained = typed.type("explain", run)
    assert "by otto since 2026-03-01T10:30:00Z" in " ".join(explained.out.split())
    assert typed.type("explain", run, "--json").document["paused"]["scope"] == "tag"
    again = typed.type("pause", "--tag", "payments", "--reason", "again", "--json")
    assert (again.code, again.document["error"]["kind"]) == (5, "refused")
    done = typed.type("unpause", "--tag", "payments", "--as", "ana")
    assert (done.code, "no longer paused" in done.out) == (0, True)
    assert typed.type("status", "--state", "paused", "--json").document["models"] == []


@pytest.mark.parametrize("of", [("--all",), ("--tag", "payments"), (MODEL,)])
def test_a_file_with_an_error_keeps_nobody_from_pausing_and_unpausing(home, typed, of):
    (typed.home.parent / "autopilot.yaml").write_text("models: {fraud: {registry: 7}}\n")
    done = typed.type("pause", *of, "--reason", "the feed moves", "--as", "otto")
    assert (done.code, "the configuration cannot be read" in done.out) == (0, True), done.err
    assert len(home.book.pauses()) == 1
    assert typed.type("unpause", *of).code == 0
    assert home.book.pauses() == ()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("pause", MODEL), 2, "a pause needs a reason"),
        (("pause", "--reason", "x"), 2, "name one"),
        (("pause", MODEL, "--all", "--reason", "x"), 2, "name one"),
        (("pause", "nope", "--reason", "x"), 2, "no model 'nope'"),
        (("unpause", MODEL), 5, "no pause of fraud"),
        (("status", "--state", "odd"), 2, "there is no state odd"),
        (("status", "--watch"), 2, "--watch draws on a terminal"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(typed, words, code, said):
    done = typed.type(*words)
    assert (done.code, said in done.err) == (code, True), done.err


def test_what_was_read_once_is_not_read_again_and_another_file_is(typed):
    assert typed.type("status").code == 0
    kept = (typed.home / "roster.json").stat()
    assert typed.type("status").code == 0
    assert (typed.home / "roster.json").stat().st_mtime_ns == kept.st_mtime_ns
    typed.write(FILE)
    assert typed.type("status", "--json").document["models"][0]["tags"] == []
    (typed.home / "roster.json").write_text("{broken")
    assert typed.type("status").code == 0
    typed.write(FILE + "  odd: 1\n")
    assert (typed.type("status").code, typed.type("explain", "nothing").code) == (2, 2)


def test_a_roster_comes_back_as_it_was_kept(tmp_path):
    config = tmp_path / "autopilot.yaml"
    priced = FILE.replace('command: ["true"]', 'command: ["true"], cost: {per_run: 4, currency: EUR}')
    config.write_text(priced + "budget: {amount: 50, currency: EUR, per: 30d}\n")
    first = rosters.read(config, tmp_path)
    assert (tmp_path / "roster.json").exists()
    assert rosters.read(config, tmp_path) == first
    assert (first.models[MODEL].purse, first.purse) == (Purse("EUR", USUAL, None), Purse("EUR", 30 * DAY, 50.0))
