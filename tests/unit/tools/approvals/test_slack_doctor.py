"""What `doctor` says of a Slack app."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from graph.errors import Misconfigured
from tests.conformance.slack_places import APP_TOKEN, SECRET, SECRETS, TOKEN
from tests.fakes.slack_server import CHANNEL, SlackServer
from tools import catalogue
from tools.approvals.channel import ChannelSite
from tools.approvals.slack import LOGINS
from tools.limiter import Limiter
from tools.plugins import Finding

GIVEN = dict(zip(LOGINS, (TOKEN, SECRET, APP_TOKEN), strict=True))


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with SlackServer(TOKEN, APP_TOKEN).running() as running:
        running.connects_to = "ws://127.0.0.1:9/link"
        yield running


def examined(server: SlackServer, logins: dict[str, str] | None = None, **fields: Any) -> list[Finding]:
    plugin = catalogue.channel("slack")
    part = plugin.written(**{"url": server.api, "channel": CHANNEL, **fields})
    site = ChannelSite(Limiter(), GIVEN if logins is None else logins)
    found = list(plugin.examine(part, site, datetime.now(UTC)))
    assert [secret for secret in SECRETS if secret in repr(found)] == []
    assert all(each.hint for each in found if each.state != "ok")
    return found


def test_an_app_with_what_is_needed_is_well(server: SlackServer) -> None:
    found = examined(server)
    assert [each.state for each in found] == ["ok"] * len(found)
    said = "\n".join(each.detail for each in found)
    for words in (
        "autopilot in Acme (T024BE7LD)",
        "chat:write and no other",
        CHANNEL,
        "agrees",
        "SIGNING_SECRET is set",
    ):
        assert words in said
    assert server.messages == []


@pytest.mark.parametrize(
    ("scopes", "history", "state", "words"),
    [
        ("chat:write,channels:history", True, "ok", "channels:history, chat:write and no other"),
        ("chat:write,groups:history", False, "warning", "more than it needs: groups:history"),
        ("chat:write, channels:history", False, "warning", "more than it needs: channels:history"),
        ("chat:write,channels:history,users:read,admin", True, "warning", "more than it needs: admin, users:read"),
        ("users:read", False, "failed", "lacks chat:write"),
        ("", False, "failed", "lacks chat:write"),
        (None, False, "warning", "does not say which scopes"),
    ],
)
def test_scopes_are_exactly_what_is_needed(
    server: SlackServer, scopes: str | None, history: bool, state: str, words: str
) -> None:
    server.scopes = scopes
    assert [each.state for each in examined(server, history=history) if words in each.detail] == [state]


def test_a_bot_that_may_not_read_is_told_so(server: SlackServer) -> None:
    with pytest.raises(Misconfigured, match="channels:history"):
        examined(server, history=True)


def test_a_channel_that_is_not_there_is_for_a_person_to_correct(server: SlackServer) -> None:
    with pytest.raises(Misconfigured, match="channel_not_found") as error:
        examined(server, channel="C0NOWHERE")
    assert "channels.slack.channel" in error.value.hint


@pytest.mark.parametrize("skew", [timedelta(minutes=2), -timedelta(minutes=10)])
def test_a_clock_that_is_off_is_told(server: SlackServer, skew: timedelta) -> None:
    server.skew = skew
    assert [each.state for each in examined(server) if "every click is refused" in each.hint] == ["warning"]


@pytest.mark.parametrize(
    ("missing", "socket_mode", "words"),
    [
        ("AUTOPILOT_SLACK_SIGNING_SECRET", False, "no click can be believed"),
        ("AUTOPILOT_SLACK_APP_TOKEN", True, "no click reaches us"),
    ],
)
def test_what_clicks_come_by_is_looked_at(server: SlackServer, missing: str, socket_mode: bool, words: str) -> None:
    logins = {name: value for name, value in GIVEN.items() if name != missing}
    found = examined(server, logins, socket_mode=socket_mode)
    assert [each.state for each in found if words in each.detail] == ["failed"]
    assert [each for each in examined(server, logins, socket_mode=not socket_mode) if each.state == "failed"] == []


def test_socket_mode_is_tried(server: SlackServer) -> None:
    assert "Slack lets us open a connection for Socket Mode" in [
        each.detail for each in examined(server, socket_mode=True)
    ]
    with pytest.raises(Misconfigured, match="invalid_auth") as error:
        examined(server, {**GIVEN, "AUTOPILOT_SLACK_APP_TOKEN": "xapp-wrong"}, socket_mode=True)
    assert "xapp-wrong" not in str(vars(error.value))
