"""What belongs to Slack alone, on a stranger's Slack; and what docs/slack.md tells its reader to make there."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from graph.errors import Misconfigured, Refused
from tests.conformance import slack_emulator as emulated
from tests.conformance.slack_emulator import SlackEmulator
from tests.conformance.slack_places import slack
from tests.conformance.test_channel import notice
from tests.unit.tools.approvals.payloads import DENY, press
from tools.approvals.slack import LOGINS, SlackPart
from tools.approvals.slack_callbacks import Click, read
from tools.approvals.slack_doctor import WRITES

PAGE = (Path(__file__).parents[2] / "docs" / "slack.md").read_text("utf-8")


def test_a_deny_opens_one_form(slack_server: SlackEmulator) -> None:
    channel = slack(slack_server.api, emulated.WRITES)
    click = read(press(DENY, trigger_id=slack_server.trigger()))
    assert isinstance(click, Click)
    channel.ask_reason(click)
    with pytest.raises(Refused) as error:
        channel.ask_reason(click)
    assert "click again" in error.value.hint


def test_the_two_sets_of_scopes_are_enough_and_needed(slack_server: SlackEmulator) -> None:
    channel = slack(slack_server.api, emulated.WRITES, channel=emulated.CHANNEL, history=True)
    with pytest.raises(Misconfigured, match="it needs channels:history and has chat:write"):
        channel.find(notice())
    with pytest.raises(Misconfigured, match="it needs chat:write and has channels:history"):
        slack(slack_server.api, emulated.WATCHES, channel=emulated.CHANNEL).post(notice())


@pytest.mark.parametrize("history", [True, False])
def test_doctor_sees_the_bot_and_its_channel(slack_server: SlackEmulator, history: bool) -> None:
    token = emulated.READS if history else emulated.WRITES
    channel = slack(slack_server.api, token, channel=emulated.CHANNEL, history=history)
    found = list(channel.examine(datetime.now(UTC)))
    # It does not tell the scopes of a token as Slack does.
    assert [each.state for each in found] == ["ok", "ok", "warning", "ok", "ok"]
    assert "autopilot in Emulate" in found[0].detail


@pytest.mark.parametrize("history", [True, False])
def test_doctor_sees_that_a_channel_is_not_there(slack_server: SlackEmulator, history: bool) -> None:
    channel = slack(slack_server.api, emulated.READS, channel="C0NOWHERE", history=history)
    with pytest.raises(Misconfigured, match="channel_not_found"):
        list(channel.examine(datetime.now(UTC)))


def test_the_manifest_asks_for_what_is_needed() -> None:
    manifest = next(
        yaml.safe_load(each) for each in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "oauth" in each
    )
    assert manifest["oauth_config"] == {"scopes": {"bot": [WRITES]}}
    assert manifest["settings"]["interactivity"]["request_url"].endswith("/slack/interactions")
    # A token that is renewed every twelve hours would end the channel.
    assert manifest["settings"]["token_rotation_enabled"] is False


def test_the_page_names_every_field_and_variable() -> None:
    assert [name for name in (*SlackPart.model_fields, *LOGINS) if f"`{name}" not in PAGE] == []
