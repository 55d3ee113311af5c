"""Who gets in, with a token or behind a proxy, and which forms count."""

from datetime import timedelta

import pytest

from autopilot.api.rate import Rate
from graph.errors import Misconfigured
from tests.browsing import ORIGIN, SAME, browser, doors, read
from tests.serving import FILE, serving

RUN = "00000000-0000-4000-8000-000000000000"


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
        "HttpOnly", "Max-Age=43200", "Path=/", "SameSite=lax", "Secure"
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


def test_people_behind_a_proxy_are_counted_by_name(behind):
    app = doors(behind.desk, Rate(0.0, 2.0))
    for name, codes in {"ana": [200, 200, 429], "ben": [200, 200, 429], "mallory": [403, 403, 429]}.items():
        with browser(app, address="10.0.0.5", **{"X-Person": name}) as opened:
            assert [opened.get("/").status_code for _ in codes] == codes


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


def test_a_proxy_that_is_no_address_is_said_at_the_start(home, tmp_path):
    opened = serving(home, tmp_path, text=BEHIND.replace("10.0.0.5", "the proxy"))
    with pytest.raises(Misconfigured, match="'the proxy' is no address or network"), opened:
        pass
