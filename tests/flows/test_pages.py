"""Which pages there are and for whom; what is on each of them, and that nothing from outside is more than text."""

from dataclasses import replace

import pytest

from autopilot.api.app import application
from tests.browsing import browser, doors, read
from tests.carrying import Carrier
from tests.house import HEALTHY, MODEL
from tests.serving import PEOPLE, routes, serving

RUN = "00000000-0000-4000-8000-000000000000"


def carried_on(site):
    Carrier(site.desk).turn(lambda: False)


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
