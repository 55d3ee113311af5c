"""Jira for the suite of the port Channel: an issue as a person reads it, and people who move it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from graph.model import Json
from tests.conformance.jira_system import ANA, BEN, JiraSystem, jira
from tests.conformance.places import Place, Shown
from tests.fakes.jira_server import Issue
from tools.approvals.channel import Decided
from tools.approvals.jira import JiraChannel
from tools.approvals.jira_document import lines

NOWHERE = "http://127.0.0.1:9"
"""Nothing listens there."""
_CLOSED = "Moving this issue changes nothing any more."


class JiraPlace:
    finds = hears = adopts = True
    rewrites = False
    people = (ANA.account, BEN.account)

    def __init__(self, system: JiraSystem) -> None:
        self._system = system
        self._url = system.server.url

    @property
    def channel(self) -> JiraChannel:
        return self._system.another(url=self._url)

    def shown(self, nonce: str) -> list[Shown]:
        return [_seen(issue) for issue in self._system.server.of(nonce)]

    def lines(self, known: Json) -> list[str]:
        return [_text(each) for each in self._system.issue(known).comments if not _tells_the_state(each)]

    def told(self) -> list[str]:
        return []

    def hear(self, known: Json, who: str, decision: Decided, comment: str) -> None:
        issue = self._system.issue(known)
        self._system.server.remark(issue, who, comment)
        self._system.server.move(issue, {"approve": "Approved", "deny": "Denied"}[decision], who)

    def lose_a_reply(self) -> None:
        self._system.server.fault("reply lost", "CREATE")

    def go_away(self, away: bool = True) -> None:
        self._url = NOWHERE if away else self._system.server.url


def _seen(issue: Issue) -> Shown:
    said = [_text(each) for each in issue.comments if _tells_the_state(each)]
    text = "\n".join([issue.fields["summary"], *lines(issue.fields["description"]), *said])
    called = [node["attrs"]["id"] for node in _nodes(issue.fields["description"]) if node["type"] == "mention"]
    return Shown(text, _CLOSED not in text, tuple(called))


def _text(comment: Json) -> str:
    return "\n".join(lines(comment["body"]))


def _tells_the_state(comment: Json) -> bool:
    """Whether it says how the request stands, and is no line that somebody had said."""
    marks = [each["value"]["mark"] for each in comment["properties"]]
    return not all(_is_nonce(mark) for mark in marks)


def _is_nonce(mark: str) -> bool:
    try:
        UUID(mark)
    except ValueError:
        return False
    return True


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    for each in node.get("content", []):
        yield from _nodes(each)


@contextmanager
def jira_played(_: pytest.FixtureRequest) -> Iterator[Place]:
    with jira() as system:
        yield JiraPlace(system)
