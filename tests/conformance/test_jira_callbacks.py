"""Jira's webhook: only what is signed is read, and all that it says is which issue to read again."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from graph.errors import Misconfigured, Refused
from tools.approvals.jira_callbacks import Hint, read, verify

SECRET = "a secret of ours"
BODY = json.dumps({"webhookEvent": "jira:issue_updated", "issue": {"id": "10001", "key": "ML-1"}}).encode()


def signature(body: bytes = BODY, secret: str = SECRET, name: str = "sha256") -> str:
    return f"{name}={hmac.new(secret.encode(), body, name).hexdigest()}"


GOOD = signature()


@pytest.mark.parametrize("name", ["X-Hub-Signature", "x-hub-signature", "X-HUB-SIGNATURE"])
def test_what_is_signed_with_our_secret_is_believed(name: str) -> None:
    verify(SECRET, {"Content-Type": "application/json", name: GOOD}, BODY)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "sha256=",
        GOOD.removeprefix("sha256="),
        GOOD.upper(),
        GOOD[:-1],
        GOOD + "0",
        f" {GOOD}",
        f"{GOOD}, {GOOD}",
        GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1"),
        signature(secret="another secret"),
        signature(secret=""),
        signature(body=BODY + b" "),
        signature(body=BODY.replace(b"ML-1", b"ML-2")),
        signature(name="sha1"),
        "sha256=" + hashlib.sha256(BODY).hexdigest(),
        "sha256=é" * 8,
        "sha256=\udcff",
        "method=none",
    ],
)
def test_a_signature_that_is_not_ours_is_refused(given: str) -> None:
    with pytest.raises(Refused, match="no signature, or not ours") as refusal:
        verify(SECRET, {"X-Hub-Signature": given}, BODY)
    assert SECRET not in refusal.value.message + refusal.value.hint
    assert GOOD not in refusal.value.message + refusal.value.hint


def test_no_signature_is_refused() -> None:
    with pytest.raises(Refused):
        verify(SECRET, {"X-Atlassian-Webhook-Identifier": GOOD}, BODY)


def test_a_body_that_was_tampered_with_is_refused() -> None:
    for position in range(len(BODY)):
        tampered = BODY[:position] + bytes([BODY[position] ^ 1]) + BODY[position + 1 :]
        with pytest.raises(Refused):
            verify(SECRET, {"X-Hub-Signature": GOOD}, tampered)


def test_without_a_secret_nothing_is_believed() -> None:
    with pytest.raises(Misconfigured, match="AUTOPILOT_JIRA_WEBHOOK_SECRET is not set"):
        verify("", {"X-Hub-Signature": signature(secret="")}, BODY)


def test_it_names_the_issue_and_the_delivery() -> None:
    payload = json.loads(BODY)
    assert read(payload, {"X-Atlassian-Webhook-Identifier": "d-1"}) == Hint("ML-1", "d-1")
    assert read(payload, {}) == Hint("ML-1", "")
    assert len(read(payload, {"X-Atlassian-Webhook-Identifier": "d" * 10_000}).delivery) == 200


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        "ML-1",
        {},
        {"issue": None},
        {"issue": "ML-1"},
        {"issue": {"key": 7}},
        {"issue": {"key": "ML-1/../../admin"}},
        {"issue": {"key": "ml-1"}},
        {"issue": {"key": "ML-1\n"}},
        {"issue": {"key": "ML-01"}},
    ],
)
def test_a_payload_without_an_issue_is_refused(payload: Any) -> None:
    with pytest.raises(Refused, match="names no issue"):
        read(payload, {})
