"""What a Slack channel makes of Slack's refusals and failures, and of what a person clicked."""

import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, get_args

import httpx
import pytest
from pydantic import ValidationError
from slack_sdk.errors import SlackClientError

from graph.errors import AutopilotError, Misconfigured, Refused, Unavailable
from tests.conformance.remote_systems import Patience
from tests.conformance.slack_places import APP_TOKEN, SECRETS, TOKEN, slack
from tests.conformance.test_channel import notice
from tests.fakes.faulty_server import FaultName
from tests.fakes.slack_server import BOT, CHANNEL, TRIGGER, SlackServer
from tests.unit.tools.approvals.payloads import APPROVAL, DENY, NONCE, press
from tools.approvals.channel import ChannelSite
from tools.approvals.slack import SlackChannel, SlackPart, make
from tools.approvals.slack_callbacks import Click, read
from tools.approvals.slack_client import SlackApi
from tools.limiter import Limiter

FAULTS: tuple[FaultName, ...] = get_args(FaultName)
KNOWN = {"id": "1700000000.000000", "channel": CHANNEL}


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with SlackServer(TOKEN, APP_TOKEN).running() as running:
        yield running


@pytest.fixture
def channel(server: SlackServer) -> SlackChannel:
    return slack(server.api, limiter=Limiter(Patience().clock, lambda _: None))


def click(server: SlackServer, **changes: Any) -> Click:
    found = read(press(DENY, **{"trigger_id": TRIGGER, "response_url": server.hook, **changes}))
    assert isinstance(found, Click)
    return found


def texts(error: BaseException) -> str:
    """Return all that anybody could print of it, whatever it was raised from."""
    shown, below = [*traceback.format_exception(error)], error.__cause__ or error.__context__
    assert not isinstance(below, httpx.HTTPError | SlackClientError)
    return "\n".join([*shown, repr(error), repr(vars(error))])


@pytest.mark.parametrize(
    ("code", "kind", "hint"),
    [
        ("invalid_auth", Misconfigured, "AUTOPILOT_SLACK_TOKEN"),
        ("token_revoked", Misconfigured, "AUTOPILOT_SLACK_TOKEN"),
        ("channel_not_found", Misconfigured, "channels.slack.channel"),
        ("not_in_channel", Refused, "/invite"),
        ("is_archived", Refused, "open the channel again"),
        ("message_not_found", Refused, "deleted"),
        ("cant_update_message", Refused, "another app"),
        ("internal_error", Unavailable, "again later"),
        ("ratelimited", Unavailable, "again later"),
        ("a_code_of_tomorrow", Refused, "docs.slack.dev"),
    ],
)
def test_a_refusal_is_put_into_words(
    server: SlackServer, channel: SlackChannel, code: str, kind: type[AutopilotError], hint: str
) -> None:
    server.problem = {"error": code}
    for ask in (lambda: channel.post(notice()), lambda: channel.update(KNOWN, notice())):
        with pytest.raises(kind, match=f"^fraud-detector-v1: Slack at .* {code}") as error:
            ask()
        assert type(error.value) is kind
        assert hint in error.value.hint


def test_a_missing_scope_is_named(server: SlackServer) -> None:
    with pytest.raises(Misconfigured, match="it needs channels:history and has chat:write") as error:
        slack(server.api, history=True).find(notice())
    assert "docs/slack.md" in error.value.hint


def test_a_wrong_token_is_for_a_person_to_change(server: SlackServer) -> None:
    wrong = f"xoxb-{NONCE}"
    with pytest.raises(Misconfigured, match="invalid_auth") as error:
        slack(server.api, wrong).post(notice())
    assert wrong not in texts(error.value)


ASKS: dict[str, Callable[[SlackChannel, SlackServer], object]] = {
    "post": lambda channel, _: channel.post(notice()),
    "update": lambda channel, _: channel.update(KNOWN, notice()),
    "say": lambda channel, _: channel.say(KNOWN, NONCE, "Still waiting.", ()),
    "tell": lambda channel, _: channel.tell(NONCE, "3 wait.", ()),
    "ask_reason": lambda channel, server: channel.ask_reason(click(server)),
    "answer": lambda channel, server: channel.answer(server.hook, "too late"),
}


