"""Only Slack is believed, and only what it says of a button or a form of ours."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from graph.errors import Misconfigured, Refused
from tests.unit.tools.approvals.payloads import (
    APPROVAL,
    DENY,
    NONCE,
    REFERENCE,
    USER,
    nested,
    press,
    submission,
)
from tools.approvals.slack_callbacks import Click, Reason, payload, read, shown_in_form, verify
from tools.approvals.slack_message import form

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
BODY = urlencode({"payload": json.dumps(press())}).encode()


def signed(body: bytes = BODY, at: str | None = None, secret: str = SECRET) -> dict[str, str]:
    """Return the headers that Slack sends, signed here as its documentation says."""
    timestamp = str(int(NOW.timestamp())) if at is None else at
    text = b"v0:" + timestamp.encode() + b":" + body
    signature = "v0=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature, "Content-Length": str(len(body))}


def seconds(ago: int) -> str:
    return str(int(NOW.timestamp()) - ago)


@pytest.mark.parametrize("ago", [0, 299, 300, -300])
def test_what_slack_signed_within_five_minutes_passes(ago: int) -> None:
    verify(SECRET, signed(at=seconds(ago)), BODY, NOW)


def test_headers_are_found_however_they_are_written() -> None:
    verify(SECRET, {name.lower(): value for name, value in signed().items()}, BODY, NOW)


TAMPERED: list[tuple[str, Mapping[str, str | None], bytes]] = [
    ("another body", {}, BODY + b"&x=1"),
    ("no body", {}, b""),
    ("bytes that are no text", signed(b"\xff\xfe"), b"\xff\xfe"),
    ("no signature", {"X-Slack-Signature": None}, BODY),
    ("an empty signature", {"X-Slack-Signature": ""}, BODY),
    ("another signature", {"X-Slack-Signature": "v0=" + "0" * 64}, BODY),
    ("a signature without its version", {"X-Slack-Signature": signed()["X-Slack-Signature"][3:]}, BODY),
    ("a signature of another version", {"X-Slack-Signature": "v1" + signed()["X-Slack-Signature"][2:]}, BODY),
    ("half a signature", {"X-Slack-Signature": signed()["X-Slack-Signature"][:20]}, BODY),
    ("a signature in capitals", {"X-Slack-Signature": signed()["X-Slack-Signature"].upper()}, BODY),
    ("a signature that is not ASCII", {"X-Slack-Signature": "v0=é"}, BODY),
    ("of another app", signed(secret="another"), BODY),
    ("no time", {"X-Slack-Request-Timestamp": None}, BODY),
    ("another time", {"X-Slack-Request-Timestamp": seconds(1)}, BODY),
    ("301 s old", signed(at=seconds(301)), BODY),
    ("301 s ahead", signed(at=seconds(-301)), BODY),
    ("an hour old", signed(at=seconds(3600)), BODY),
    *[
        (f"a time written as {at!r}", signed(at=at), BODY)
        for at in ("now", "nan", "1e9", "-1", "", " ", f" {seconds(0)}", seconds(0) + ".0", "1_773_057_600")
    ],
    ("a time in other digits", signed(at="".join(chr(0x0660 + int(digit)) for digit in seconds(0))), BODY),
    ("a time without end", signed(at="9" * 5000), BODY),
]


@pytest.mark.parametrize(("what", "changed", "body"), TAMPERED, ids=[what for what, _, _ in TAMPERED])
def test_anything_else_is_refused(what: str, changed: Mapping[str, str | None], body: bytes) -> None:
    headers = {name: value for name, value in {**signed(), **changed}.items() if value is not None}
    with pytest.raises(Refused, match=r"^slack: the .*(request|signature)") as error:
        verify(SECRET, headers, body, NOW)
    assert error.value.hint
    assert SECRET not in error.value.message + error.value.hint


def test_what_was_signed_in_time_is_stale_later() -> None:
    with pytest.raises(Refused, match="more than five minutes"):
        verify(SECRET, signed(), BODY, NOW + timedelta(seconds=301))


def test_a_form_holds_the_payload() -> None:
    assert payload(BODY) == press()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"payload",
        b"payload=",
        b"payload=1",
        b"payload=[]",
        b"payload={",
        b"payload={}&payload={}",
        b"other={}",
        b"\xff",
        b"payload=%ff",
        b"&".join(b"a=1" for _ in range(1000)),
        b"payload=" + nested(100_000).encode(),
    ],
)
def test_a_body_without_one_is_refused(body: bytes) -> None:
    with pytest.raises(Refused, match="holds no payload"):
        payload(body)


def test_a_press_is_read() -> None:
    assert read(press()) == Click(
        nonce=NONCE,
        approval=APPROVAL,
        decision="approve",
        who="T024BE7LD/U0G9QF9C6",
        channel="C024BE91L",
        ts="1548261231.000200",
        trigger_id="12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3",
        response_url="https://hooks.slack.com/actions/T024BE7LD/1/x",
    )
    denied = read(press(DENY))
    assert isinstance(denied, Click)
    assert denied.decision == "deny"


def test_what_opens_and_answers_is_not_shown() -> None:
    assert "hooks.slack.com" not in repr(read(press()))
    assert "12321423423" not in repr(read(press()))


def test_a_reason_is_read_from_the_form_that_we_open() -> None:
    opened = form(APPROVAL, NONCE)
    assert read(submission("  too slow\nby far ", opened["private_metadata"])) == Reason(
        NONCE, APPROVAL, "T024BE7LD/U0G9QF9C6", "too slow\nby far"
    )


@pytest.mark.parametrize(
    ("user", "team", "who"),
    [
        ({**USER, "team_id": "T0OTHER"}, {"id": "T024BE7LD"}, "T0OTHER/U0G9QF9C6"),  # a guest in a shared channel
        ({"id": "U1A"}, {"id": "T024BE7LD"}, "T024BE7LD/U1A"),
        ({"id": "W1A", "team_id": "T9A"}, None, "T9A/W1A"),  # installed for an organisation
    ],
)
def test_a_person_is_known_by_their_own_team(user: Any, team: Any, who: str) -> None:
    assert read(press(user=user, team=team)).who == who


BAD: list[dict[str, Any]] = [
    {},
    {"type": None},
    {"type": "block_suggestion"},
    {"type": "view_closed"},
    {"type": ["block_actions"]},
    press(actions=[]),
    press(actions=[press()["actions"][0]] * 2),
    press(actions=None),
    press("delete_everything"),
    press(value=""),
    press(value="approve"),
    press(value="{}"),
    press(value=json.dumps({"approval": APPROVAL})),
    press(value=json.dumps({"approval": APPROVAL, "nonce": "x' or 1=1"})),
    press(value=json.dumps({"approval": {"a": 1}, "nonce": NONCE})),
    press(value=nested(400)),
    press(value="x" * 3000),
    press(user=None),
    press(user={"id": "U1>", "team_id": "T1"}),
    press(user={"id": "U1\n", "team_id": "T1"}),
    press(user={"id": 7}),
    press(user={"id": "U1A"}, team=None),
    press(channel=None),
    press(container={}),
    press(container={"message_ts": "yesterday"}),
    press(trigger_id=None),
    press(response_url=""),
    submission(reference=""),
    submission(reference="x"),
    submission(reference=nested(100_000)),
    submission(value=None),
    submission(value="  \n"),
    submission(value="x" * 5000),
    submission(view=None),
    submission(view={"callback_id": "another", "private_metadata": REFERENCE, "state": {"values": {}}}),
    submission(view={"callback_id": "autopilot_reason", "private_metadata": REFERENCE, "state": {"values": {}}}),
    submission(view={"callback_id": "autopilot_reason", "private_metadata": REFERENCE, "state": {"values": [1]}}),
    submission(user="U1"),
]


@pytest.mark.parametrize("document", BAD, ids=range(len(BAD)))
def test_another_payload_is_refused_in_words(document: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=r"^slack: ") as error:
        read(document)
    assert error.value.hint
    assert len(error.value.message) < 400
    assert "seekrit" not in error.value.message


def test_a_refused_deny_is_said_beside_the_field() -> None:
    said = shown_in_form("bo denied it <first>")
    assert said == {"response_action": "errors", "errors": {"autopilot_reason": "bo denied it &lt;first&gt;"}}
    assert form(APPROVAL, NONCE)["blocks"][0]["block_id"] in said["errors"]


def test_without_a_secret_nothing_passes() -> None:
    with pytest.raises((Misconfigured, Refused)):
        verify("", signed(secret=""), BODY, NOW)
