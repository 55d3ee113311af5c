"""What a fleet does under the roles of a split deployment: slots, failing checks, incidents, upkeep, and every door."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from autopilot import __main__ as command
from autopilot.desk import Desk
from autopilot.replying import Replier, replied_to_all
from autopilot.retention import Retention
from autopilot.serve.incidents import tell_incidents
from autopilot.serve.process import doors as served
from autopilot.serve.reminding import digest, remind
from autopilot.serve.telling import Teller
from autopilot.upkeep.tending import tend
from graph.errors import Misconfigured, Refused, Unavailable
from graph.fleet import Want
from graph.policy.slots import ROUND
from graph.spec import FleetSpec
from tests.browsing import browser
from tests.fakes.channel import FakeChannel
from tests.fleet import Troubled, fleet, raising
from tests.flows.test_channels import TIMES
from tests.flows.test_incidents import STUCK
from tests.flows.test_slots import degraded
from tests.house import DEGRADED, HEALTHY, MODEL, FakeMonitor
from tests.roles import WORKERS, apart, split
from tests.serving import PEOPLE, routes

HOUR = timedelta(hours=1)
TURN = ("observe", "train", "observe", "promote")


@pytest.fixture
def town(home, tmp_path):
    """Four models, of which two may train at a time."""
    built = fleet(home, tmp_path, "a", "b", "c")
    built.config.write_text(f"fleet: {{slots: 2}}\n{built.config.read_text()}")
    home.spec[0] = replace(home.spec[0], fleet=FleetSpec(2, 0.1, 4))
    return built


@pytest.fixture
def hands(home, town):
    with apart(home, town) as found:
        yield found


def turn(hands, *duties):
    """Have due models checked, and let each worker do what is in its queues."""
    hands["observe"].plan()
    for duty in duties or TURN:
        hands[duty].work({duty})
        assert hands[duty].broken == []


def ended(home):
    return {row["model"]: row for row in home.book.runs.recent(None, 100) if row["outcome"] is not None}


def test_who_observes_keeps_the_line_for_slots(home, hands, town):
    town.monitors |= {name: degraded(100.0 + at) for at, name in enumerate((MODEL, "a", "b", "c"))}
    turn(hands)
    assert (len(home.book.line._all()), home.book.line.in_use()) == (4, [])
    home.clock.pass_time(ROUND)
    turn(hands)
    assert (home.book.line.in_use(), len(home.pipeline.starts)) == (["b", "c"], 2)
    run = str(home.book.runs.active("c")["run"])
    home.pipeline.end(f"c.{run}")
    home.book.queue.wake(run)
    turn(hands)
    assert home.row(run)["status"] == "awaiting_approval"
    town.monitors["a"].evidence = HEALTHY
    turn(hands)
    turn(hands)
    assert home.book.line.in_use() == ["b", MODEL], "one that recovered leaves its place to the next"


def test_who_observes_holds_wishes_to_how_sure_they_are(home, hands):
    book, spec = hands["observe"].home.book, home.spec[0]

    def wished(name, log_e):
        run = str(uuid4())
        book.open_run(run, name, home.clock.now())
        return run, book.claim(run, replace(spec, name=name), Want("loss", 1.0, log_e=log_e), home.clock.now())

    wished("a", 2.0)
    home.clock.pass_time(ROUND)
    assert not wished("a", 2.0)[1].granted
    run, place = wished("b", 9.0)
    assert place.granted is False
    home.clock.pass_time(ROUND)
    run, place = wished("b", 9.0)
    assert place.granted
    assert home.book.database.rows("select run::text, log_e from grants") == [{"run": run, "log_e": 9.0}]


@pytest.mark.parametrize("error", [Unavailable("away"), Misconfigured("wrong"), KeyError("a defect")])
def test_a_check_that_cannot_be_made_is_recorded_and_leaves_the_line(home, hands, town, error):
    town.monitors |= {name: FakeMonitor(DEGRADED) for name in (MODEL, "a", "b", "c")}
    turn(hands, "observe")
    town.monitors["c"] = Troubled(raising(error))
    home.clock.pass_time(HOUR)
    turn(hands, "observe")
    row = home.book.runs.recent("c", 1)[0]
    assert row["outcome"] == "failed"
    assert "c" not in [each.model for each in home.book.line._all()]


def test_a_challenger_that_is_refused_before_it_is_judged_ends_its_run(home, hands, town):
    home.spec[0] = replace(home.spec[0], fleet=None)
    home.monitor.evidence = DEGRADED
    turn(hands)
    run = str(home.book.runs.active(MODEL)["run"])
    home.pipeline.end(home.key(run))
    home.book.queue.wake(run)
    turn(hands, "train")
    work = home.engine._workspace / run
    work.mkdir(parents=True, exist_ok=True)
    home.registry.away = Refused("the files are no model", "log the model again")
    turn(hands, "observe")
    home.registry.away = None
    row = home.row(run)
    assert (row["outcome"], row["error"], work.exists()) == ("failed", None, False)
    assert "the files are no model" in row["reason"]


def test_one_cause_of_three_models_is_opened_told_and_answered(home, hands, town, tmp_path):
    with_channel(town)
    town.monitors |= {name: FakeMonitor(STUCK) for name in ("a", "b")}
    turn(hands)
    assert home.book.incidents.standing() == []
    home.clock.pass_time(HOUR)
    town.monitors["c"] = FakeMonitor(STUCK)
    turn(hands)
    (one,) = home.book.incidents.standing()
    assert one.models == ("a", "b", "c")
    home.clock.pass_time(HOUR)
    town.monitors[MODEL] = FakeMonitor(STUCK)
    turn(hands)
    home.clock.pass_time(ROUND)
    channel, _ = told(hands)
    assert [text.splitlines()[0] for _, text in channel.told] == [
        "incident-1: amount may be broken for 4 models since 2026-03-01T11:30:00Z: a, b, c, fraud."
    ]
    assert sorted(replied_to_all(home.book, 1, True, Replier("ana", "root", ""), home.clock.now())) == [
        "a",
        "b",
        "c",
        MODEL,
    ]


def with_channel(town):
    given = town.config.read_text().replace("    task:", f"{TIMES}    task:")
    town.config.write_text(f"channels: {{slack: {{channel: C0123456789}}}}\n{given}")


def told(hands):
    """Let the threads behind the doors do all they do, and tell a channel what is due."""
    channel = FakeChannel("slack")
    desk = behind(hands, {"slack": partial(lambda: channel)})
    for _ in range(2):
        remind(desk)
        digest(desk)
        tell_incidents(desk)
        Teller(desk, "slack").turn()
    return channel, desk


def behind(hands, channels=None):
    """The desk of `autopilot serve --can none` under its own login."""
    desk: Desk = hands["doors"].desk(set())
    desk._office = replace(desk.office, channels=channels or {})
    return desk


def asking(home, hands):
    """Take the house's own model to its question; return the run."""
    home.spec[0] = replace(home.spec[0], fleet=None, approval=replace(home.spec[0].approval, channels=CHANNELS))
    home.monitor.evidence = DEGRADED
    turn(hands)
    run = str(home.book.runs.active(MODEL)["run"])
    home.pipeline.end(home.key(run))
    home.book.queue.wake(run)
    turn(hands)
    assert home.row(run)["status"] == "awaiting_approval"
    return run


