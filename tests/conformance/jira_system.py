"""A Jira channel over the contract fake, with a hand on both."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from tests.conformance.remote_systems import Patience
from tests.fakes.jira_server import ASKS, PROJECT, Issue, JiraServer, User
from tools.approvals.channel import ChannelSite, Notice
from tools.approvals.jira import JiraChannel, JiraPart
from tools.approvals.jira_callbacks import SECRET
from tools.approvals.jira_site import TOKEN, USER, JiraSite, Login
from tools.limiter import Limiter

BOT = User("bot-1", "bot@example.com", "planted-0-token", ASKS)
ANA = User("ana-2", "ana@example.com", "planted-1-token")
BEN = User("ben-3", "ben@example.com", "planted-2-token")
RULE = User("rule-4", "rule@example.com", "planted-3-token", kind="app")
SECRETS = (BOT.token, Login(BOT.email, BOT.token).encoded)


def notice(**changes: Any) -> Notice:
    """Return a request that is like no other."""
    usual = Notice(
        nonce=str(uuid4()),
        approval=str(uuid4()),
        run=str(uuid4()),
        model="fraud-v1",
        champion="3",
        challenger="7",
        headline="Promote the challenger: it is better by 0.021 of roc_auc",
        numbers=(("roc_auc", "+0.021 (0.012 to 0.030)"), ("rows", "40000")),
        doubts=("the slice merchant=gas was too small to judge",),
        fingerprint="0123456789abcdef" * 4,
        expires_at=datetime(2026, 12, 1, tzinfo=UTC),
        state="pending",
        said="0 of 1 approved, until 2026-12-01T00:00:00Z",
        link="https://autopilot.example/runs/1",
    )
    return replace(usual, **changes)


class JiraSystem:
    """The channel, the server behind it, and people who use Jira."""

    def __init__(self, server: JiraServer) -> None:
        self.server = server
        self.patience = Patience()
        self.channel = self.another()

    def part(self, **changes: Any) -> JiraPart:
        usual = {"url": self.server.url, "project": PROJECT, "approved": ["Approved"], "denied": ["Denied"]}
        return JiraPart(**{**usual, **changes})

    def given(self, **logins: str) -> ChannelSite:
        limiter = Limiter(self.patience.clock, self.patience.sleep)
        return ChannelSite(limiter, {USER: BOT.email, TOKEN: BOT.token, SECRET: "signs", **logins})

    def another(
        self,
        token: str = BOT.token,
        timeout_s: float = 30.0,
        pauses_s: tuple[float, ...] = (0.01, 0.05),
        url: str | None = None,
        **changes: Any,
    ) -> JiraChannel:
        """Return what another process would make of the same configuration, or of one that differs by these options."""
        limiter = Limiter(self.patience.clock, self.patience.sleep)
        site = JiraSite(url or self.server.url, Login(BOT.email, token), limiter, timeout_s=timeout_s)
        return JiraChannel(site, self.part(**changes), pauses_s)

    def issue(self, known: Any) -> Issue:
        return next(each for each in self.server.issues if each.key == known["id"])


@contextmanager
def jira() -> Iterator[JiraSystem]:
    with JiraServer(BOT, ANA, BEN, RULE).running() as server:
        yield JiraSystem(server)
