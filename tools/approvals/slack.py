"""Asks people in a Slack channel: one message with two buttons per request, kept as the row in the ledger stands.

Slack has no key that makes a second message impossible. Both carry the same nonce, so a second one asks the same.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from threading import Event
from typing import Annotated, Any

from pydantic import Field, field_validator
from slack_sdk.web import SlackResponse

from graph.errors import Misconfigured, Unavailable
from graph.model import Json
from tools.address import Address, is_in_the_clear
from tools.approvals import slack_callbacks, slack_socket
from tools.approvals.channel import ChannelPart, ChannelPlugin, ChannelSite, Heard, Notice
from tools.approvals.slack_callbacks import Click
from tools.approvals.slack_client import SLACK, Answer, SlackApi
from tools.approvals.slack_doctor import look_over
from tools.approvals.slack_message import REQUEST, form, posted, request, words
from tools.approvals.slack_text import line, mentions
from tools.plugins import Finding, printable_token

KIND = "slack"
_TOKEN, _SECRET, _APP_TOKEN = LOGINS = (
    "AUTOPILOT_SLACK_TOKEN",
    "AUTOPILOT_SLACK_SIGNING_SECRET",
    "AUTOPILOT_SLACK_APP_TOKEN",
)
_PAGE, _MOST_PAGES = 200, 5
_LONGEST_ANSWER = 2900


class SlackPart(ChannelPart):
    """A Slack channel, by its id, in which people are asked."""

    channel: Annotated[str, Field(pattern=r"^[CG][A-Z0-9]{2,30}$")]
    """The id at the end of the channel's details: C…, or G… where it is an old private one."""
    url: Address = SLACK
    """Where Slack's Web API is."""
    socket_mode: bool = False
    """Whether clicks come over a connection that we open, for a site that Slack cannot reach."""
    history: bool = False
    """Whether the app may read the channel (channels:history): a message whose answer was lost is then found again."""

    @field_validator("url")
    @classmethod
    def _closed(cls, value: str) -> str:
        if is_in_the_clear(value):
            raise ValueError("the token would be sent in the clear; use https")
        return value


class SlackChannel:
    """Port Channel. Clicks come by callback: `verify` and `slack_callbacks.read` them, or `listen`."""

    kind = KIND

    def __init__(self, api: SlackApi, part: SlackPart, logins: Mapping[str, str]) -> None:
        self._api = api
        self._part = part
        self._logins = logins

    def __repr__(self) -> str:
        return f"SlackChannel({self._part.channel} at {self._part.url})"

    def find(self, notice: Notice) -> Json | None:
        """Look for our message with this nonce among the newest thousand; None where we may not read the channel."""
        if not self._part.history:
            return None
        us = self._call(notice.model, self._api.web.auth_test).document.get("user_id")
        cursor = ""
        for _ in range(_MOST_PAGES):
            page = self._page(notice.model, cursor)
            for message in page.get("messages") or []:
                # Others may write the same beside a message of theirs.
                if message.get("user") == us and _nonce(message) == notice.nonce:
                    return self._known(notice.model, message)
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
        return None

    def post(self, notice: Notice) -> Json:
        """Post the message. Return its id there, and its channel."""
        answer = self._post(notice.model, posted(notice))
        return self._known(notice.model, answer.document)

    def update(self, known: Json, notice: Notice) -> None:
        """Write the message anew."""
        where = {"channel": known["channel"], "ts": known["id"]}
        self._call(notice.model, self._api.web.chat_update, **where, **request(notice))

    def say(self, known: Json, nonce: str, text: str, call: Sequence[str]) -> None:
        """Answer in the message's thread."""
        message = words(text, nonce, mentions(call))
        self._post(KIND, {**message, "channel": known["channel"], "thread_ts": known["id"]})

    def tell(self, nonce: str, text: str, call: Sequence[str]) -> None:
        """Write into the channel."""
        self._post(KIND, words(text, nonce, mentions(call)))

    def heard(self, known: Json, notice: Notice) -> Sequence[Heard]:
        """Return nothing: clicks come by callback."""
        return ()

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        """Return when Slack sent this to us. Refused says what is wrong; Misconfigured without a signing secret."""
        secret = _login(self._logins, _SECRET, "the app's page shows it under Basic Information")
        slack_callbacks.verify(secret, headers, body, now)

    def listen(self, handle: slack_socket.Handle, stop: Event, greeted: Callable[[], None] = lambda: None) -> None:
        """Hand on what people do over Socket Mode, until `stop` is set; `greeted` is called for every connection."""
        token = _login(self._logins, _APP_TOKEN, "make an app-level token with connections:write")
        slack_socket.listen(token, self._part.url, handle, stop, greeted)

    def ask_reason(self, click: Click) -> None:
        """Open the form that asks who pressed Deny for a reason. Refused when the click is older than three seconds."""
        self._call(KIND, self._api.web.views_open, trigger_id=click.trigger_id, view=form(click.approval, click.nonce))

    def answer(self, response_url: str, text: str) -> None:
        """Say something to the person who clicked, and to nobody else."""
        said = {"response_type": "ephemeral", "replace_original": False, "text": line(text, _LONGEST_ANSWER)}
        self._api.reply(KIND, response_url, said)

    def examine(self, now: datetime) -> Iterator[Finding]:
        """Look at the bot, its scopes and its channel, and at what clicks come by."""
        secret, token = self._logins.get(_SECRET, ""), self._logins.get(_APP_TOKEN, "")
        app_token = token if self._part.socket_mode else None
        return look_over(self._api, self._part.channel, self._part.history, secret, app_token, now)

    def _post(self, about: str, message: Json) -> Answer:
        return self._call(about, self._api.web.chat_postMessage, **{"channel": self._part.channel, **message})

    def _page(self, about: str, cursor: str) -> Json:
        method, where = self._api.web.conversations_history, {"channel": self._part.channel, "limit": _PAGE}
        return self._call(about, method, **where, cursor=cursor or None, include_all_metadata=True).document

    def _known(self, about: str, message: Json) -> Json:
        if not isinstance(message.get("ts"), str):
            raise Unavailable(f"{about}: Slack at {self._part.url} answers without the message", "try again later")
        return {"id": message["ts"], "channel": message.get("channel") or self._part.channel}

    def _call(self, about: str, method: Callable[..., SlackResponse], **arguments: Any) -> Answer:
        return self._api.call(about, method, **arguments)


def _nonce(message: Json) -> object:
    written = message.get("metadata") or {}
    return (written.get("event_payload") or {}).get("nonce") if written.get("event_type") == REQUEST else None


def _login(logins: Mapping[str, str], variable: str, hint: str) -> str:
    token = logins.get(variable)
    if not token:
        raise Misconfigured(f"slack: {variable} is not set", f"{hint}; docs/slack.md says how")
    return printable_token(token, variable, KIND)


def make(part: SlackPart, site: ChannelSite) -> SlackChannel:
    """Return the channel. Misconfigured without the bot's token."""
    token = _login(site.logins, _TOKEN, "the app's page shows it under OAuth & Permissions")
    return SlackChannel(SlackApi(part.url, token, site.limiter), part, site.logins)


CHANNEL = ChannelPlugin(SlackPart, make, lambda part, site, now: make(part, site).examine(now), LOGINS, person=KIND)
