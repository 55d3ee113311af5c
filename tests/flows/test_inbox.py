"""The inbox in a browser: who gets in, which forms count, what is shown of a run, and what becomes of an answer."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from autopilot.api.app import application
from autopilot.api.rate import Rate
from autopilot.serve.carrying import Carrier
from tests.browsing import ORIGIN, SAME, browser, doors, read
from tests.house import HEALTHY, MODEL
from tests.serving import FILE, PEOPLE, routes, serving
from tests.unit.graph.policy.builders import SEALED, SPEC

RUN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def site(home, tmp_path):
    with serving(home, tmp_path) as opened:
        yield opened


@pytest.fixture
def app(site):
    return doors(site.desk)


@pytest.fixture
def ana(site, app):
    with browser(app, site.tokens["ana"]) as opened:
        yield opened


@pytest.fixture
def ben(site, app):
    with browser(app, site.tokens["ben"]) as opened:
        yield opened


@pytest.fixture
def stranger(app):
    with browser(app) as opened:
        yield opened


def carried_on(site):
    Carrier(site.desk).turn(lambda: False)


# Which pages there are, and for whom.

ALLOWED = {
    ("GET", "/sign-in"): None,
    ("POST", "/sign-in"): None,
    ("POST", "/sign-out"): "viewer",
    ("GET", "/"): "viewer",
    ("GET", "/fleet"): "viewer",
    ("GET", "/inbox/{run}"): "viewer",
    ("GET", "/inbox/{run}/timeline"): "viewer",
    ("POST", "/inbox/{run}/answer"): "approver",
    ("GET", "/docs"): None,
    ("GET", "/static/{name}"): None,
}
"""Every page, with the least role that may use it; None is open to everybody."""
RANK = {"nobody": -1, "viewer": 0, "operator": 1, "approver": 2}


def test_every_page_is_on_the_list(site, app):
    api = routes(application(site.desk))
    assert routes(app) - api == set(ALLOWED)


@pytest.mark.parametrize("role", RANK)
@pytest.mark.parametrize(("method", "path"), ALLOWED)
def test_a_page_takes_its_roles_and_no_other(site, app, method, path, role):
    run, least = site.home.waiting(), ALLOWED[method, path]
    person = next((name for name, each in PEOPLE.items() if each == role), "")
    with browser(app, site.tokens.get(person, "")) as opened:
        seal = read(opened.get("/").text).forms.get("/sign-out", {}).get("seal", "")
        where = path.format(run=run, name="inbox.css")
        fields = {"seal": seal, "token": "ap_wrong", "decision": "deny", "fingerprint": "0" * 64}
        answer = opened.get(where) if method == "GET" else opened.post(where, fields)
    allowed = least is None or RANK[role] >= RANK[least]
    if path == "/sign-in":
        expected = {"GET": 200 if role == "nobody" else 303, "POST": 401}[method]
    elif allowed:
        # A fingerprint of nothing is refused after the role was looked at.
        expected = {"/sign-out": 303, "/inbox/{run}/answer": 409}.get(path, 200)
    else:
        expected = 403 if role != "nobody" else 303 if method == "GET" else 401
    assert answer.status_code == expected
    assert site.home.book.approval(run).state == "pending"


# Signing in and out.


def test_a_token_signs_in_until_one_signs_out(site, app):
    with browser(app) as opened:
        sent_away = opened.get("/fleet?text=a")
        assert (sent_away.status_code, sent_away.headers["location"]) == (303, "/sign-in?next=/fleet%3Ftext%3Da")
        fields = read(opened.get(sent_away.headers["location"]).text).fields("/sign-in")
        done = opened.post("/sign-in", {**fields, "token": f"  {site.tokens['vera']}\n"})
        assert (done.status_code, done.headers["location"]) == (303, "/fleet?text=a")
        assert "vera, viewer" in read(opened.get("/fleet").text).text
        secret = opened.client.cookies["__Host-autopilot"]
        out = opened.post("/sign-out", read(opened.get("/").text).fields("/sign-out"))
        assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
        assert opened.get("/").status_code == 303
        opened.client.cookies.set("__Host-autopilot", secret)
        assert opened.get("/").status_code == 303


def test_the_cookie_is_for_this_site_and_no_script(site, app):
    with browser(app) as opened:
        given = opened.sign_in(site.tokens["ana"]).headers["set-cookie"]
    assert given.startswith("__Host-autopilot=")
    assert {part.strip() for part in given.split(";")[1:]} == {
        "HttpOnly", "Max-Age=43200", "Path=/", "SameSite=strict", "Secure"
    }  # fmt: skip


def test_without_https_the_cookie_has_no_prefix(home, tmp_path):
    text = FILE.replace('inbox: {url: "https://autopilot.example"}\n', "")
    with (
        serving(home, tmp_path, text=text) as site,
        browser(doors(site.desk), origin="http://127.0.0.1:8000") as opened,
    ):
        same = {"Origin": "http://127.0.0.1:8000"}
        given = opened.post("/sign-in", {"token": site.tokens["ana"]}, same).headers["set-cookie"]
        assert given.startswith("autopilot=")
        assert "Secure" not in given
        assert opened.get("/").status_code == 200


@pytest.mark.parametrize("token", ["ap_wrong", "", "<script>alert(1)</script>", "x" * 5000])
def test_a_wrong_token_is_said_to_be_wrong_and_not_repeated(stranger, token):
    answer = stranger.sign_in(token)
    assert answer.status_code == 401
    assert "This token does not hold" in answer.text
    assert not token or token not in answer.text
    assert "set-cookie" not in answer.headers


def test_a_session_ends_with_its_token_and_with_the_day(site, app, ana):
    with browser(app, site.tokens["ana"]) as another:
        assert ana.get("/").status_code == another.get("/").status_code == 200
        site.home.clock.pass_time(timedelta(hours=12))
        assert ana.get("/").status_code == 303
    with browser(app, site.tokens["ben"]) as opened:
        site.home.book.tokens.revoke("ben", None, "test", site.home.clock.now())
        assert opened.get("/").status_code == 303


def test_a_new_session_takes_the_place_of_the_old(site, ana):
    before = ana.client.cookies["__Host-autopilot"]
    ana.sign_in(site.tokens["ana"])
    assert ana.client.cookies["__Host-autopilot"] != before
    assert site.home.book.tokens.of_session(before, site.home.clock.now()) is None


def test_a_person_who_is_no_longer_listed_is_told_so(site, ana):
    site.config.write_text(
        FILE.replace("ana: {slack: T1/U1, jira: jira-ana}", "eve: {}").replace("[ana, ben]", "[ben]")
    )
    answer = ana.get("/")
    assert (answer.status_code, "no longer under people" in answer.text) == (403, True)
    assert ana.get("/sign-in").status_code == 200


OUTSIDE = [
    "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
    "javascript:alert(1)", "/%0d%0aSet-Cookie:a=b\r\nx", "evil.example", "", "/\n//evil.example", "///evil.example",
]  # fmt: skip


@pytest.mark.parametrize("following", OUTSIDE)
def test_signing_in_leads_nowhere_else(site, stranger, following):
    assert read(stranger.client.get("/sign-in", params={"next": following}).text).fields("/sign-in")["next"] == "/"
    assert stranger.sign_in(site.tokens["ana"], following).headers["location"] == "/"
    assert stranger.client.get("/sign-in", params={"next": following}).headers["location"] == "/"


def test_too_many_requests_are_turned_away(site):
    with browser(doors(site.desk, Rate(0.0, 2.0))) as opened:
        assert [opened.sign_in("ap_wrong").status_code for _ in range(3)] == [401, 401, 429]


# Forms of others.


@pytest.mark.parametrize("seal", [None, "", "0" * 64, "\u00e9", "of another session", "of another person"])
def test_a_form_that_is_not_of_this_session_counts_for_nothing(site, app, ana, ben, seal):
    run = site.home.waiting()
    fields = {**ana.form(run), "decision": "approve"}
    with browser(app, site.tokens["ana"]) as another:
        others = {"of another session": another, "of another person": ben}
        given = others[seal].form(run)["seal"] if seal in others else seal
    fields = {name: value for name, value in {**fields, "seal": given}.items() if value is not None}
    answer = ana.post(f"/inbox/{run}/answer", fields)
    assert (answer.status_code, "not one of your session" in answer.text) == (403, True)
    assert site.home.book.approval(run).answers == ()
    assert ana.post("/sign-out", fields).status_code == 403
    assert ana.get("/").status_code == 200


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "cross-site", "Origin": ORIGIN}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {},
    {"Origin": f"{ORIGIN}.evil.example"}, {"Origin": ""},
]  # fmt: skip


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_form_of_another_site_counts_for_nothing(site, ana, stranger, headers):
    run = site.home.waiting()
    answer = ana.post(f"/inbox/{run}/answer", {**ana.form(run), "decision": "approve"}, headers)
    assert (answer.status_code, "not sent from a page of this site" in answer.text) == (403, True)
    assert site.home.book.approval(run).answers == ()
    assert stranger.post("/sign-in", {"token": site.tokens["ana"]}, headers).status_code == 403


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": ORIGIN}, SAME])
def test_a_form_of_this_site_counts(site, ana, headers):
    run = site.home.waiting()
    answer = ana.post(f"/inbox/{run}/answer", {**ana.form(run), "decision": "deny"}, headers)
    assert (answer.status_code, site.home.book.approval(run).state) == (303, "denied")


def test_only_a_form_is_taken(site, ana):
    run = site.home.waiting()
    path, fields = f"/inbox/{run}/answer", {**ana.form(run), "decision": "approve"}
    assert ana.client.post(path, json=fields, headers=SAME).status_code == 422
    twice = "&".join(["decision=deny", *(f"{name}={value}" for name, value in fields.items())])
    many = "&".join(f"a{number}=1" for number in range(100))
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (twice, many, "%ff=1", "\u00e9=1", "comment=%00"):
        assert ana.client.post(path, content=body.encode(), headers={**SAME, **kind}).status_code in (403, 422)
    assert site.home.book.approval(run).answers == ()


# Behind a proxy.

PROXY = '{identity_header: X-Person, proxies: ["10.0.0.5", "10.1.0.0/16"], proxy_role: approver}'
BEHIND = FILE.replace('{url: "https://autopilot.example"}', PROXY).replace("otto: {}", "otto: {header: otto@corp}")


@pytest.fixture
def behind(home, tmp_path):
    with serving(home, tmp_path, text=BEHIND) as opened:
        yield opened


@pytest.mark.parametrize(
    ("address", "name", "status"),
    [
        ("10.0.0.5", "ana", 200),
        ("10.1.7.7", "ana", 200),
        ("10.0.0.5", "otto@corp", 200),
        ("10.0.0.5", "otto", 403),
        ("10.0.0.5", "mallory", 403),
        ("10.0.0.5", "", 303),
        ("10.0.0.6", "ana", 303),
        ("203.0.113.9", "ana", 303),
    ],
)
def test_a_name_is_believed_from_the_proxy_alone(behind, address, name, status):
    with browser(doors(behind.desk), address=address, **{"X-Person": name}) as opened:
        assert opened.get("/").status_code == status


def test_two_names_are_no_name(behind):
    with browser(doors(behind.desk), address="10.0.0.5") as opened:
        answer = opened.client.get("/", headers=[("X-Person", "ana"), ("X-Person", "ben")])
        assert answer.status_code == 401


def test_a_person_behind_the_proxy_answers_by_a_form_of_this_browser(behind):
    run, app = behind.home.waiting(), doors(behind.desk)
    with (
        browser(app, address="10.0.0.5", **{"X-Person": "ana"}) as ana,
        browser(app, address="10.0.0.5", **{"X-Person": "ben"}) as ben,
    ):
        stolen = {**ben.form(run), "decision": "approve"}
        assert ana.post(f"/inbox/{run}/answer", stolen).status_code == 403
        ana.client.cookies.set("__Host-autopilot-form", ben.client.cookies["__Host-autopilot-form"])
        assert ana.post(f"/inbox/{run}/answer", stolen).status_code == 403
        assert ana.answer(run, "approve").status_code == 303
    assert [each.person for each in behind.home.book.approval(run).answers] == ["ana"]


def test_the_proxys_role_is_viewer_unless_the_owner_says_otherwise(home, tmp_path):
    with serving(home, tmp_path, text=BEHIND.replace(", proxy_role: approver", "")) as site:
        run = site.home.waiting()
        with browser(doors(site.desk), address="10.0.0.5", **{"X-Person": "ana"}) as opened:
            seen = read(opened.get(f"/inbox/{run}").text)
            assert seen.buttons() == []
            seal = read(opened.get("/").text)
            assert "ana, viewer" in seal.text


def test_a_proxy_that_is_no_address_lets_nobody_in(home, tmp_path):
    with serving(home, tmp_path, text=BEHIND.replace("10.0.0.5", "the proxy")) as site:
        with browser(doors(site.desk), address="10.0.0.5", **{"X-Person": "ana"}) as opened:
            answer = opened.get("/")
        assert (answer.status_code, "inbox.proxies" in answer.text) == (422, True)


# What is shown, and what becomes of an answer.


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


MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def test_markup_from_outside_is_text(site, ana):
    evidence = site.home.monitor.evidence
    named = replace(evidence.features[0], name=f"{MARKUP}amount") if evidence.features else None
    run = site.home.waiting()
    if named:
        site.home.monitor.evidence = replace(site.home.monitor.evidence, features=(named,))
    ana.answer(run, "deny", f"{MARKUP}\u202eevil")
    carried_on(site)
    for path in ("/", f"/inbox/{run}", f"/inbox/{run}/timeline", "/fleet", f"/fleet?text={MARKUP}"):
        html = ana.get(path).text
        assert "<script" not in html
        assert "<img" not in html
        assert "\u202e" not in html
        assert not [tag for tag, given in read(html).elements if "style" in given or any(n[:2] == "on" for n in given)]


def test_a_model_and_a_feature_with_markup_are_text(embedded_postgres, tmp_path):
    from tests.databases import fresh_database
    from tests.house import DEGRADED, house

    odd = f"fraud{MARKUP}"
    with house(fresh_database(embedded_postgres), tmp_path, model=odd) as home, serving(home, tmp_path) as site:
        features = tuple(replace(each, name=f"{MARKUP}{each.name}") for each in DEGRADED.features)
        home.monitor.evidence = replace(DEGRADED, features=features)
        run = home.engine.run(odd)
        home.pipeline.end(f"{odd}.{run}")
        home.engine.carry_on(run)
        with browser(doors(site.desk), site.tokens["ana"]) as opened:
            for path in ("/", f"/inbox/{run}", f"/inbox/{run}/timeline", "/fleet"):
                seen = opened.get(path)
                assert seen.status_code == 200
                assert "<script" not in seen.text
                assert "<img" not in seen.text
                assert "alert(1)" in seen.text


# The fleet, the documents, the errors.


def test_the_fleet_is_filtered_searched_and_sorted(site, ana):
    site.home.monitor.evidence = HEALTHY
    site.home.engine.run(MODEL)
    seen = read(ana.get("/fleet").text)
    assert MODEL in seen.text
    assert "1 of 1 model" in seen.text
    assert "0 of 1 model" in read(ana.get("/fleet?verdict=degraded").text).text
    assert "1 of 1 model" in read(ana.get("/fleet?verdict=healthy&text=FRAUD").text).text
    assert "/fleet?verdict=healthy&sort=model&order=down" not in seen.links()
    assert ana.get("/fleet?sort=secret").status_code == 422
    assert ana.get("/fleet?verdict=odd").status_code == 422


def test_the_documents_name_every_route_with_its_role(stranger, app):
    seen = read(stranger.get("/docs").text)
    for path, methods in app.openapi()["paths"].items():
        for method in methods:
            assert f"{method.upper()} {path}" in seen.text
    assert "Role: viewer" in seen.text
    assert "Role: operator" in seen.text
    assert not [given for tag, given in seen.elements if tag == "script"]


@pytest.mark.parametrize(
    ("path", "status"), [("/nowhere", 404), ("/static/../pages.py", 404), ("/static/pages.py", 404)]
)
def test_an_error_is_a_page_for_a_browser_and_a_problem_for_a_program(stranger, path, status):
    answer = stranger.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert "script" not in answer.headers["content-security-policy"]
    if path == "/nowhere":
        said = stranger.client.get(path, headers={"Accept": "application/json"})
        assert said.headers["content-type"] == "application/problem+json"


def test_what_nobody_foresaw_is_a_page_that_tells_nothing(site, app, ana, monkeypatch):
    def breaks(*_):
        raise ZeroDivisionError("the secret word")

    monkeypatch.setattr(type(site.home.book.views), "pending", breaks)
    answer = ana.get("/")
    assert answer.status_code == 500
    assert "something went wrong" in answer.text.lower()
    assert "secret" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    program = ana.client.get("/nowhere", headers={"Accept": "*/*"})
    assert program.headers["content-type"] == "application/problem+json"


def test_pages_load_nothing_from_elsewhere_and_carry_no_script(site, ana):
    run = site.home.waiting()
    for path in ("/", "/fleet", f"/inbox/{run}", f"/inbox/{run}/timeline", "/docs", "/sign-in"):
        answer = ana.get(path)
        seen = read(answer.text)
        assert not [tag for tag, _ in seen.elements if tag in ("script", "style", "iframe", "object", "base")]
        loaded = [given["href"] for tag, given in seen.elements if tag == "link"]
        assert all(each.startswith("/static/") for each in loaded)
        for each in loaded:
            assert ana.get(each).status_code == 200
        assert answer.headers["cache-control"] == "no-store"
