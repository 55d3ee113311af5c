"""Slack for the suite of the port Channel: our own server, and the emulator with either set of scopes."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from graph.model import Json
from tests.conformance import slack_emulator as emulated
from tests.conformance.places import Place, Shown
from tests.conformance.slack_emulator import SlackEmulator
from tests.fakes import slack_server as played
from tests.fakes.faulty_proxy import FaultyProxy
from tests.fakes.slack_server import SlackServer
from tools.approvals.channel import ChannelSite, Decided
from tools.approvals.slack import SlackChannel, SlackPart, make
from tools.limiter import Limiter

TOKEN, SECRET, APP_TOKEN = "xoxb-planted-bot", "planted-signing-secret", "xapp-planted-app"
SECRETS = (TOKEN, SECRET, APP_TOKEN)
TEAM = played.TEAM
NOWHERE = "http://127.0.0.1:9"
"""Nothing listens there."""
_MARKUP = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")


def slack(url: str, token: str = TOKEN, limiter: Limiter | None = None, **fields: Any) -> SlackChannel:
    """Return what a process makes of a configuration."""
    logins = {"AUTOPILOT_SLACK_TOKEN": token, "AUTOPILOT_SLACK_SIGNING_SECRET": SECRET}
    logins["AUTOPILOT_SLACK_APP_TOKEN"] = APP_TOKEN
    part = SlackPart(url=url, **{"channel": played.CHANNEL, **fields})
    return make(part, ChannelSite(limiter or Limiter(), logins))


def seen(message: dict[str, Any]) -> Shown:
    """Return a message as Slack shows it. What stands in <…> is taken for what Slack makes of it."""
    texts = [text for block in message["blocks"] for text in _texts(block)]
    pressed = [
        each["action_id"] for block in message["blocks"] for each in block.get("elements", []) if "value" in each
    ]
    called = [found[1] for text in texts for found in _MARKUP.finditer(text) if found[1][0] in "@!#"]
    people = tuple(f"{TEAM}/{each[1:]}" if each[0] == "@" else each for each in called)
    text = "\n".join(map(read, texts))
    return Shown(text, pressed == ["autopilot_approve", "autopilot_deny"], people)


def read(text: str) -> str:
    """Return a text as a person reads it; of a link its address as well."""
    return html.unescape(_MARKUP.sub(lambda found: f"{found[1]} {found[2] or ''}".strip(), text))


def _texts(block: dict[str, Any]) -> list[str]:
    shown = [*block.get("fields", []), *block.get("elements", []), *([block["text"]] if "text" in block else [])]
    for each in shown:
        assert each["type"] != "mrkdwn" or each["verbatim"], "Slack makes mentions of plain words"
    return [each["text"] for each in shown if each["type"] == "mrkdwn"]


class SlackPlace:
    """What both have alike: messages with blocks, their metadata and threads."""

    hears = adopts = False
    rewrites = True
    people = (f"{TEAM}/U0G9QF9C6", f"{TEAM}/U0G9QF9C7")
    finds = False

    def messages(self) -> list[dict[str, Any]]:
        raise NotImplementedError

    def shown(self, nonce: str) -> list[Shown]:
        return [seen(each) for each in self.messages() if each["metadata"]["event_payload"]["nonce"] == nonce]

    def lines(self, known: Json) -> list[str]:
        below = [each for each in self.messages() if each.get("thread_ts") == known["id"]]
        return [_said(each) for each in below]

    def told(self) -> list[str]:
        plain = [each for each in self.messages() if each["metadata"]["event_type"] == "autopilot_line"]
        return [_said(each) for each in plain if "thread_ts" not in each]

    def hear(self, known: Json, who: str, decision: Decided, comment: str) -> None:
        raise AssertionError("clicks come by callback")


def _said(message: dict[str, Any]) -> str:
    shown = seen(message)
    return " ".join([*shown.called, shown.text])


class PlayedPlace(SlackPlace):
    finds = True

    def __init__(self, server: SlackServer) -> None:
        self._server = server

    @property
    def channel(self) -> SlackChannel:
        return slack(self._server.api, history=True)

    def messages(self) -> list[dict[str, Any]]:
        return self._server.messages

    def lose_a_reply(self) -> None:
        self._server.fail("reply lost")

    def go_away(self, away: bool = True) -> None:
        self._server.away = away


class EmulatedPlace(SlackPlace):
    def __init__(self, emulator: SlackEmulator, proxy: FaultyProxy, finds: bool) -> None:
        self._emulator, self._proxy = emulator, proxy
        self.finds = finds
        self._url = emulator.url

    @property
    def channel(self) -> SlackChannel:
        token = emulated.READS if self.finds else emulated.WRITES
        return slack(f"{self._url}/api", token, channel=emulated.CHANNEL, history=self.finds)

    def messages(self) -> list[dict[str, Any]]:
        found = self._emulator.messages()
        answered = [each["ts"] for each in found if each.get("reply_count")]
        return [*found, *(below for ts in answered for below in self._emulator.thread(ts))]

    def lose_a_reply(self) -> None:
        self._url, self._proxy.lose["POST"] = self._proxy.url, 1

    def go_away(self, away: bool = True) -> None:
        self._url = NOWHERE if away else self._emulator.url


@contextmanager
def slack_played(_: pytest.FixtureRequest) -> Iterator[Place]:
    with SlackServer(TOKEN, APP_TOKEN).running() as server:
        server.scopes = "chat:write,channels:history"
        yield PlayedPlace(server)


@contextmanager
def slack_emulated(request: pytest.FixtureRequest) -> Iterator[Place]:
    with _emulated(request, finds=False) as place:
        yield place


@contextmanager
def slack_emulated_and_read(request: pytest.FixtureRequest) -> Iterator[Place]:
    with _emulated(request, finds=True) as place:
        yield place


@contextmanager
def _emulated(request: pytest.FixtureRequest, finds: bool) -> Iterator[Place]:
    emulator: SlackEmulator = request.getfixturevalue("slack_server")
    with FaultyProxy(emulator.url).running() as proxy:
        yield EmulatedPlace(emulator, proxy, finds)
