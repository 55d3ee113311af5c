"""A fleet with one incident, `autopilot serve` over it, and what is around it: Slack, Jira, people with tokens."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from checkpoints.embedded.cluster import EmbeddedPostgres
from tests.acceptance.desk import ROOT, Desk
from tests.acceptance.stage import NO_TRACING
from tests.conformance import slack_emulator
from tests.conformance.jira_system import ANA, BEN, BOT
from tests.conformance.slack_emulator import SlackEmulator
from tests.crash import stub_training
from tests.databases import fresh_database
from tests.fakes.jira_server import PROJECT, JiraServer
from tests.prometheus_servers import free_port, running

MODELS = tuple(f"door-{number}" for number in range(6))
WATCHED = "door-watched"
"""A model whose checks decide and do not act."""
TEAM = "T000000001"
SLACK = {"ana": "U0000000AN", "ben": "U0000000BE"}
JIRA = {"ana": ANA.account, "ben": BEN.account}
ROLES = {"ana": "approver", "ben": "approver", "otto": "operator", "alertmanager": "operator"}
SLACK_SECRET, JIRA_SECRET = "planted-slack-signing", "planted-jira-webhook"
PATIENCE_S = 120.0


@dataclass(frozen=True)
class Town:
    """What is served, and what is around it."""

    desk: Desk
    origin: str
    tokens: dict[str, str]
    slack: SlackEmulator
    jira: JiraServer

    def client(self, person: str | None = None, **headers: str) -> httpx.Client:
        """Return an HTTP client of the doors, with a person's token if one is named."""
        given = {"Authorization": f"Bearer {self.tokens[person]}"} if person else {}
        return httpx.Client(base_url=self.origin, headers=given | headers, trust_env=False, timeout=60)

    def waiting(self) -> dict[str, str]:
        """Have each of MODELS checked, trained and compared; return its run, which waits for an answer then."""
        with self.client("otto") as otto:
            runs = {model: otto.post("/runs", json={"model": model}).json()["run"] for model in MODELS}
            until(lambda: len(stub_training.asked(self.desk.folder)), len(MODELS))
            _fleet(self.desk, "train")
            for run in runs.values():
                until(lambda run=run: otto.get(f"/runs/{run}").json()["status"], "awaiting_approval")  # type: ignore[misc]
        return runs


@contextmanager
def served(desk: Desk, slack: SlackEmulator) -> Iterator[Town]:
    """Yield a town of models that something has happened to, the same to each, and nobody has looked yet."""
    with JiraServer(BOT, ANA, BEN).running() as jira:
        port = free_port()
        origin = f"http://127.0.0.1:{port}"
        today = datetime.now(UTC).date()
        stub_training.prepare(desk.folder)
        _fleet(desk, "build", str(today), *MODELS, WATCHED)
        desk = desk.with_environment(**_environment(desk))
        desk.write(_file(desk.folder, today, origin, slack, jira))
        tokens = {name: desk.ask("token", name, "--role", role)["token"] for name, role in ROLES.items()}
        command = [sys.executable, "-P", "-m", "autopilot", "serve", "--port", str(port)]
        environment = {**desk.variables(), "PYTHONPATH": str(ROOT)}
        with running(command, desk.folder / "serve.log", f"{origin}/healthz", environment):
            yield Town(desk, origin, tokens, slack, jira)


def _environment(desk: Desk) -> dict[str, str]:
    """Return what every process is given. The ledger is a database of its own: other tests' runs are not ours."""
    return {
        **NO_TRACING,
        "DATABASE_URL": fresh_database(EmbeddedPostgres(desk.home / "postgres")),
        "AUTOPILOT_SLACK_TOKEN": slack_emulator.WRITES,
        "AUTOPILOT_SLACK_SIGNING_SECRET": SLACK_SECRET,
        "AUTOPILOT_JIRA_USER": BOT.email,
        "AUTOPILOT_JIRA_TOKEN": BOT.token,
        "AUTOPILOT_JIRA_WEBHOOK_SECRET": JIRA_SECRET,
    }


def _fleet(desk: Desk, *words: str) -> None:
    said = desk.call("tests.acceptance.stub_fleet", *words)
    assert said.code == 0, said.err


def until(ask: Callable[[], Any], wanted: Any) -> None:
    """Ask until the answer is what is wanted."""
    end, found = time.monotonic() + PATIENCE_S, ask()
    while found != wanted:
        assert time.monotonic() < end, f"{found!r} never became {wanted!r}"
        time.sleep(0.2)
        found = ask()


def _file(folder: Path, today: date, origin: str, slack: SlackEmulator, jira: JiraServer) -> dict[str, Any]:
    channels = ["cli", "web", "api", "slack", "jira", "studio"]
    return {
        "people": {
            **{name: {"slack": f"{TEAM}/{SLACK[name]}", "jira": JIRA[name]} for name in ("ana", "ben")},
            "otto": {},
            "alertmanager": {},
        },
        "channels": {
            "slack": {"channel": slack_emulator.CHANNEL, "url": slack.api},
            "jira": {"url": jira.url, "project": PROJECT, "approved": ["Approved"], "denied": ["Denied"]},
        },
        "inbox": {"url": origin},
        "defaults": {
            "task": "binary_classification",
            "monitor": {
                "kind": "predictions",
                "source": "log.parquet",
                "id": "id",
                "timestamp": "at",
                "prediction": "score",
                "features": ["amount"],
                "labels": {"label": "label"},
                "reference": {"from": today - timedelta(20), "until": today - timedelta(18)},
            },
            "policy": {"max_drift": 0.1},
            "training": {"window": "1d", "holdout": "1d"},
            "pipeline": {"kind": "local", "command": [str(folder / "train.sh")], "deadline": "10m"},
            "validation": {"kind": "reported"},
            "approval": {"approvers": ["ana", "ben"], "channels": channels},
        },
        "models": {
            **{name: {"registry": {"model": name}} for name in MODELS},
            WATCHED: {"registry": {"model": WATCHED}, "mode": "shadow"},
        },
    }