@pytest.mark.parametrize("ask", ASKS)
@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != "slow"])
def test_no_fault_shows_a_secret_or_passes_for_an_answer(
    server: SlackServer,
    fault: FaultName,
    ask: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    channel = slack(server.api, limiter=Limiter(Patience().clock, Patience().sleep))
    channel.post(notice())
    sent = len(server.asked)
    server.fail(fault)
    careless = ask == "answer" and fault in ("malformed", "a page instead")  # nobody reads what it says
    error: BaseException | None = None
    try:
        ASKS[ask](channel, server)
    except AutopilotError as raised:
        error = raised
    assert (error is None) == careless
    said = (
        caplog.text
        + "".join(capsys.readouterr())
        + repr(channel)
        + repr(vars(channel))
        + (texts(error) if error else "")
    )
    assert [secret for secret in (*SECRETS, server.hook) if secret in said.replace(repr(channel._logins), "")] == []
    assert [record.name for record in caplog.records if record.name.startswith("slack")] == []
    assert len(server.asked) - sent == 1, "sent again, or sent on"


def test_what_takes_too_long_is_unavailable(server: SlackServer) -> None:
    server.fail("slow")
    api = SlackApi(server.api, TOKEN, Limiter(), timeout_s=0.2)
    with pytest.raises(Unavailable, match=r"did not answer within 0\.2 s"):
        api.call("fraud-v1", api.web.auth_test)


@pytest.mark.parametrize("instead", [[], [1], "x", 7, {}, {"ok": False}])
def test_an_answer_of_another_form_is_no_answer(server: SlackServer, channel: SlackChannel, instead: Any) -> None:
    server.instead = instead
    with pytest.raises((Unavailable, Misconfigured), match=r"^fraud-detector-v1: Slack at"):
        channel.post(notice())


def test_a_post_that_is_answered_without_a_message_may_have_been_done(
    server: SlackServer, channel: SlackChannel
) -> None:
    server.instead = {"ok": True, "ts": 7}
    with pytest.raises(Unavailable, match="without the message"):
        channel.post(notice())


def test_slack_is_waited_for_as_long_as_it_says(server: SlackServer) -> None:
    patience = Patience()
    channel = slack(server.api, limiter=Limiter(patience.clock, patience.sleep))
    server.fail("429 before")
    with pytest.raises(Unavailable, match="asks us to wait"):
        channel.post(notice())
    assert server.messages == []
    channel.post(notice())
    assert patience.slept == [7.0]


@pytest.mark.parametrize("ask", ["post", "answer"])
def test_slack_that_asks_for_an_hour_is_not_asked_meanwhile(server: SlackServer, ask: str) -> None:
    patience = Patience()
    channel = slack(server.api, limiter=Limiter(patience.clock, patience.sleep))
    server.retry_after = "3600"
    server.fail("429 before")
    for said in ("asks us to wait|429", "for another 3600 s"):
        with pytest.raises(Unavailable, match=said):
            ASKS[ask](channel, server)
    assert (len(server.asked), patience.slept) == (1, [])


@pytest.mark.parametrize("given", ["soon", "", "-1", "1.5"])
def test_a_wait_that_is_no_number_is_half_a_minute(server: SlackServer, given: str) -> None:
    patience = Patience()
    channel = slack(server.api, limiter=Limiter(patience.clock, patience.sleep))
    server.retry_after = given
    server.fail("429 before")
    with pytest.raises(Unavailable):
        channel.post(notice())
    channel.post(notice())
    assert patience.slept == [30.0]


def test_a_message_of_another_with_our_nonce_is_not_ours(server: SlackServer) -> None:
    server.scopes = "chat:write,channels:history"
    channel, asked = slack(server.api, history=True), notice()
    known = channel.post(asked)
    server.messages.append({**server.messages[0], "user": "U0STRANGER", "ts": "1700000009.000000"})
    server.messages.append({"user": BOT, "ts": "1700000010.000000", "text": "plain"})
    server.messages.append({"user": BOT, "ts": "1700000011.000000", "metadata": {"event_type": "other"}})
    assert channel.find(asked) == known


def test_it_is_looked_for_on_later_pages_and_not_without_end(server: SlackServer) -> None:
    server.scopes = "chat:write,channels:history"
    channel, asked = slack(server.api, history=True), notice()
    known = channel.post(asked)
    other = replace(asked, nonce="other")
    server.messages += [{"user": BOT, "ts": f"17000001{number:02d}.0"} for number in range(450)]
    assert channel.find(asked) == known
    server.messages += [{"user": BOT, "ts": f"17000002{number:02d}.0"} for number in range(600)]
    sent = len(server.asked)
    assert channel.find(asked) is None
    assert channel.find(other) is None
    assert len(server.asked) - sent == 2 * (1 + 5)


def test_the_buttons_name_the_request_and_nothing_else(server: SlackServer, channel: SlackChannel) -> None:
    asked = replace(notice(), approval=APPROVAL, nonce=NONCE)
    channel.post(asked)
    buttons = [each for block in server.messages[0]["blocks"] for each in block.get("elements", []) if "value" in each]
    decisions = []
    for button in buttons:
        found = read(press(button["action_id"], button["value"]))
        assert isinstance(found, Click)
        assert (found.approval, found.nonce) == (APPROVAL, NONCE)
        assert asked.model not in button["value"]
        decisions.append((button["text"]["text"], found.decision))
    assert decisions == [("Approve", "approve"), ("Deny", "deny")]


def test_no_mention_is_made_of_plain_words(server: SlackServer, channel: SlackChannel) -> None:
    channel.post(notice())
    channel.update(KNOWN, notice())
    channel.say(KNOWN, NONCE, "@channel", ())
    for message in server.messages:
        assert (message["parse"], message["link_names"], message["unfurl_links"]) == ("none", False, False)


def test_a_deny_asks_for_a_reason_that_names_the_request(server: SlackServer, channel: SlackChannel) -> None:
    channel.ask_reason(click(server))
    [view] = server.views
    assert (view["type"], view["callback_id"]) == ("modal", "autopilot_reason")
    assert view["private_metadata"] == press()["actions"][0]["value"]
    assert max(len(view[part]["text"]) for part in ("title", "submit", "close")) <= 24


def test_a_click_that_is_too_old_opens_nothing(server: SlackServer, channel: SlackChannel) -> None:
    with pytest.raises(Refused, match="expired_trigger_id") as error:
        channel.ask_reason(click(server, trigger_id="1.2.3"))
    assert "click again" in error.value.hint


def test_only_who_clicked_is_answered(server: SlackServer, channel: SlackChannel) -> None:
    channel.answer(server.hook, "bo is no approver of <!channel>")
    assert server.replies == [
        {"response_type": "ephemeral", "replace_original": False, "text": "bo is no approver of &lt;!channel&gt;"}
    ]


def test_a_click_takes_no_more_answers(server: SlackServer, channel: SlackChannel) -> None:
    server.problem = {"error": "used_url"}
    with pytest.raises(Refused, match="404"):
        channel.answer(server.hook, "too late")


@pytest.mark.parametrize(
    "address",
    [
        "https://hooks.slack.com.evil.example/x",
        "https://evil.example/hooks.slack.com",
        "https://evilslack.com/x",
        "http://hooks.slack.com/x",
        "https://hooks.slack.com@evil.example/x",
        "https://[/x",
        "file:///etc/passwd",
        "//hooks.slack.com/x",
        "",
    ],
)
def test_an_answer_goes_to_nobody_else(address: str) -> None:
    with pytest.raises(Refused, match="not one of Slack"):
        slack("https://slack.com/api").answer(address, "hello")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"channel": "#ml-approvals"},
        {"channel": "C1 2"},
        {"channel": "C024BE91L\n"},
        {"channel": "U024BE91L"},
        {"channel": CHANNEL, "url": "http://slack.example/api"},
        {"channel": CHANNEL, "url": "slack.com"},
        {"channel": CHANNEL, "url": "https://me:word@slack.com/api"},
        {"channel": CHANNEL, "token": "xoxb-1"},
    ],
)
def test_what_is_written_wrong_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SlackPart(**given)


@pytest.mark.parametrize("token", ["", "xoxb two words", "xoxb-ü", "xoxb-1\n"])
def test_a_token_that_cannot_be_one_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(Misconfigured, match="slack: AUTOPILOT_SLACK_TOKEN") as error:
        make(SlackPart(channel=CHANNEL), ChannelSite(Limiter(), {"AUTOPILOT_SLACK_TOKEN": token}))
    assert not token or token not in error.value.message + error.value.hint


def test_without_a_signing_secret_no_click_is_believed() -> None:
    channel = make(SlackPart(channel=CHANNEL), ChannelSite(Limiter(), {"AUTOPILOT_SLACK_TOKEN": TOKEN}))
    with pytest.raises(Misconfigured, match="AUTOPILOT_SLACK_SIGNING_SECRET is not set"):
        channel.verify({}, b"", notice().expires_at)
