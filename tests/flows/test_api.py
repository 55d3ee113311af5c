"""The API over a real ledger: who may do what, what a run looks like, an answer that is a row first."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.carrying import Carrier
from tests.house import MODEL, another_carries_on
from tests.serving import FILE, PEOPLE, routes, serving

RUN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def doors(home, tmp_path):
    with serving(home, tmp_path) as opened:
        yield opened


ALLOWED = {
    ("GET", "/runs"): "viewer",
    ("POST", "/runs"): "operator",
    ("GET", "/runs/{run}"): "viewer",
    ("POST", "/runs/{run}/resume"): "operator",
    ("GET", "/runs/{run}/report"): "viewer",
    ("GET", "/models"): "viewer",
    ("POST", "/alerts"): "operator",
    ("GET", "/metrics"): "viewer",
    ("GET", "/healthz"): None,
    ("GET", "/openapi.json"): None,
    ("POST", "/slack/interactions"): None,
    ("POST", "/jira/webhook"): None,
}
"""Every route of the API, with the least role that may use it; None takes no token."""
RANK = {"nobody": -1, "viewer": 0, "operator": 1, "approver": 2}


def test_every_route_is_on_the_list(doors):
    listed = routes(doors.client.app)
    assert listed == set(ALLOWED)


@pytest.mark.parametrize("role", RANK)
@pytest.mark.parametrize(("method", "path"), ALLOWED)
def test_a_route_takes_its_roles_and_no_other(doors, method, path, role):
    least = ALLOWED[method, path]
    person = next((name for name, each in PEOPLE.items() if each == role), "nobody")
    answer = doors.client.request(method, path.format(run=RUN), headers=doors.headers(person), json={})
    if least is None or RANK[role] >= RANK[least]:
        assert answer.status_code not in (401, 403)
    else:
        assert answer.status_code == (401 if role == "nobody" else 403)
        assert answer.headers["content-type"] == "application/problem+json"


def test_an_operator_answers_nothing(doors):
    run = doors.home.waiting()
    answer = doors.client.post(f"/runs/{run}/resume", json={"decision": "approve"}, headers=doors.headers("otto"))
    assert answer.status_code == 403
    assert doors.home.book.approval(run).state == "pending"


def carried_on(doors):
    Carrier(doors.desk).turn(lambda: False)


def test_an_answer_is_a_row_and_then_a_promotion(doors):
    run = doors.home.waiting()
    shown = doors.client.get(f"/runs/{run}", headers=doors.headers("vera")).json()
    assert shown["status"] == "awaiting_approval"
    given = {"decision": "approve", "comment": "looks good", "fingerprint": shown["approval"]["fingerprint"]}
    answer = doors.client.post(f"/runs/{run}/resume", json=given, headers=doors.headers("ana"))
    assert (answer.status_code, answer.json()["approval"]["state"]) == (200, "approved")
    assert doors.home.champion() == "1"
    carried_on(doors)
    shown = doors.client.get(f"/runs/{run}", headers=doors.headers("vera")).json()
    assert (shown["outcome"], doors.home.champion()) == ("promoted", "2")
    assert shown["approval"]["answers"][0]["channel"] == "api"


def test_another_fingerprint_is_a_conflict(doors):
    run = doors.home.waiting()
    given = {"decision": "approve", "fingerprint": "f" * 64}
    answer = doors.client.post(f"/runs/{run}/resume", json=given, headers=doors.headers("ana"))
    assert (answer.status_code, answer.json()["kind"]) == (409, "refused")
    assert doors.home.book.approval(run).state == "pending"


def test_a_second_answer_is_told_who_was_first(doors):
    run = doors.home.waiting()
    for person in ("ana", "ben"):
        answer = doors.client.post(f"/runs/{run}/resume", json={"decision": "deny"}, headers=doors.headers(person))
    assert answer.status_code == 409
    assert "already: denied by ana through api" in answer.json()["detail"]


def test_a_request_that_comes_again_is_done_once(doors):
    headers = {**doors.headers("otto"), "Idempotency-Key": "k1"}
    first = doors.client.post("/runs", json={"model": MODEL}, headers=headers)
    again = doors.client.post("/runs", json={"model": MODEL}, headers=headers)
    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert len(doors.home.book.runs.recent(MODEL, 10)) == 1
    other = doors.client.post("/runs", json={"model": "another"}, headers=headers)
    assert (other.status_code, other.json()["kind"]) == (409, "refused")


def test_a_refused_request_that_comes_again_is_refused_alike(doors):
    run = doors.home.waiting()
    doors.home.say(run, "deny")
    headers = {**doors.headers("ben"), "Idempotency-Key": "k2"}
    answers = [doors.client.post(f"/runs/{run}/resume", json={"decision": "deny"}, headers=headers) for _ in range(2)]
    assert [each.status_code for each in answers] == [409, 409]
    assert answers[0].json() == answers[1].json()


def test_a_run_that_was_asked_for_is_checked_by_whoever_carries_on(doors):
    answer = doors.client.post("/runs", json={"model": MODEL}, headers=doors.headers("otto"))
    run = answer.json()["run"]
    assert answer.headers["location"] == f"/runs/{run}"
    assert answer.json()["requested_by" if "requested_by" in answer.json() else "outcome"] is None
    carried_on(doors)
    assert doors.client.get(f"/runs/{run}", headers=doors.headers("vera")).json()["outcome"] == "no_action"


def test_an_unknown_model_or_run_is_not_found(doors):
    asked = doors.client.post("/runs", json={"model": "nope"}, headers=doors.headers("otto"))
    found = doors.client.get(f"/runs/{RUN}", headers=doors.headers("vera"))
    assert (asked.status_code, found.status_code) == (404, 404)


def test_pages_of_runs_follow_each_other(doors):
    runs = []
    for _ in range(5):
        runs.append(doors.home.engine.run(MODEL))
        doors.home.clock.pass_time(timedelta(minutes=1))
    seen, after = [], None
    while True:
        query = {"limit": 2, **({"after": after} if after else {})}
        page = doors.client.get("/runs", params=query, headers=doors.headers("vera")).json()
        seen += [run["run"] for run in page["runs"]]
        after = page["next"]
        if after is None:
            break
    assert seen == runs[::-1]


def test_a_report_comes_as_page_text_or_json(doors):
    run = doors.home.waiting()
    kinds = {}
    for kind in ("text/html", "text/plain", "application/json"):
        answer = doors.client.get(f"/runs/{run}/report", headers={**doors.headers("vera"), "Accept": kind})
        kinds[kind] = answer.headers["content-type"].split(";")[0]
        assert answer.status_code == 200
    assert list(kinds) == list(kinds.values())
    assert "script" not in answer.headers["content-security-policy"]


def test_who_was_taken_off_the_list_is_nobody(doors):
    run = doors.home.waiting()
    doors.config.write_text(FILE.replace("  vera: {}\n", ""))
    assert doors.client.get(f"/runs/{run}", headers=doors.headers("vera")).status_code == 403
    doors.home.book.tokens.revoke("ben", None, "test", doors.home.clock.now())
    assert doors.client.get(f"/runs/{run}", headers=doors.headers("ben")).status_code == 401


def test_a_broken_file_is_said_and_kept_out(doors):
    assert doors.client.get("/healthz").json() == {"database": "ok", "config": None}
    doors.config.write_text("people: [")
    assert doors.client.get("/healthz").json()["config"] is not None
    assert doors.client.get("/runs", headers=doors.headers("vera")).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"x" * 1_000_001, 413),
        (b'{"model":' + b"[" * 100 + b"]" * 100 + b"}", 400),
        (b'{"model": "' + b"[" * 100 + b'"}', 404),
        (b"{", 422),
        (b"\xff\xfe", 422),
        (b'{"model": 7}', 422),
        (b'{"model": "fraud", "more": 1}', 422),
    ],
)
def test_a_bad_body_is_a_clear_problem(doors, body, status):
    headers = {**doors.headers("otto"), "Content-Type": "application/json"}
    answer = doors.client.post("/runs", content=body, headers=headers)
    assert answer.status_code == status
    assert json.loads(answer.content)["detail"]
    assert doors.home.book.runs.recent(None, 10) == []


def test_markup_in_a_comment_stays_text(doors):
    run = doors.home.waiting()
    given = {"decision": "deny", "comment": "<script>alert(1)</script>"}
    doors.client.post(f"/runs/{run}/resume", json=given, headers=doors.headers("ana"))
    page = doors.client.get(f"/runs/{run}/report", headers=doors.headers("vera")).text
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_token_is_in_no_row_and_no_answer(doors):
    secret = doors.tokens["ana"]
    rows = doors.home.book.database.rows("select t::text as row from access_tokens t")
    assert not any(secret in row["row"] for row in rows)
    assert secret not in doors.client.get("/runs", headers=doors.headers("ana")).text


def test_too_many_requests_are_put_off(home, tmp_path):
    from autopilot.api.rate import Rate

    with serving(home, tmp_path, rate=Rate(0.0, 3.0, clock=lambda: 0.0)) as doors:
        codes = [doors.client.get("/models", headers=doors.headers("vera")).status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]


def test_one_who_asks_too_often_takes_nothing_from_others_at_the_same_address(home, tmp_path):
    """As behind a proxy. A token that does not hold is nobody's, and is counted with the address."""
    from autopilot.api.rate import Rate

    with serving(home, tmp_path, rate=Rate(0.0, 2.0, clock=lambda: 0.0)) as doors:
        nobody = {"Authorization": "Bearer ap_mistyped"}
        asked = [doors.headers("vera"), doors.headers("ana"), nobody, {}]
        codes = [[doors.client.get("/models", headers=each).status_code for _ in range(3)] for each in asked]
    assert codes == [[200, 200, 429], [200, 200, 429], [401, 401, 429], [429, 429, 429]]


def test_an_answer_that_cannot_be_recorded_now_says_when_to_come_again(doors, monkeypatch):
    monkeypatch.setattr("autopilot.engine.PATIENCE_S", 0.05)
    run, key = doors.home.waiting(), {"Idempotency-Key": "same"}
    asked = {"json": {"decision": "approve"}, "headers": {**doors.headers("ana"), **key}}
    with another_carries_on(doors.home, run):
        answer = doors.client.post(f"/runs/{run}/resume", **asked)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    assert "nothing was answered" in answer.json()["detail"]
    assert doors.client.post(f"/runs/{run}/resume", **asked).status_code == 200


def test_a_changed_policy_of_the_model_voids_what_waits(doors):
    run = doors.home.waiting()
    doors.home.spec[0] = replace(doors.home.spec[0], digest="another")
    answer = doors.client.post(f"/runs/{run}/resume", json={"decision": "approve"}, headers=doors.headers("ana"))
    assert answer.status_code == 409
    assert "policy in autopilot.yaml changed" in answer.json()["detail"]
    carried_on(doors)
    assert doors.home.row(run)["outcome"] == "voided"
