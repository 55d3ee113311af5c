"""Every channel by name, and a hand on what is behind it: what the suite of the port runs on.

A factory is given the test's request, for its fixtures, and yields a Place. To add a channel, add one to CHANNELS.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from graph.errors import Unavailable
from graph.model import Json
from tests.conformance.jira_places import jira_played
from tests.conformance.places import Place, Shown
from tests.conformance.slack_places import slack_emulated, slack_emulated_and_read, slack_played
from tests.fakes.channel import FakeChannel
from tools.approvals.channel import Decided, Heard, Notice


class FakePlace:
    finds = hears = rewrites = True
    adopts = False
    people = ("fake/ana", "fake/bo")

    def __init__(self) -> None:
        self.channel = FakeChannel()

    def shown(self, nonce: str) -> list[Shown]:
        return [_as_shown(notice) for notice in self.channel.shows.values() if notice.nonce == nonce]

    def lines(self, known: Json) -> list[str]:
        return [" ".join([*call, text]) for at, _, text, call in self.channel.said if at == known["id"]]

    def told(self) -> list[str]:
        told = zip(self.channel.told, self.channel.called, strict=True)
        return [" ".join([*call, text]) for (_, text), call in told]

    def hear(self, known: Json, who: str, decision: Decided, comment: str) -> None:
        shown = self.channel.shows[known["id"]]
        self.channel.hear(known, Heard(who, decision, shown.expires_at, comment))

    def lose_a_reply(self) -> None:
        self.channel.replies_to_lose = 1

    def go_away(self, away: bool = True) -> None:
        self.channel.away = Unavailable("the fake channel is away", "wait") if away else None


def _as_shown(notice: Notice) -> Shown:
    numbers = [part for number in notice.numbers for part in number]
    parts = [notice.headline, notice.model, notice.champion or "none", notice.challenger, *numbers, *notice.doubts]
    parts += [notice.fingerprint[:12], notice.said, notice.link or "", notice.run]
    pending = notice.state == "pending"
    return Shown("\n".join(parts), pending, notice.call if pending else ())


@contextmanager
def fake(_: pytest.FixtureRequest) -> Iterator[Place]:
    yield FakePlace()


CHANNELS: dict[str, Callable[[pytest.FixtureRequest], AbstractContextManager[Place]]] = {
    "fake": fake,
    "slack played": slack_played,
    "slack emulated": slack_emulated,
    "slack emulated and read": slack_emulated_and_read,
    "jira played": jira_played,
}
