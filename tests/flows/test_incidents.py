"""One column breaks for forty models: one incident, one message, no retrain, one answer."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from autopilot.cli.ask import tell
from autopilot.cli.parser import parser
from autopilot.fleet.choice import Choice, chosen
from autopilot.fleet.roster import EMPTY
from autopilot.fleet.screen import fleet as screen
from autopilot.replying import Replier, incident_number, replied_to_all
from autopilot.serve.incidents import tell_incidents
from graph.errors import Refused
from graph.policy.slots import ROUND
from tests.browsing import browser, doors, read
from tests.fleet import fleet
from tests.fleets import text
from tests.flows.test_channels import JIRA
from tests.house import BROKEN, DEGRADED, HEALTHY, MODEL, FakeMonitor
from tests.serving import FILE, serving
from tests.unit.graph.policy.builders import AMOUNT, MERCHANT

MANY = tuple(f"m{number:02d}" for number in range(39))
STUCK = replace(HEALTHY, features=(replace(AMOUNT, nulls=400), MERCHANT))
"""Forty in a hundred amounts are missing."""
ANA = Replier("ana", "root", "the feed is repaired")


def turn(town):
    town.plan()
    town.work()
    assert town.broken == []


@pytest.fixture
def town(home, tmp_path):
    built = fleet(home, tmp_path, *MANY)
    built.config.write_text(
        built.config.read_text().replace(
            "models:", f"channels: {{slack: {{channel: C0123456789}}, {JIRA}}}\nmodels:", 1
        )
    )
    home.monitor.evidence = STUCK
    return built


def incidents(home):
    return home.book.incidents.standing()


def lines(home):
    return home.book.database.rows("select channel, text, call, run from lines order by id")


def test_one_column_of_forty_models_is_one_incident_one_message_and_no_retrain(town):
    home = town.home
    turn(town)
    (one,) = incidents(home)
    assert (one.kind, one.name, one.models) == ("data", "amount", (MODEL, *MANY))
    tell_incidents(town.desk())
    assert lines(home) == [], "not before all of the round could break"
    home.clock.pass_time(ROUND)
    for _ in range(3):
        tell_incidents(town.desk())
    (line,) = lines(home)
    assert line["channel"] == "slack", "Jira has no place for it"
    assert "incident-1: amount may be broken for 40 models since" in line["text"]
    assert "autopilot answer incident-1 --genuine or --fixed" in line["text"]
    home.monitor.evidence = replace(DEGRADED, features=STUCK.features)
    home.clock.pass_time(timedelta(hours=2))
    turn(town)
    assert (len(incidents(home)), len(lines(home)), home.pipeline.starts) == (1, 1, [])
    found = screen(home.book, EMPTY, home.clock.now())
    assert [each["incident"] for each in found["incidents"]] == ["incident-1"]
    assert "! incident-1: amount of 40 models may be broken since" in text(found)
    assert text(found).count("autopilot answer incident-1") == 1


def test_one_answer_is_for_all_its_models_and_for_nothing_else(town):
    home = town.home
    town.monitors["m00"] = FakeMonitor(BROKEN)
    turn(town)
    closed = replied_to_all(home.book, 1, False, ANA, home.clock.now())
    assert sorted(closed) == sorted({MODEL, *MANY} - {"m00"})
    assert incidents(home) == []
    assert home.book.history(replace(home.spec[0], name="m00")).open_question is not None
    assert home.book.history(home.spec[0]).open_question is None
    trail = home.book.database.rows("select model, detail from audit where act = 'answer'")
    assert len(trail) == 39
    assert {each["detail"]["incident"] for each in trail} == {1}
    with pytest.raises(Refused, match="no question of incident-1 is open"):
        replied_to_all(home.book, 1, True, ANA, home.clock.now())


def test_what_was_genuine_counts_again_for_each(town):
    home = town.home
    turn(town)
    assert home.book.quarantined("m07") != []
    replied_to_all(home.book, 1, True, ANA, home.clock.now())
    assert home.book.quarantined("m07") == []


def test_a_model_that_breaks_later_joins_and_two_are_no_incident(home, tmp_path):
    town = fleet(home, tmp_path, "a", "b", "c")
    town.monitors = {"a": FakeMonitor(STUCK), "b": FakeMonitor(STUCK)}
    turn(town)
    assert incidents(home) == []
    home.clock.pass_time(timedelta(hours=2))
    town.monitors["c"] = FakeMonitor(STUCK)
    turn(town)
    assert [each.models for each in incidents(home)] == [("a", "b", "c")]
    home.monitor.evidence = STUCK
    home.clock.pass_time(timedelta(hours=2))
    turn(town)
    assert [each.models for each in incidents(home)] == [("a", "b", "c", MODEL)]


def test_an_incident_whose_questions_were_answered_one_by_one_is_over(home, tmp_path):
    town = fleet(home, tmp_path, "a", "b")
    home.monitor.evidence = STUCK
    turn(town)
    assert len(incidents(home)) == 1
    for name in (MODEL, "a", "b"):
        town.desk().office.engine.reply(name, True, "ana", None, "")
    assert incidents(home) == []


def test_owners_are_called_and_every_door_shows_it(home, tmp_path):
    for name in ("a", "b"):
        home.book.runs.open(_run(name), name, home.clock.now())
    town = fleet(home, tmp_path, "a", "b")
    home.monitor.evidence = STUCK
    turn(town)
    entry = FILE.replace("    task:", "    owner: ana\n    task:").replace(
        "models:", "channels: {slack: {channel: C0123456789}}\nmodels:", 1
    )
    with serving(home, tmp_path, text=entry) as site, browser(doors(site.desk), site.tokens["ana"]) as ana:
        page = read(ana.get("/fleet?state=overdue").text).text
        assert "incident-1: amount of 3 models may be broken" in page
        assert "autopilot answer incident-1 --genuine | --fixed" in page
        home.clock.pass_time(ROUND)
        tell_incidents(site.desk)
        assert [line["call"] for line in lines(home)] == [["T1/U1"]]
        seen = site.client.get("/models", headers=site.headers("vera")).json()
        assert [(each["incident"], each["about"], each["models"]) for each in seen["incidents"]] == [
            ("incident-1", "amount", ["a", "b", MODEL])
        ]


def _run(name):
    return f"00000000-0000-0000-0000-{ord(name):012d}"


@pytest.mark.parametrize("target", ["incident-1", MODEL])
def test_the_answers_document_names_what_was_answered(home, tmp_path, target, capsys):
    town = fleet(home, tmp_path, "a", "b")
    home.monitor.evidence = STUCK
    turn(town)
    every = replied_to_all(home.book, 1, False, ANA, home.clock.now())
    closed = every if target == "incident-1" else {MODEL: every[MODEL]}
    for form in ([], ["--json"]):
        tell(parser().parse_args(["answer", target, "--fixed", *form]), closed)
    text, _, document = capsys.readouterr().out.partition("{")
    assert all(f"{name}: question about data (amount) of" in text for name in closed)
    told = json.loads("{" + document)
    if target == MODEL:
        assert (told["model"], len(told["questions"])) == (MODEL, 1)
    else:
        assert told["incident"] == "incident-1"
        assert [(each["model"], len(each["questions"])) for each in told["models"]] == [("a", 1), ("b", 1), (MODEL, 1)]


@pytest.mark.parametrize(
    ("name", "number"), [("incident-12", 12), ("incident-", None), ("fraud", None), ("incident-1x", None)]
)
def test_an_incident_is_named(name, number):
    assert incident_number(name) == number


def test_the_document_keeps_every_incident_on_every_page(town):
    turn(town)
    found = screen(town.home.book, EMPTY, town.home.clock.now())
    page = chosen(found["models"], Choice(state="overdue"))
    assert page.found == 0
    assert json.loads(json.dumps(found["incidents"]))[0]["next"] == "autopilot answer incident-1 --genuine | --fixed"
    assert "incident-1" in text(found, Choice(state="overdue"))
