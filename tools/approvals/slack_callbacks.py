"""What Slack sends us: whether it is Slack that sends it, and what a person did there. Nothing here decides.

The same for the web framework, where a signature proves the sender, and for Socket Mode, where the connection does.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import parse_qs
from uuid import UUID

from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from slack_sdk.signature import SignatureVerifier

from graph.errors import Refused
from graph.model import Json
from tools.approvals.channel import Decided
from tools.approvals.slack_message import APPROVE, DENY, LONGEST_REASON, REASON
from tools.approvals.slack_text import line

STALE = timedelta(minutes=5)
_TIMESTAMP, _SIGNATURE = "x-slack-request-timestamp", "x-slack-signature"
_DECISIONS: dict[str, Decided] = {APPROVE: "approve", DENY: "deny"}


@dataclass(frozen=True, slots=True)
class Click:
    """A button that was pressed. `who` is `team/user`, by Slack's word; `approval` and `nonce` are as we wrote them."""

    nonce: str
    approval: str
    decision: Decided
    who: str
    channel: str
    ts: str
    trigger_id: str = field(repr=False)
    """Opens one form, within three seconds."""
    response_url: str = field(repr=False)
    """Takes five replies, for half an hour."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A deny with its reason, from the form that a click on Deny opened."""

    nonce: str
    approval: str
    who: str
    comment: str


class _Clock:
    def __init__(self, now: datetime) -> None:
        self._now = now.timestamp()

    def now(self) -> float:
        return self._now


def verify(signing_secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Return when Slack sent this body within five minutes of now. Refused says what is wrong: answer 401.

    A body that is sent again within that time passes: the row that a nonce names is what counts it once.
    """
    given = {name.lower(): value for name, value in headers.items()}
    timestamp, signature = given.get(_TIMESTAMP, ""), given.get(_SIGNATURE, "")
    if not timestamp or not signature:
        raise Refused("slack: the request is not signed", "only Slack may call this address")
    # As Slack writes it: what else int() takes is not for whoever checks a signature.
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        raise Refused("slack: the time of the request is no number", "only Slack may call this address")
    if abs(now.timestamp() - int(timestamp)) > STALE.total_seconds():
        raise Refused(
            "slack: the request is more than five minutes away from our clock", "set the clock of this machine by NTP"
        )
    if not _is_signed(signing_secret, timestamp, signature, body, now):
        raise Refused(
            "slack: the signature of the request is wrong",
            "AUTOPILOT_SLACK_SIGNING_SECRET must be the one of the app that sends it",
        )


def _is_signed(secret: str, timestamp: str, signature: str, body: bytes, now: datetime) -> bool:
    try:
        return SignatureVerifier(secret, _Clock(now)).is_valid(body, timestamp, signature)  # type: ignore[arg-type]
    except (ValueError, TypeError):  # bytes that are no text, a signature that is not ASCII
        return False


def payload(body: bytes) -> Json:
    """Return the document in a body that Slack sent as a form. Refused when there is none; says nothing of who sent."""
    try:
        given = parse_qs(body.decode(), strict_parsing=True, max_num_fields=10).get("payload", [])
        found = json.loads(given[0]) if len(given) == 1 else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Refused("slack: the request holds no payload", "the app's interactivity address is for nothing else")
    return found


_Id = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,30}$")]
_Short = Annotated[str, Field(min_length=1, max_length=1000)]


class _Named(BaseModel):
    id: _Id


class _User(_Named):
    team_id: _Id | None = None


class _Reference(BaseModel):
    approval: UUID
    nonce: UUID


class _Sent(BaseModel):
    user: _User
    team: _Named | None = None
    """None where the app is installed for a whole organisation."""

    @property
    def who(self) -> str:
        """Who did it. The person's own team: in a shared channel it is not that of the channel."""
        team = self.user.team_id or (self.team.id if self.team else None)
        if team is None:
            raise Refused("slack: the payload does not say which team the person is of", "answer on the web page")
        return f"{team}/{self.user.id}"


class _Action(BaseModel):
    action_id: Literal["autopilot_approve", "autopilot_deny"]
    value: Annotated[str, Field(max_length=2000)]


class _Container(BaseModel):
    message_ts: Annotated[str, Field(pattern=r"^\d{1,15}\.\d{1,10}$")]


class _Press(_Sent):
    type: Literal["block_actions"]
    actions: Annotated[list[_Action], Field(min_length=1, max_length=1)]
    channel: _Named
    container: _Container
    trigger_id: _Short
    response_url: _Short


class _Value(BaseModel):
    value: Annotated[str, Field(max_length=2 * LONGEST_REASON)] | None = None


class _Values(BaseModel):
    values: dict[str, dict[str, _Value]]


class _Form(BaseModel):
    callback_id: Literal["autopilot_reason"]
    private_metadata: Annotated[str, Field(max_length=3000)]
    state: _Values


class _Submission(_Sent):
    type: Literal["view_submission"]
    view: _Form


_PAYLOAD: TypeAdapter[_Press | _Submission] = TypeAdapter(Annotated[_Press | _Submission, Field(discriminator="type")])


def read(document: Json) -> Click | Reason:
    """Return what a person did, from the payload of an interaction. Refused, in words, for every other payload."""
    try:
        sent = _PAYLOAD.validate_python(document)
        return _click(sent) if isinstance(sent, _Press) else _reason(sent)
    except ValidationError as error:
        # Its places only: its values are what somebody sent.
        where = ", ".join(sorted({".".join(map(str, each["loc"])) or "type" for each in error.errors()}))
        kind = line(str(document.get("type")), 40)
        raise Refused(
            f"slack: a payload of type {kind} that is not understood ({line(where, 200)})",
            "answer with the buttons of a request, or on the web page",
        ) from None


def _click(sent: _Press) -> Click:
    action, known = sent.actions[0], _Reference.model_validate_json(sent.actions[0].value)
    return Click(
        nonce=str(known.nonce),
        approval=str(known.approval),
        decision=_DECISIONS[action.action_id],
        who=sent.who,
        channel=sent.channel.id,
        ts=sent.container.message_ts,
        trigger_id=sent.trigger_id,
        response_url=sent.response_url,
    )


def _reason(sent: _Submission) -> Reason:
    known = _Reference.model_validate_json(sent.view.private_metadata)
    given = sent.view.state.values.get(REASON, {}).get(REASON, _Value()).value or ""
    if not given.strip():
        raise Refused("slack: a deny needs a reason", "write why")
    return Reason(str(known.nonce), str(known.approval), sent.who, given.strip())


def shown_in_form(said: str) -> Json:
    """Return what a submitted form is answered with when its deny did not count: the words stand beside the field."""
    return {"response_action": "errors", "errors": {REASON: line(said, 1000)}}