CHANNELS = ("cli", "api", "web", "slack")


def test_every_page_and_document_is_read_and_people_act_under_the_doors_login(home, hands, town):
    with_channel(town)
    town.monitors |= {name: FakeMonitor(STUCK) for name in ("a", "b", "c")}
    run = asking(home, hands)
    home.book.paused.pause("model", "b", "why", "otto", "root", home.clock.now())
    home.clock.pass_time(timedelta(days=2))
    channel, desk = told(hands)
    assert [each.run for each in channel.posts] == [run]
    assert channel.said
    assert channel.told
    app = served(desk)
    tokens = {person: home.book.tokens.make(person, role, "test", home.clock.now()) for person, role in PEOPLE.items()}
    with browser(app, tokens["ana"], **{"Authorization": f"Bearer {tokens['otto']}"}) as ana:
        opened = sorted(path for method, path in routes(app) if method == "GET")
        assert len(opened) > 12
        for path in opened:
            where = path.replace("{run}", run).replace("{name}", "inbox.css")
            assert ana.get(where).status_code in (200, 303), where
        # People act: an answer, a check, an alert, a run carried on, the end of a session.
        assert ana.answer(run, "approve").status_code == 303
        json = {**ana.client.headers}
        asked = ana.client.post("/runs", json={"model": "a"}, headers={"Idempotency-Key": "k", **json})
        assert asked.status_code == 202, asked.text
        again = ana.client.post("/runs", json={"model": "a"}, headers={"Idempotency-Key": "k", **json})
        assert again.json()["run"] == asked.json()["run"]
        assert ana.client.post("/runs", json={"model": "b"}).status_code == 409
        assert ana.client.post(f"/runs/{run}/resume", json={}).status_code == 200
        assert ana.client.post("/alerts", json=ALERT).status_code == 202
        assert ana.post("/sign-out", {"seal": ana.form_seal()}).status_code == 303
    told(hands)
    # A worker behind the doors plans and sweeps, and leaves the alert to who observes.
    hands["doors"].work(set())
    assert hands["doors"].broken == []
    assert [job["queue"] for job in hands["doors"].jobs("alerts")] == ["checks"]
    turn(hands)
    assert home.book.alerts.waiting() == []
    assert (home.row(run)["outcome"], home.champion()) == ("promoted", "2")
    assert home.row(asked.json()["run"])["outcome"] == "data_issue"


