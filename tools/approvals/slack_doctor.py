"""Looks a Slack app over for `autopilot doctor`: who it is there, and whether it may do what is needed and no more."""

from collections.abc import Iterator
from datetime import datetime

from tools.approvals.slack_client import SlackApi
from tools.approvals.slack_socket import open_address
from tools.limiter import Limiter
from tools.plugins import Finding
from tools.skew import clock

WRITES, READS = "chat:write", frozenset({"channels:history", "groups:history"})
_NEVER = "1.000000"
"""The time of a message that no channel has."""


def look_over(
    api: SlackApi, channel: str, history: bool, signing_secret: str, app_token: str | None, now: datetime
) -> Iterator[Finding]:
    """Yield what is to be said of a bot, its scopes and its channel, changing nothing. `app_token`: in Socket Mode."""
    answer = api.call("slack", api.web.auth_test)
    bot, team, number = (api.line(answer.document.get(part)) for part in ("user", "team", "team_id"))
    yield Finding("ok", f"Slack at {api.url} knows us as {bot} in {team} ({number})")
    yield clock(answer.at, now, "with more than five minutes between them every click is refused")
    yield from _scopes(answer.scopes, history)
    yield _channel(api, channel, history)
    yield _socket(api.url, app_token) if app_token is not None else _signature(signing_secret)


def _scopes(scopes: frozenset[str] | None, history: bool) -> Iterator[Finding]:
    if scopes is None:
        yield Finding("warning", "Slack does not say which scopes the bot has", "compare them with docs/slack.md")
        return
    reads = scopes & READS
    missing = {WRITES} - scopes | ({"channels:history"} if history and not reads else set())
    more = scopes - {WRITES} - (reads if history else frozenset())
    if missing:
        hint = "add them to the app and install it again: docs/slack.md"
        yield Finding("failed", f"the bot lacks {', '.join(sorted(missing))}", hint)
    if more:
        yield Finding(
            "warning", f"the bot may do more than it needs: {', '.join(sorted(more))}", "take it from the app"
        )
    if not missing and not more:
        yield Finding("ok", f"the bot has {', '.join(sorted(scopes))} and no other scope")


def _channel(api: SlackApi, channel: str, history: bool) -> Finding:
    """Ask for a message that is not there: what needs no scope tells as well whether the channel is."""
    if history:
        api.call("slack", api.web.conversations_history, channel=channel, limit=1)
        return Finding("ok", f"the bot reads channel {channel}")
    api.call("slack", api.web.chat_getPermalink, expected=("message_not_found",), channel=channel, message_ts=_NEVER)
    return Finding("ok", f"the bot sees channel {channel}; whether it is a member shows with the first message")


def _signature(secret: str) -> Finding:
    if not secret:
        hint = "set it: the app's page shows it under Basic Information; or socket_mode: true"
        return Finding("failed", "AUTOPILOT_SLACK_SIGNING_SECRET is not set: no click can be believed", hint)
    return Finding("ok", "AUTOPILOT_SLACK_SIGNING_SECRET is set; whether it is the app's shows with the first click")


def _socket(url: str, token: str) -> Finding:
    if not token:
        hint = "make an app-level token with connections:write, or socket_mode: false"
        return Finding("failed", "AUTOPILOT_SLACK_APP_TOKEN is not set: no click reaches us", hint)
    open_address(SlackApi(url, token, Limiter()))
    return Finding("ok", "Slack lets us open a connection for Socket Mode")
