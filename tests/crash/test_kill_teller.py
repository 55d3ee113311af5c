"""Kills the process that tells a channel, from outside, between a row and its message and between message and record.

What was delivered is counted where it was delivered: by the server that plays Slack or Jira.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from autopilot.serve.telling import Teller
from tests.conformance.jira_system import ANA, BOT
from tests.conformance.slack_places import TOKEN, seen
from tests.crash import tellers
from tests.crash.forks import until
from tests.crash.installation import Installation
from tests.databases import fresh_database
from tests.fakes.jira_server import JiraServer
from tests.fakes.slack_server import SlackServer
from tests.house import House, house
from tests.serving import FILE

pytestmark = pytest.mark.crash
ROUNDS = {"slack": 10, "slack that is not searched": 10, "jira": 20}
"""Twenty per channel."""


@dataclass
class Delivered:
    """A channel in autopilot.yaml, and what its server has of a request."""

    kind: str
    part: str
    searchable: bool
    logins: dict[str, str]
    shown: Callable[[str], list[str]]
    """Nonce → every message that asks for it, as its server keeps it."""
    closed: Callable[[str], list[str]]
    """Nonce → every place in which it is said that the request is closed."""


@contextmanager
def slack(history: bool) -> Iterator[Delivered]:
    with SlackServer(TOKEN).running() as server:
        server.scopes = "chat:write,channels:history"

        def shown(nonce: str) -> list[Any]:
            return [each for each in server.messages if each["metadata"]["event_payload"]["nonce"] == nonce]

        part = f"{{url: '{server.api}', channel: C024BE91L, history: {str(history).lower()}}}"
        yield Delivered(
            "slack",
            part,
            history,
            {"AUTOPILOT_SLACK_TOKEN": TOKEN},
            lambda nonce: [each["ts"] for each in shown(nonce)],
            lambda nonce: [each["ts"] for each in shown(nonce) if "approved by ana" in seen(each).text],
        )


@contextmanager
def jira() -> Iterator[Delivered]:
    with JiraServer(BOT, ANA).running() as server:
        yield Delivered(
            "jira",
            f"{{url: '{server.url}', project: ML, approved: [Approved], denied: [Denied]}}",
            True,
            {"AUTOPILOT_JIRA_USER": BOT.email, "AUTOPILOT_JIRA_TOKEN": BOT.token},
            lambda nonce: [issue.key for issue in server.of(nonce)],
            lambda nonce: [
                each["id"] for issue in server.of(nonce) for each in issue.comments if "approved by ana" in str(each)
            ],
        )


@dataclass
class Street:
    """A house whose requests go to one channel, and the processes that tell it."""

    site: Installation
    home: House
    channel: Delivered
    place: dict[str, str]
    folder: Path
    teller: Teller
    rounds: int

    def kill_at(self, point: str) -> None:
        """Start a process that tells the channel, and kill it at this boundary."""
        point = f"{self.channel.kind}.{point}"
        marker, output = self.folder / "stands", self.folder / "said.log"
        given = (self.place, self.channel.kind, point, str(marker))
        process = self.site.forks.start("tell", *given, environment=self.place, folder=self.folder, output=output)
        until(lambda: marker.exists() or process.ended(), f"{point}, or the end of the process")
        assert marker.exists(), f"it never came to {point}:\n{process.said()}"
        process.kill(int(marker.read_text()))
        marker.unlink()

    def tell(self) -> None:
        """Tell the channel, and live."""
        self.teller.turn()


@pytest.fixture(params=ROUNDS)
def street(request: pytest.FixtureRequest, site: Installation, tmp_path: Path) -> Iterator[Street]:
    opened = jira() if request.param == "jira" else slack(history=request.param == "slack")
    assert site.found.cluster
    with opened as channel, house(fresh_database(site.found.cluster), tmp_path / "work") as home:
        config = tmp_path / "autopilot.yaml"
        config.write_text(f"channels: {{{channel.kind}: {channel.part}}}\n{FILE}")
        rules = replace(home.spec[0].approval, channels=("cli", channel.kind))
        home.spec[0] = replace(home.spec[0], approval=rules)
        place = {"DATABASE_URL": home.dsn, "AUTOPILOT_CONFIG": str(config), **channel.logins}
        lives = Teller(tellers.desk(home.book, home.clock, place), channel.kind)
        yield Street(site, home, channel, place, tmp_path, lives, ROUNDS[request.param])


def test_killed_around_every_message_it_is_never_lost_and_never_asks_for_something_else(street: Street) -> None:
    """Delivered once; where a channel cannot be searched, once again with the same nonce, which asks for the same."""
    delivered: Counter[int] = Counter()
    for number in range(street.rounds):
        run = street.home.waiting()
        nonce = street.home.book.views.one(run, street.channel.kind)[0].nonce
        street.kill_at("looked")
        assert street.channel.shown(nonce) == []
        street.kill_at("posted")
        assert len(street.channel.shown(nonce)) == 1
        if number % 2:
            street.kill_at("noted")
        street.tell()
        shown = street.channel.shown(nonce)
        delivered[len(shown)] += 1
        street.home.say(run)
        assert street.channel.closed(nonce) == []
        if number % 2 == 0:
            street.kill_at("updated")
        street.tell()
        assert (street.channel.shown(nonce), len(street.channel.closed(nonce))) == (shown, 1)
    assert delivered == {1 if street.channel.searchable else 2: street.rounds}
