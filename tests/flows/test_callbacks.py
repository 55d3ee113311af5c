"""What Slack and Jira send: proven to be theirs, then one answer of many; everything else is refused in words."""

import hashlib
import hmac
import json
import threading
from datetime import timedelta
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from autopilot.serve.callbacks import handle
from autopilot.serve.runner import Runner
from autopilot.serve.telling import Teller
from graph.errors import Refused, Unavailable
from tests.browsing import browser
from tests.browsing import doors as pages
from tests.crash.forks import until
from tests.fakes.channel import FakeChannel
from tests.house import another_carries_on
from tests.serving import FILE, serving
from tools.approvals import slack_callbacks
from tools.approvals.slack_message import REASON

SECRET = "a signing secret"
JIRA = "AUTOPILOT_JIRA_WEBHOOK_SECRET"


class FakeSlack(FakeChannel):
    """A channel with the hands of Slack's: what it is sent is proven by the real rules."""

    def __init__(self):
        super().__init__("slack")
        self.forms = []
        self.answers = []

    def verify(self, headers, body, now):
        slack_callbacks.verify(SECRET, headers, body, now)

    def ask_reason(self, click):
        self.forms.append(click)

    def answer(self, response_url, text):
        self.answers.append(text)


@pytest.fixture
def slack():
    return FakeSlack()


@pytest.fixture
def doors(home, tmp_path, slack):
    channels = {"slack": lambda: slack, "jira": lambda: FakeChannel("jira")}
    with serving(home, tmp_path, channels, {JIRA: SECRET}) as opened:
        yield opened


@pytest.fixture
def run(doors):
    run = doors.home.waiting()
    Teller(doors.desk, "slack").turn()
    return run


def click(doors, run, action="approve", user="U1", **changes):
    shown = doors.home.book.views.one(run, "slack")[0]
    value = {"approval": doors.home.book.approval(run).id, "nonce": shown.nonce, **changes}
    return {
        "type": "block_actions",
        "user": {"id": user, "team_id": "T1"},
        "team": {"id": "T1"},
        "channel": {"id": "C0123"},
        "container": {"message_ts": "1700000000.000100"},
        "trigger_id": "t",
        "response_url": "https://hooks.example/r",
        "actions": [{"action_id": f"autopilot_{action}", "value": json.dumps(value)}],
    }


def form(doors, run, comment="not now", user="U1"):
    shown = doors.home.book.views.one(run, "slack")[0]
    about = {"approval": doors.home.book.approval(run).id, "nonce": shown.nonce}
    values = {REASON: {REASON: {"value": comment}}}
    view = {"callback_id": "autopilot_reason", "private_metadata": json.dumps(about), "state": {"values": values}}
    return {"type": "view_submission", "user": {"id": user, "team_id": "T1"}, "team": {"id": "T1"}, "view": view}


def send(doors, payload, secret=SECRET, at=None, **headers):
    body = urlencode({"payload": json.dumps(payload)}).encode()
    stamp = str(int(doors.home.clock.now().timestamp()) if at is None else at)
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    signed = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}", **headers}
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return doors.client.post("/slack/interactions", content=body, headers={**kind, **signed})


def test_a_click_is_an_answer(doors, run, slack):
    assert send(doors, click(doors, run)).status_code == 200
    (answer,) = doors.home.book.approval(run).answers
    assert (answer.person, answer.decision, answer.channel) == ("ana", "approve", "slack")
    assert slack.answers == []


def test_a_click_is_a_row_before_slack_is_thanked(doors, run):
    """Who dies after the thanks has lost nothing."""
    answers_when_thanked = []

    app = doors.client.app.middleware_stack

    async def watched(scope, receive, send_on):
        async def sends(message):
            if message["type"] == "http.response.start":
                answers_when_thanked.append((message["status"], len(doors.home.book.approval(run).answers)))
            await send_on(message)

        await app(scope, receive, sends)

    doors.client.app.middleware_stack = watched
    send(doors, click(doors, run))
    assert answers_when_thanked == [(200, 1)]


def test_a_click_that_cannot_be_written_down_fails_where_it_was_made(doors, run, slack, monkeypatch):
    """Slack shows the person that it failed, and the same click counts a moment later."""
    monkeypatch.setattr("autopilot.engine.PATIENCE_S", 0.05)
    with another_carries_on(doors.home, run):
        assert send(doors, click(doors, run)).status_code == 503
        with pytest.raises(Unavailable, match="being carried on just now"):
            handle(doors.desk, slack, click(doors, run))
    assert doors.home.book.approval(run).answers == ()
    assert send(doors, click(doors, run)).status_code == 200
    assert len(doors.home.book.approval(run).answers) == 1


def test_a_click_waits_for_no_registry(doors, run):
    doors.home.registry.away = Unavailable("MLflow does not answer")
    assert send(doors, click(doors, run)).status_code == 200
    assert len(doors.home.book.approval(run).answers) == 1


def test_a_click_that_comes_again_changes_nothing_and_says_nothing(doors, run, slack):
    for _ in range(3):
        assert send(doors, click(doors, run)).status_code == 200
    assert len(doors.home.book.approval(run).answers) == 1
    assert slack.answers == []


def test_a_deny_asks_for_its_reason_first(doors, run, slack):
    send(doors, click(doors, run, "deny"))
    assert doors.home.book.approval(run).state == "pending"
    assert [asked.decision for asked in slack.forms] == ["deny"]
    assert send(doors, form(doors, run)).status_code == 200
    (answer,) = doors.home.book.approval(run).answers
    assert (answer.decision, answer.comment) == ("deny", "not now")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"user": "U9"}, "nobody under people"),
        ({"nonce": str(uuid4())}, "not known here"),
        ({"approval": str(uuid4())}, "not known here"),
    ],
)
def test_who_may_not_is_told_so_and_nobody_else(doors, run, slack, changes, words):
    assert send(doors, click(doors, run, **changes)).status_code == 200
    assert doors.home.book.approval(run).state == "pending"
    (said,) = slack.answers
    assert words in said
    assert slack.said == []


