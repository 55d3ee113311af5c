"""An approval request as a Slack message, and the form that asks for a reason: what is shown, and in which blocks."""

import json
from typing import Any

from graph.model import Json
from graph.policy.words import moment
from tools.approvals.channel import Notice
from tools.approvals.slack_text import line, link, mentions, paragraphs

APPROVE, DENY = "autopilot_approve", "autopilot_deny"
REASON = "autopilot_reason"
"""The callback id of the form, and the id of its one field."""
REQUEST = "autopilot_approval"
"""The event type of the metadata of a request; the nonce stands in its payload."""
LONGEST_REASON = 1000
_PLAIN: Json = {"parse": "none", "link_names": False}
_QUIET: Json = {"unfurl_links": False, "unfurl_media": False}
_MOST_DOUBTS = 8
_MOST_SECTIONS = 40
"""Slack takes 50 blocks."""
_STATES = {"pending": "Waiting", "approved": "Approved", "denied": "Denied", "expired": "Expired", "voided": "Void"}


def request(notice: Notice) -> Json:
    """Return what chat.postMessage and chat.update are given for a request, less the channel."""
    pending = notice.state == "pending"
    headline = line(notice.headline, 600)
    state = f"*{_STATES[notice.state]}.* {line(notice.said, 1500)}"
    blocks = [_section(f"*{headline}*"), *_numbers(notice), *_doubts(notice), _section(state), *_links(notice)]
    blocks += [*_called(notice), _buttons(notice)] if pending else []
    text = headline if pending else state
    return {
        "text": f"{line(notice.model, 200)}: {text}",
        "blocks": [*blocks, _facts(notice)],
        "metadata": metadata(REQUEST, notice.nonce),
        **_PLAIN,
    }


def words(text: str, nonce: str, call: str = "") -> Json:
    """Return what chat.postMessage is given for a text of ours, less the channel. `call` are mentions."""
    pieces = [*([call] if call else []), *paragraphs(text, _MOST_SECTIONS)] or ["…"]
    return {
        "text": " ".join(pieces[:2]),
        "blocks": [_section(piece) for piece in pieces],
        "metadata": metadata("autopilot_line", nonce),
        **_PLAIN,
        **_QUIET,
    }


def posted(notice: Notice) -> Json:
    """Return a request as it is posted first: no page that it links to is fetched by Slack."""
    return {**request(notice), **_QUIET}


def metadata(event: str, nonce: str) -> Json:
    """Return what is written beside a message for programs."""
    return {"event_type": event, "event_payload": {"nonce": nonce}}


def form(approval: str, nonce: str) -> Json:
    """Return the form that asks who denies for a reason."""
    field = {"type": "plain_text_input", "action_id": REASON, "multiline": True, "max_length": LONGEST_REASON}
    return {
        "type": "modal",
        "callback_id": REASON,
        "private_metadata": _reference(approval, nonce),
        "title": _text("Deny this request"),
        "submit": _text("Deny"),
        "close": _text("Back"),
        "blocks": [{"type": "input", "block_id": REASON, "label": _text("Why?"), "element": field}],
    }


def _reference(approval: str, nonce: str) -> str:
    return json.dumps({"approval": approval, "nonce": nonce})


def _text(words: str) -> Json:
    return {"type": "plain_text", "text": words}


def _section(text: str) -> Json:
    return {"type": "section", "text": _shown(text)}


def _shown(text: str) -> Json:
    # Verbatim: else Slack makes mentions and links of plain words.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _numbers(notice: Notice) -> list[Json]:
    fields = [_shown(f"{line(name, 200)}\n*{line(value, 200)}*") for name, value in notice.numbers[:3]]
    return [{"type": "section", "fields": fields}] if fields else []


def _doubts(notice: Notice) -> list[Json]:
    if not notice.doubts:
        return []
    shown = [f"• {line(doubt, 280)}" for doubt in notice.doubts[:_MOST_DOUBTS]]
    more = len(notice.doubts) - len(shown)
    return [_section("\n".join(["*Doubts*", *shown, *([f"• and {more} more in the report"] if more else [])]))]


def _called(notice: Notice) -> list[Json]:
    names = mentions(notice.call)
    return [_section(f"{names} – please decide.")] if names else []


def _links(notice: Notice) -> list[Json]:
    shown = [
        link(address, said) for address, said in ((notice.link, "The whole report"), (notice.trace, "Trace")) if address
    ]
    return [_section(" · ".join(shown))] if shown else []


def _facts(notice: Notice) -> Json:
    change = f"champion {line(notice.champion or 'none', 60)} → challenger {line(notice.challenger, 60)}"
    until = f" · until {moment(notice.expires_at)}" if notice.state == "pending" else ""
    told = f"{line(notice.model, 130)} · {change} · run {line(notice.run, 60)}"
    sealed = f"fingerprint `{line(notice.fingerprint[:12], 12)}`{until}"
    return {"type": "context", "elements": [_shown(told), _shown(sealed)]}


def _buttons(notice: Notice) -> Json:
    reference = _reference(notice.approval, notice.nonce)
    return {
        "type": "actions",
        "elements": [_button(APPROVE, "Approve", "primary", reference), _button(DENY, "Deny", "danger", reference)],
    }


def _button(action: str, label: str, style: str, value: str) -> dict[str, Any]:
    return {"type": "button", "action_id": action, "style": style, "text": _text(label), "value": value}
