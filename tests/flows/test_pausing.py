"""What a pause holds, what it lets end, and that everything goes on from there once it is lifted: on a real ledger."""

from argparse import Namespace
from dataclasses import replace
from datetime import timedelta

import pytest

from autopilot import spec as written
from autopilot.bootstrap import Office
from autopilot.cli import act
from autopilot.fleet import pausing
from autopilot.fleet.pausing import Target, Who
from autopilot.fleet.roster import Entry, Roster
from graph.errors import Misconfigured, NotFound, Paused, Refused
from graph.nodes.promote import promote
from graph.nodes.retrain import retrain
from graph.state import State
from tests.browsing import browser, doors, read
from tests.carrying import Carrier
from tests.fleets import shown
from tests.house import DEGRADED, MODEL
from tests.serving import FILE, serving

OTTO = Who("otto", "root")
OWN, TAGGED, ALL = Target("model", MODEL), Target("tag", "payments"), Target("all")
ROSTER = Roster({MODEL: Entry(tags=("payments",)), "churn": Entry()})


@pytest.fixture
def tagged(home):
    home.spec[0] = replace(home.spec[0], tags=("payments",))
    return home


def pause(home, of=OWN, reason="the feed moves"):
    return pausing.pause(home.book, ROSTER, of, reason, OTTO, home.clock.now())


def unpause(home, of=OWN):
    return pausing.unpause(home.book, of, "", OTTO, home.clock.now())


def runs(home):
    return home.book.runs.recent(None, 10)


@pytest.mark.parametrize("of", [OWN, TAGGED, ALL])
def test_a_paused_model_is_not_checked_and_who_asks_is_told_why(tagged, of):
    pause(tagged, of)
    tagged.registry.away = tagged.pipeline.away = ZeroDivisionError("nothing outside is asked")
    for asked in (tagged.engine.run, tagged.engine.request, tagged.engine.rollback):
        with pytest.raises(Paused, match=r"fraud is paused.* by otto since 2026-03-01T10:30:00Z: the feed moves"):
            asked(MODEL, None)
    assert runs(tagged) == []
    tagged.registry.away = tagged.pipeline.away = None
    unpause(tagged, of)
    assert tagged.row(tagged.engine.run(MODEL))["outcome"] == "no_action"


def test_each_pause_is_lifted_by_itself_and_what_is_added_later_is_held_too(tagged):
    pause(tagged, TAGGED)
    pause(tagged, OWN)
    unpause(tagged, TAGGED)
    with pytest.raises(Paused) as refused:
        tagged.engine.run(MODEL)
    assert refused.value.hint == f"autopilot unpause {MODEL}"
    unpause(tagged, OWN)
    pause(tagged, ALL)
    with pytest.raises(Paused):
        tagged.engine.run("added-later")


def test_the_same_pause_is_refused_with_who_was_first_and_another_is_not(home):
    pause(home)
    with pytest.raises(Refused, match=r"fraud is paused by otto since .*: the feed moves; nothing was changed"):
        pause(home, reason="another")
    pause(home, ALL)
    assert [each.reason for each in home.book.pauses()] == ["the feed moves"] * 2


@pytest.mark.parametrize(
    ("of", "reason", "error"),
    [
        (OWN, " ", Misconfigured),
        (OWN, "two\nlines", Misconfigured),
        (OWN, "x" * 501, Misconfigured),
        (Target("model", "nope"), "why", NotFound),
        (Target("tag", "nope"), "why", NotFound),
    ],
)
def test_what_cannot_be_paused_is_not(home, of, reason, error):
    with pytest.raises(error):
        pause(home, of, reason)
    assert home.book.pauses() == ()


def test_what_is_not_paused_cannot_be_lifted_and_what_is_gone_can(home):
    pause(home, TAGGED)
    with pytest.raises(Refused) as refused:
        unpause(home, OWN)
    assert refused.value.hint == "autopilot unpause --tag payments"
    home.book.paused.pause("model", "gone", "why", "otto", "root", home.clock.now())
    assert unpause(home, Target("model", "gone")).name == "gone"


