"""What takes a waiting request its ground away voids it; why is said wherever people look, by our own adapters."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape

import pytest

from autopilot.__main__ import main
from autopilot.effective import model_spec
from autopilot.serve.telling import Teller
from tests.browsing import browser
from tests.browsing import doors as pages
from tests.carrying import Carrier
from tests.conformance.jira_system import ANA, BOT, JiraSystem
from tests.conformance.slack_places import TOKEN, slack
from tests.fakes.jira_server import JiraServer
from tests.fakes.slack_server import SlackServer
from tests.house import HEALTHY, MODEL, House
from tests.serving import FILE, Serving, serving
from tests.unit.graph.policy.builders import SPEC

CHANNELS = (
    "channels: {slack: {channel: C024BE91L}, jira: {url: 'https://j.example', project: ML, approved: [A], denied: [D]}}"
)
OTHER = "another-model"


@dataclass
class Town:
    """A house, its doors, and what stands in Slack and Jira."""

    doors: Serving
    slack: SlackServer
    jira: JiraServer

    @property
    def home(self) -> House:
        return self.doors.home

    def turn(self) -> None:
        """Do what `autopilot serve` does again and again."""
        self.follow_the_file()
        Carrier(self.doors.desk).turn(lambda: False)
        for kind in ("slack", "jira"):
            Teller(self.doors.desk, kind).turn()

    def follow_the_file(self) -> None:
        """Take over the policy's fingerprint as it is in autopilot.yaml now."""
        entry = self.doors.desk.office.file.models[MODEL]
        digest = model_spec(MODEL, entry, self.doors.config.parent).digest
        self.home.spec[0] = replace(self.home.spec[0], digest=digest)

    def edit(self, model: str) -> None:
        """Change the policy of a model in the file."""
        _, before, entry = self.doors.config.read_text().partition(f"  {model}:\n")
        text = self.doors.config.read_text().replace(
            before + entry, f"{before}    policy: {{max_drop: 0.123}}\n{entry}"
        )
        self.doors.config.write_text(text)

    def shown(self, run: str, capsys, monkeypatch) -> dict[str, str]:
        """Return what each place says of a run."""
        with browser(pages(self.doors.desk), self.doors.tokens["vera"]) as vera:
            page = unescape(vera.get(f"/inbox/{run}").text)
        for name, value in {"DATABASE_URL": self.home.dsn, "MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AUTOPILOT_HOME", str(self.doors.config.parent / "home"))
        assert main(["explain", run, "--config", str(self.doors.config)]) == 0
        (message,), (issue,) = self.slack.messages, self.jira.issues
        return {
            "page": page,
            "API": self.doors.client.get(f"/runs/{run}", headers=self.doors.headers("vera")).text,
            "explain": " ".join(capsys.readouterr().out.split()),
            "Slack": str(message["blocks"]),
            "Jira": str([comment["body"] for comment in issue.comments]),
        }


@pytest.fixture
def town(home, tmp_path):
    other = FILE.partition("models:\n")[2].replace(f"  {MODEL}:", f"  {OTHER}:")
    text = f"{CHANNELS}\n{FILE}{other}"
    with SlackServer(TOKEN).running() as slack_server, JiraServer(BOT, ANA).running() as jira_server:
        at_slack, at_jira = slack(slack_server.api), JiraSystem(jira_server).channel
        with serving(home, tmp_path, {"slack": lambda: at_slack, "jira": lambda: at_jira}, text=text) as doors:
            opened = Town(doors, slack_server, jira_server)
            opened.follow_the_file()
            yield opened


def moved_alias(town: Town, run: str) -> None:
    other = town.home.registry.add_version(SPEC.registry, town.home.registry.log_run("x", {"model.skops": b"x"}))
    town.home.registry.point(SPEC.registry, "champion", other.version)


def changed_bytes(town: Town, run: str) -> None:
    logged = next(found for found in town.home.registry.runs if found.key == town.home.key(run))
    logged.models["model"]["model.skops"] = b"not what was judged"


def changed_policy(town: Town, run: str) -> None:
    town.edit(MODEL)


def healthy_again(town: Town, run: str) -> None:
    town.home.monitor.evidence = HEALTHY
    town.home.clock.pass_time(timedelta(hours=2))
    town.home.engine.run(MODEL)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (moved_alias, "the champion alias moved from 1 to 2"),
        (changed_bytes, "the challenger's bytes changed"),
        (changed_policy, "the model's policy in autopilot.yaml changed"),
        (healthy_again, "a later check found the model healthy again"),
    ],
)
def test_it_is_void_and_every_place_says_why(
    town: Town, change: Callable[[Town, str], None], why: str, capsys, monkeypatch
) -> None:
    run = town.home.waiting()
    town.turn()
    assert not [place for place, text in town.shown(run, capsys, monkeypatch).items() if why in text]
    change(town, run)
    town.turn()
    assert (town.home.row(run)["outcome"], town.home.champion() == "1") == ("voided", change is not moved_alias)
    assert [place for place, text in town.shown(run, capsys, monkeypatch).items() if why not in text] == []
    assert not any("action_id" in str(message["blocks"]) for message in town.slack.messages)


def test_the_policy_of_another_model_voids_nothing(town: Town, capsys, monkeypatch) -> None:
    run = town.home.waiting()
    town.turn()
    before = town.shown(run, capsys, monkeypatch)
    town.edit(OTHER)
    town.turn()
    approval = town.home.book.approval(run)
    assert approval
    assert approval.state == "pending"
    assert town.doors.desk.office.file.models[OTHER].policy.max_drop == 0.123
    assert town.shown(run, capsys, monkeypatch)["Slack"] == before["Slack"]
    assert town.jira.issues[0].comments == []
    town.home.say(run)
    assert town.home.row(run)["outcome"] == "promoted"
