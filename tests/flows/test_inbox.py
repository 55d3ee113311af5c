"""What the inbox shows of a run, and what becomes of an answer."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from autopilot.web.standing import standing
from tests.browsing import browser, doors, read
from tests.carrying import Carrier
from tests.house import MODEL, another_carries_on
from tests.serving import FILE, serving
from tests.unit.graph.policy.builders import SEALED, SPEC

RUN = "00000000-0000-4000-8000-000000000000"


def carried_on(site):
    Carrier(site.desk).turn(lambda: False)


def test_a_run_is_read_and_approved_and_promoted(site, ana, ben):
    run = site.home.waiting()
    listed = read(ana.get("/").text)
    assert f"/inbox/{run}" in listed.links()
    assert "ana or ben" in listed.text
    seen = read(ana.get(f"/inbox/{run}").text)
    assert seen.buttons() == ["approve", "deny"]
    assert "Waits for an answer" in seen.text
    done = ana.answer(run, "approve", "looks good")
    assert (done.status_code, done.headers["location"]) == (303, f"/inbox/{run}")
    assert site.home.champion() == "1"
    between = ben.get(f"/inbox/{run}")
    assert '<meta http-equiv="refresh" content="2">' in between.text
    assert "Promoting version" in between.text
    assert "refresh" not in ben.get(f"/inbox/{run}?still=1").text
    assert read(between.text).buttons() == []
    carried_on(site)
    after = ben.get(f"/inbox/{run}")
    assert "refresh" not in after.text
    assert "Promoted" in after.text
    assert "looks good" in after.text
    assert site.home.champion() == "2"


def test_a_deny_ends_the_run_and_keeps_its_reason(site, ana):
    run = site.home.waiting()
    assert ana.answer(run, "deny", "wrong\r\nweek").status_code == 303
    (given,) = site.home.book.approval(run).answers
    assert (given.person, given.decision, given.channel, given.comment) == ("ana", "deny", "web", "wrong\nweek")
    assert "Denied" in ana.get(f"/inbox/{run}").text
    carried_on(site)
    assert site.home.row(run)["outcome"] == "denied"
    stands = standing(site.desk, site.home.row(run), site.home.book.approval(run))
    assert (stands.word, stands.text.lower().count("denied by ana")) == ("Denied", 1)
    assert "wrong" in ana.get("/").text


def test_the_second_answer_is_told_that_it_is_the_second(site, ana, ben):
    run = site.home.waiting()
    late = {**ben.form(run), "decision": "deny", "comment": "no & never"}
    ana.answer(run, "approve")
    answer = ben.post(f"/inbox/{run}/answer", late)
    assert answer.status_code == 409
    assert "Your answer does not count" in answer.text
    assert "approved by ana" in answer.text
    assert "no &amp; never" in answer.text
    assert [each.person for each in site.home.book.approval(run).answers] == ["ana"]
    assert ana.post(f"/inbox/{run}/answer", {**late, "seal": ana.form_seal()}).status_code == 409


def test_what_was_typed_is_kept_when_it_cannot_be_recorded_now(site, ana, monkeypatch):
    monkeypatch.setattr("autopilot.engine.PATIENCE_S", 0.05)
    run = site.home.waiting()
    with another_carries_on(site.home, run):
        answer = ana.answer(run, "deny", "a long thought")
    assert answer.status_code == 503
    assert "nothing was answered" in answer.text
    assert "a long thought" in answer.text
    assert ana.answer(run, "deny", "a long thought").status_code == 303


def test_a_champion_that_moved_voids_the_request_and_the_page_says_why(site, ana):
    run = site.home.waiting()
    moved = site.home.registry.add_version(SPEC.registry, site.home.registry.log_run("hand", {"model.skops": b"hand"}))
    site.home.registry.point(SPEC.registry, "champion", moved.version)
    answer = ana.answer(run, "approve", "looks good")
    assert answer.status_code == 409
    assert "the champion alias moved from 1 to 2" in answer.text
    assert "Voided" in answer.text
    carried_on(site)
    assert site.home.row(run)["outcome"] == "voided"
    assert "the champion alias moved" in ana.get(f"/inbox/{run}").text
    assert "the champion alias moved" in ana.get("/").text


def test_an_expired_request_has_no_form_and_takes_no_answer(site, app):
    run = site.home.waiting()
    with browser(app, site.tokens["ana"]) as opened:
        fields = {**opened.form(run), "decision": "approve"}
    site.home.clock.pass_time(timedelta(days=4))
    with browser(app, site.tokens["ana"]) as opened:
        seen = opened.get(f"/inbox/{run}")
        assert "Expired" in seen.text
        assert read(seen.text).buttons() == []
        answer = opened.post(f"/inbox/{run}/answer", {**fields, "seal": opened.form_seal()})
        assert (answer.status_code, "expired at" in answer.text) == (409, True)
        carried_on(site)
        assert "silence is a deny" in opened.get("/").text


def test_an_answer_of_somebody_who_is_signed_out_by_now_leads_back_to_the_run(site, app, ana):
    run = site.home.waiting()
    fields = {**ana.form(run), "decision": "approve"}
    with browser(app) as opened:
        answer = opened.post(f"/inbox/{run}/answer", fields)
    assert answer.status_code == 401
    assert f"/sign-in?next=/inbox/{run}" in read(answer.text).links()
    assert site.home.book.approval(run).answers == ()


def test_who_may_not_answer_sees_who_may(site, app):
    run = site.home.waiting()
    with browser(app, site.tokens["otto"]) as opened:
        seen = read(opened.get(f"/inbox/{run}").text)
    assert "You are signed in as operator. Approvers are ana and ben." in seen.text
    assert seen.buttons() == []


def test_a_request_is_not_answered_here_where_the_owner_wants_it_elsewhere(site, ana):
    site.config.write_text(FILE.replace("channels: [cli, api, web]", "channels: [cli]"))
    run = site.home.waiting()
    seen = read(ana.get(f"/inbox/{run}").text)
    assert "fraud takes no answers through web; answer through: cli." in seen.text
    assert seen.buttons() == []


def untold() -> Any:
    raise AssertionError("no page tells a channel")


def test_where_it_is_shown_is_said_with_how_that_went(home, tmp_path):
    with serving(home, tmp_path, channels={"slack": untold}) as site:
        run = home.waiting()
        with browser(doors(site.desk), site.tokens["vera"]) as opened:
            assert "slack not yet" in read(opened.get(f"/inbox/{run}").text).text
            view, _ = home.book.views.one(run, "slack")
            home.book.views.put_off(view, home.clock.now(), "Slack did not answer")
            assert "slack not yet; tried 1 time: Slack did not answer" in read(opened.get(f"/inbox/{run}").text).text
            home.book.views.note(view, {"id": "1"})
            home.book.views.shown(view)
            assert "slack shown" in read(opened.get(f"/inbox/{run}").text).text


@pytest.mark.parametrize("fingerprint", ["", "0" * 64, "abc"])
def test_nobody_answers_what_was_not_shown(site, ana, fingerprint):
    run = site.home.waiting()
    answer = ana.post(f"/inbox/{run}/answer", {**ana.form(run), "decision": "approve", "fingerprint": fingerprint})
    assert answer.status_code == (409 if fingerprint else 422)
    assert site.home.book.approval(run).answers == ()


@pytest.mark.parametrize("decision", ["", "maybe", "APPROVE"])
def test_an_answer_is_approve_or_deny(site, ana, decision):
    run = site.home.waiting()
    assert ana.answer(run, decision, "kept").status_code == 422
    assert site.home.book.approval(run).answers == ()


def test_a_comment_has_an_end(site, ana):
    run = site.home.waiting()
    answer = ana.answer(run, "deny", "x" * 4001)
    assert (answer.status_code, "more than 4000 characters" in answer.text) == (422, True)
    assert site.home.book.approval(run).answers == ()


@pytest.mark.parametrize("run", [RUN, "zzz", "%00", "0" * 3, "%F0%9F%A6%86", "a'b"])
def test_a_run_that_is_not_there_is_not_found(ana, run):
    for path in (f"/inbox/{run}", f"/inbox/{run}/timeline"):
        answer = ana.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    fields = {"decision": "approve", "fingerprint": "0" * 64, "seal": ana.form_seal()}
    assert ana.post(f"/inbox/{run}/answer", fields).status_code == 404


def test_who_asked_for_a_run_may_only_deny_it(site, ana):
    site.home.waiting()
    run = site.home.book.runs.active(MODEL)["run"]
    site.home.engine.cancel(str(run), "test")
    run = site.home.engine.run(MODEL, "ana")
    site.home.trained(run)
    seen = read(ana.get(f"/inbox/{run}").text)
    assert seen.buttons() == ["deny"]
    assert "asked for run" in seen.text


def test_a_quorum_is_counted(site, ana, ben):
    site.home.spec[0] = replace(site.home.spec[0], approval=replace(site.home.spec[0].approval, quorum=2))
    site.config.write_text(FILE.replace("approvers: [ana, ben]", "approvers: [ana, ben], quorum: 2"))
    run = site.home.waiting()
    assert "ana and ben" in read(ana.get("/").text).text
    assert ana.answer(run, "approve").status_code == 303
    assert "1 of 2 have approved" in ana.get(f"/inbox/{run}").text
    assert "approved by ana" in read(ben.get("/").text).text
    assert read(ana.get(f"/inbox/{run}").text).buttons() == []
    assert ben.answer(run, "approve").status_code == 303
    assert "Promoting" in ben.get(f"/inbox/{run}").text


def test_a_run_that_stands_still_after_its_answer_says_why_and_does_not_look_again(site, ana):
    run = site.home.waiting()
    ana.answer(run, "approve")
    error = {"kind": "unavailable", "message": "MLflow did not answer", "hint": ""}
    site.home.book.runs.note_error(run, error, site.home.clock.now())
    seen = ana.get(f"/inbox/{run}")
    assert "MLflow did not answer" in seen.text
    assert "refresh" not in seen.text


def test_reminders_and_calls_are_counted(site, ana):
    run = site.home.waiting()
    site.home.book.views.reminded(run, 2)
    site.home.book.views.escalated(run)
    assert "reminded 2 times, others were called" in read(ana.get("/").text).text


def test_what_was_closed_has_pages(site, ana):
    book, clock, runs = site.home.book, site.home.clock, [str(uuid4()) for _ in range(27)]
    for run in runs:
        book.runs.open(run, MODEL, clock.now())
        book.approvals.open(run, SEALED, site.home.spec[0], clock.now())
        book.approvals.close(run, "expired", "nobody answered in time", clock.now())
        clock.pass_time(timedelta(minutes=1))
    first, second = read(ana.get("/").text), read(ana.get("/?page=2").text)
    shown = [[link.removeprefix("/inbox/") for link in seen.links() if "/inbox/" in link] for seen in (first, second)]
    assert shown == [runs[:1:-1], runs[1::-1]]
    assert "/?page=2#closed" in first.links()
    assert "/?page=1#closed" in second.links()
    assert "Nothing more" in ana.get("/?page=3").text
    assert ana.get("/?page=0").status_code == 422


def test_the_course_of_a_run_names_what_was_done_and_by_whom(site, ana):
    run = site.home.waiting()
    ana.answer(run, "approve", "looks good")
    carried_on(site)
    seen = read(ana.get(f"/inbox/{run}/timeline").text).text
    for said in (
        "training intended",
        "a person is asked",
        "ana approved by web",
        "looks good",
        "champion moved from 1",
    ):
        assert said in seen
    times = [given["datetime"] for tag, given in read(ana.get(f"/inbox/{run}/timeline").text).elements if tag == "time"]
    assert times == sorted(times)
    assert len(times) > 8