def test_every_change_is_in_the_audit_trail_with_both_names(home):
    pause(home)
    home.clock.pass_time(timedelta(hours=1))
    unpause(home)
    lines = home.book.database.rows("select actor, act, model, at, detail from audit order by id")
    assert [(each["actor"], each["act"], each["model"]) for each in lines] == [
        ("otto", "pause", MODEL),
        ("otto", "unpause", MODEL),
    ]
    assert lines[0]["detail"]["reason"] == "the feed moves"
    assert lines[0]["detail"]["os_user"] == "root"
    assert lines[1]["at"] - lines[0]["at"] == timedelta(hours=1)


def test_a_model_that_is_paused_while_it_is_checked_trains_nothing_until_it_goes_on(home):
    home.monitor.evidence = DEGRADED
    measure = home.monitor.measure

    def paused_meanwhile(champion, now):
        pause(home)
        return measure(champion, now)

    home.monitor.measure = paused_meanwhile
    run = home.engine.run(MODEL)
    assert (home.row(run)["action"], home.row(run)["outcome"], home.row(run)["error"]) == ("retrain", None, None)
    home.engine.carry_on(run)
    assert (home.pipeline.starts, home.checkpoints()) == ([], 0)
    assert shown(home)["states"] == ["open", "paused"]
    unpause(home)
    home.engine.carry_on(run)
    assert len(home.pipeline.starts) == 1
    home.trained(run)
    assert home.row(run)["status"] == "awaiting_approval"


def test_a_job_that_trains_is_followed_to_its_end_and_nothing_begins_after_it(home):
    home.monitor.evidence = DEGRADED
    run = home.engine.run(MODEL)
    pause(home)
    home.engine.carry_on(run)
    assert home.row(run)["job"]["state"] == "running"
    home.trained(run)
    assert (home.row(run)["outcome"], home.evaluator.calls) == (None, [])
    unpause(home)
    home.engine.carry_on(run)
    assert home.row(run)["status"] == "awaiting_approval"
    assert len(home.evaluator.calls) == 1


def test_who_waits_for_a_job_of_a_paused_model_is_not_kept_waiting(home):
    home.monitor.evidence = DEGRADED
    run = home.engine.run(MODEL)
    pause(home)
    home.pipeline.end(home.key(run))

    def under(file):
        return Office(home.engine, home.book, file, home.parts, {}, under)

    act._follow(under(written.parse(FILE, "autopilot.yaml")), run, Namespace(json=True))
    assert home.row(run)["outcome"] is None


def test_an_approval_keeps_waiting_and_an_answer_is_acted_upon_afterwards(home):
    run = home.waiting()
    pause(home)
    home.engine.carry_on(run)
    assert home.book.approval(run).state == "pending"
    home.say(run)
    assert (home.book.approval(run).state, home.champion(), home.row(run)["outcome"]) == ("approved", "1", None)
    for _ in range(3):
        home.engine.carry_on(run)
    assert (home.champion(), home.row(run)["error"]) == ("1", None)
    unpause(home)
    home.engine.carry_on(run)
    assert (home.champion(), home.row(run)["outcome"]) == ("2", "promoted")


def move_champion(home):
    by_hand = home.registry.log_run("hand", {"model.skops": b"by hand"})
    moved = home.registry.add_version(home.spec[0].registry, by_hand)
    home.registry.point(home.spec[0].registry, "champion", moved.version)


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (lambda home, run: home.say(run, "deny"), "denied"),
        (lambda home, run: home.clock.pass_time(timedelta(days=30)), "expired"),
        (lambda home, run: move_champion(home), "voided"),
        (lambda home, run: home.engine.cancel(run, "ana"), "cancelled"),
    ],
)
def test_a_pause_lets_a_run_end(home, end, outcome):
    run = home.waiting()
    pause(home)
    end(home, run)
    home.engine.carry_on(run)
    assert home.row(run)["outcome"] == outcome
    assert home.book.approvals.promotion(run) is None


def test_the_nodes_themselves_start_nothing(home):
    """Studio walks the graph without the engine; and somebody may pause between its look and theirs."""
    home.monitor.evidence = DEGRADED
    first = home.engine.run(MODEL)
    pause(home)
    home.pipeline._jobs.clear()
    home.book.database.execute("delete from effects")
    state: State = {"run": first, "model": MODEL, "action": "retrain"}
    with pytest.raises(Paused):
        retrain(state, parts=home.parts)
    assert len(home.pipeline.starts) == 1
    assert home.pipeline.find(home.key(first)) is None


