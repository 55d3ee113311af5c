"""What Slack sends when people press and submit, by its own documentation."""

import json
from typing import Any

from tools.approvals.slack_message import APPROVE, DENY, REASON

APPROVAL, NONCE = "6f1c5a8e-6b0e-5b2b-9f0e-1d2c3b4a5f60", "0b8f3c5e-1f6d-4f0a-9a51-7a4a0d7a1c11"
REFERENCE = json.dumps({"approval": APPROVAL, "nonce": NONCE})
USER = {"id": "U0G9QF9C6", "username": "ana", "name": "ana", "team_id": "T024BE7LD"}
TEAM = {"id": "T024BE7LD", "domain": "acme"}


def press(action: str = APPROVE, value: str = REFERENCE, **changes: Any) -> dict[str, Any]:
    """Return what a pressed button brings."""
    pressed = {
        "action_id": action,
        "block_id": "b1",
        "type": "button",
        "value": value,
        "action_ts": "1548426417.840180",
    }
    return {
        "type": "block_actions",
        "team": TEAM,
        "user": USER,
        "api_app_id": "A02",
        "token": "Shh_its_a_seekrit",
        "container": {"type": "message", "message_ts": "1548261231.000200", "channel_id": "C024BE91L"},
        "trigger_id": "12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3",
        "channel": {"id": "C024BE91L", "name": "ml-approvals"},
        "message": {"type": "message", "text": "x"},
        "response_url": "https://hooks.slack.com/actions/T024BE7LD/1/x",
        "actions": [pressed],
        **changes,
    }


def submission(value: str | None = "too slow", reference: str = REFERENCE, **changes: Any) -> dict[str, Any]:
    """Return what a submitted form brings."""
    return {
        "type": "view_submission",
        "team": TEAM,
        "user": USER,
        "trigger_id": "1.2.3",
        "view": {
            "id": "V1",
            "type": "modal",
            "callback_id": REASON,
            "private_metadata": reference,
            "state": {"values": {REASON: {REASON: {"type": "plain_text_input", "value": value}}}},
        },
        **changes,
    }


def nested(depth: int) -> str:
    """Return a JSON document of that depth."""
    return "[" * depth + "]" * depth


__all__ = ["APPROVAL", "APPROVE", "DENY", "NONCE", "REFERENCE", "TEAM", "USER", "nested", "press", "submission"]