def test_a_reason_that_comes_too_late_is_said_in_its_form(doors, run):
    doors.home.say(run)
    answer = send(doors, form(doors, run))
    assert answer.status_code == 200
    assert "already: approved by ana" in str(answer.json()["errors"])


@pytest.mark.parametrize(
    ("secret", "at", "headers"),
    [
        ("another secret", None, {}),
        (SECRET, 0, {}),
        (SECRET, None, {"X-Slack-Signature": ""}),
        (SECRET, None, {"X-Slack-Signature": "v0=00"}),
        (SECRET, None, {"X-Slack-Request-Timestamp": "now"}),
        (SECRET, None, {"X-Slack-Request-Timestamp": ""}),
        (SECRET, None, {"X-Slack-Request-Timestamp": "1e9"}),
    ],
)
def test_what_slack_did_not_sign_is_refused(doors, run, secret, at, headers):
    answer = send(doors, click(doors, run), secret, at, **headers)
    assert answer.status_code == 401
    assert doors.home.book.approval(run).answers == ()


@pytest.mark.parametrize("payload", [{}, {"type": "block_actions"}, {"type": "shortcut"}, [], "x", 7])
def test_what_is_no_interaction_is_a_clear_problem(doors, run, payload):
    answer = send(doors, payload)
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("slack: ")


def test_over_a_socket_it_is_the_same(doors, run, slack):
    assert handle(doors.desk, slack, click(doors, run, user="U9")) is None
    assert "nobody under people" in slack.answers[0]
    shown = handle(doors.desk, slack, form(doors, run, user="U9"))
    assert shown and "errors" in shown
    assert handle(doors.desk, slack, form(doors, run)) is None
    assert doors.home.book.approval(run).state == "denied"


def test_what_is_wrong_with_the_socket_is_said_until_slack_greets_us(home, tmp_path):
    may_greet, greets = threading.Event(), threading.Event()

    class Listening(FakeSlack):
        tries = 0

        def listen(self, handle, stop, greeted):
            self.tries += 1
            if self.tries == 1:
                raise Refused("Slack takes no app-level token of this kind")
            may_greet.wait(60)
            greeted()
            greets.set()
            stop.wait()

    channel = Listening()
    text = f"channels: {{slack: {{channel: C0123456789, socket_mode: true}}}}\n{FILE}"
    with serving(home, tmp_path, {"slack": lambda: channel}, text=text) as doors:
        runner = Runner(doors.desk, pause_s=0.001)
        runner.start()
        until(lambda: channel.tries == 2, "the second try")
        with browser(pages(doors.desk), doors.tokens["vera"]) as vera:
            said = vera.get("/").text
            assert "Nothing is heard from Slack over Socket Mode: Slack takes no app-level token" in said
            assert "autopilot.yaml:" not in said
            may_greet.set()
            greets.wait(60)
            assert "Socket Mode" not in vera.get("/").text
        assert runner.stop()
    assert runner.failed is None


def hint(doors, body, secret=SECRET):
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return doors.client.post("/jira/webhook", content=body, headers={"X-Hub-Signature": f"sha256={digest}"})


def test_a_hint_of_jira_is_proven_and_answers_nothing_itself(doors, run):
    body = json.dumps({"issue": {"key": "ML-1", "fields": {"status": {"name": "Approved"}}}}).encode()
    assert hint(doors, body).status_code == 202
    assert hint(doors, body, "another").status_code == 401
    assert hint(doors, b"[]").status_code == 409
    assert hint(doors, b"{").status_code == 409
    assert doors.home.book.approval(run).answers == ()


def test_without_a_channel_there_is_nothing_to_answer(home, tmp_path):
    with serving(home, tmp_path) as doors:
        for path in ("/slack/interactions", "/jira/webhook"):
            assert doors.client.post(path, content=b"{}").status_code == 404


def test_two_channels_racing_give_one_winner_and_one_told_loser(doors, slack):
    """A hundred rounds: the API against Slack, each time another of the two approves."""
    for number in range(100):
        run = doors.home.waiting()
        Teller(doors.desk, "slack").turn()
        slack.answers.clear()
        decision, other = ("approve", "deny") if number % 2 else ("deny", "approve")
        answers: list[bool] = []
        start = threading.Barrier(2)

        def over_slack(run=run, other=other, start=start, answers=answers):
            start.wait()
            sent = form(doors, run, user="U2") if other == "deny" else click(doors, run, user="U2")
            said = handle(doors.desk, slack, sent)
            answers.append(bool(said) or bool(slack.answers))

        def over_api(run=run, decision=decision, start=start, answers=answers):
            start.wait()
            given = {"decision": decision, "comment": "x"}
            answer = doors.client.post(f"/runs/{run}/resume", json=given, headers=doors.headers("ana"))
            assert answer.status_code in (200, 409)
            answers.append(answer.status_code == 409)

        both = [threading.Thread(target=each) for each in (over_slack, over_api)]
        for each in both:
            each.start()
        for each in both:
            each.join()
        assert sorted(answers) == [False, True], number
        approval = doors.home.book.approval(run)
        assert len(approval.answers) == 1
        assert approval.state == {"approve": "approved", "deny": "denied"}[approval.answers[0].decision]
        doors.home.engine.carry_on(run)
        doors.home.clock.pass_time(timedelta(days=31))