def test_promote_itself_moves_nothing(home):
    run = home.waiting()
    pause(home)
    home.say(run)
    state: State = {"run": run, "model": MODEL, "action": "retrain", "challenger": home.row(run)["challenger"]}
    with pytest.raises(Paused):
        promote(state, parts=home.parts)
    assert home.champion() == "1"


def test_a_promotion_that_had_begun_is_recorded(home):
    """Its alias had moved when its process died: that is no beginning."""
    run = home.waiting()
    home.book.effects._boundary = dies_at("champion.recorded")
    with pytest.raises(ZeroDivisionError):
        home.say(run)
    assert home.champion() == "2"
    pause(home)
    state: State = {"run": run, "model": MODEL, "action": "retrain", "challenger": home.row(run)["challenger"]}
    home.book.effects._boundary = lambda _: None
    assert promote(state, parts=home.parts)["outcome"] == "promoted"


def dies_at(boundary):
    def die(reached):
        if reached == boundary:
            raise ZeroDivisionError(reached)

    return die


def test_alerts_wait_and_lead_to_one_check_afterwards(home, tmp_path):
    with serving(home, tmp_path) as site:
        pause(home)
        alerts = [
            {"status": "firing", "fingerprint": f"f{n}", "startsAt": "2026-03-01T00:00:00Z", "labels": {"model": MODEL}}
            for n in range(3)
        ]
        site.client.post("/alerts", json={"version": "4", "alerts": alerts}, headers=site.headers("otto"))
        Carrier(site.desk).turn(lambda: False)
        assert runs(home) == []
        unpause(home)
        Carrier(site.desk).turn(lambda: False)
        (run,) = runs(home)
        assert len(home.book.alerts.of(str(run["run"]))) == 3


def test_the_api_refuses_a_check_and_shows_who_holds_the_model(home, tmp_path):
    with serving(home, tmp_path) as site:
        pause(home)
        asked = site.client.post("/runs", json={"model": MODEL}, headers=site.headers("otto"))
        assert (asked.status_code, asked.json()["hint"]) == (409, f"autopilot unpause {MODEL}")
        seen = site.client.get("/models?state=paused", headers=site.headers("vera")).json()
        (model,) = seen["models"]
        assert (model["paused"]["by"], model["paused"]["reason"]) == ("otto", "the feed moves")
        assert seen["summary"]["states"]["paused"] == 1
        assert site.client.get("/models?state=shadow", headers=site.headers("vera")).json()["models"] == []
        assert site.client.get("/models?state=odd", headers=site.headers("vera")).status_code == 422


def test_the_pages_say_who_holds_a_model(tagged, tmp_path):
    home, run = tagged, tagged.waiting()
    text = FILE.replace("    task:", "    tags: [payments]\n    task:")
    with serving(home, tmp_path, text=text) as site, browser(doors(site.desk), site.tokens["ana"]) as ana:
        assert "Paused" not in read(ana.get(f"/inbox/{run}").text).text
        pause(home, TAGGED, reason="<b>freeze</b>")
        seen = read(ana.get(f"/inbox/{run}").text)
        assert "fraud is paused with every model tagged payments by otto since 2026-03-01" in seen.text
        assert "autopilot unpause --tag payments" in seen.text
        assert seen.buttons() == ["approve", "deny"]
        for path in ("/fleet", "/fleet?state=paused", "/fleet?tag=payments"):
            fleet = ana.get(path).text
            assert "&lt;b&gt;freeze" in fleet
            assert "1 paused" in read(fleet).text
        ana.answer(run, "approve")
        seen = read(ana.get(f"/inbox/{run}").text)
        assert "Approved, and paused" in seen.text
        assert not [given for tag, given in seen.elements if tag == "meta" and "http-equiv" in given]
        Carrier(site.desk).turn(lambda: False)
        assert "promoted once the pause is lifted" in read(ana.get(f"/inbox/{run}").text).text
        assert "No model fits" in read(ana.get("/fleet?tag=odd").text).text
