"""What Jira's webhook sends: no answer, but a hint that an issue is worth reading again."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graph.errors import Misconfigured, Refused

SECRET = "AUTOPILOT_JIRA_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable
_SIGNATURE = "x-hub-signature"
_DELIVERY = "x-atlassian-webhook-identifier"
_KEY = re.compile(r"[A-Z][A-Z0-9_]{1,31}-[1-9][0-9]{0,11}")
_LONGEST_DELIVERY = 200


@dataclass(frozen=True, slots=True)
class Hint:
    """An issue that changed, by its key, and the delivery: Jira sends one again under the same name."""

    issue: str
    delivery: str
    """Empty where the sender names none."""


def verify(secret: str, headers: Mapping[str, str], body: bytes) -> None:
    """Return when the body is signed with our secret. Refused when not, Misconfigured when there is no secret."""
    if not secret:
        # Whoever knows that there is none could sign with nothing.
        raise Misconfigured(f"jira: {SECRET} is not set, so no webhook is believed", "set it; docs/jira.md says how")
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    # As bytes: a text with other letters than ASCII cannot be compared in constant time.
    if not hmac.compare_digest(_header(headers, _SIGNATURE).encode(errors="replace"), expected.encode()):
        raise Refused(
            "a webhook of Jira has no signature, or not ours",
            f"the webhook's secret in Jira must be that of {SECRET}; nothing is lost: the issue is read regularly",
        )


def read(payload: Any, headers: Mapping[str, str]) -> Hint:
    """Return which issue to read again. Refused when the payload names none."""
    about = payload.get("issue") if isinstance(payload, dict) else None
    key = about.get("key") if isinstance(about, dict) else None
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise Refused("a webhook of Jira names no issue", "let it send “issue updated” alone: docs/jira.md")
    return Hint(key, _header(headers, _DELIVERY)[:_LONGEST_DELIVERY])


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for given, value in headers.items() if given.lower() == name), "")