ALERT = {
    "version": "4",
    "status": "firing",
    "receiver": "autopilot",
    "groupKey": "k",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "Low", "model": "c"},
            "annotations": {},
            "fingerprint": "f1",
            "startsAt": "2026-03-01T10:30:00Z",
            "endsAt": "2026-03-01T10:30:00Z",
        }
    ],
}


@pytest.fixture
def typed(home, tmp_path, monkeypatch, capsys):
    """Type a command with one of the logins; return its code and what it said."""

    def type_(duty, *words):
        monkeypatch.setenv("DATABASE_URL", split(home.dsn)[duty])
        monkeypatch.setenv("AUTOPILOT_HOME", str(tmp_path / f"home-{duty}"))
        code = command.main([*words, "--now", "2026-03-01T10:30:00Z", "--config", str(tmp_path / "autopilot.yaml")])
        return code, "".join(capsys.readouterr())

    return type_


def test_who_views_sees_all_that_is_shown_and_pauses_nothing(home, hands, town, typed):
    run = asking(home, hands)
    for words in (["status"], ["runs"], ["runs", MODEL], ["explain", MODEL], ["explain", run], ["report", run]):
        for form in ([], ["--json"]):
            code, said = typed("view", *words, *form)
            assert code in (0, 3), said
    for duty in ("view", "doors", *WORKERS):
        for words in (["pause", MODEL, "--reason", "why"], ["unpause", MODEL], ["token", "vera", "--role", "viewer"]):
            code, said = typed(duty, *words)
            assert (code, "the database login lacks a right" in said) == (2, True), (duty, words, said)
    assert home.book.pauses() == ()


def test_upkeep_is_the_owners(home, hands, town, tmp_path):
    for _ in range(4):
        turn(hands)
        home.clock.pass_time(HOUR)
    home.clock.pass_time(timedelta(days=20))
    for duty in ("doors", *WORKERS):
        with pytest.raises(Misconfigured, match="lacks a right"):
            tend(hands[duty].home.book, Retention().policy, home.clock.now(), tmp_path)
    found = tend(home.book, Retention().policy, home.clock.now(), tmp_path)
    assert found.things("decisions_folded") > 0
    turn(hands)
