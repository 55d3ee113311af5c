"""Six runs of one incident, each answered through another door of one `autopilot serve`; and the door of alerts."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.acceptance.desk import ROOT, Desk, Forge
from tests.acceptance.doors import DONE, Door, opened
from tests.acceptance.town import MODELS, WATCHED, Town, served, until
from tests.conformance.slack_emulator import slack_emulator
from tests.npm_packages import Lacking
from tests.prometheus_servers import alertmanager
from tests.studio_server import langgraph_dev

pytestmark = pytest.mark.timeout(900)

ANSWERS = {
    "cli": ("ana", "approve", "api"),
    "api": ("ben", "deny", "web"),
    "web": ("ana", "approve", "slack"),
    "slack": ("ben", "approve", "jira"),
    "jira": ("ana", "deny", "studio"),
    "studio": ("ben", "approve", "cli"),
}
"""Door → who answers what there, and the door at which the other one says the opposite afterwards."""
OTHER = {"ana": "ben", "ben": "ana", "approve": "deny", "deny": "approve"}
ENDS = {"approve": "promoted", "deny": "denied"}


@pytest.fixture(scope="module")
def town(forge: Forge, home: Path, tmp_path_factory: pytest.TempPathFactory, lacking: Lacking) -> Iterator[Town]:
    with (
        slack_emulator(tmp_path_factory.mktemp("slack"), lacking) as slack,
        served(Desk(forge, home, tmp_path_factory.mktemp("town")), slack) as serving,
    ):
        yield serving


@pytest.fixture
def studio(town: Town, tmp_path: Path, lacking: Lacking) -> Iterator[str]:
    written = json.loads((ROOT / "langgraph.json").read_text().replace('"./', f'"{ROOT}/'))
    environment = {**town.desk.variables(), "AUTOPILOT_CONFIG": str(town.desk.config)}
    with langgraph_dev(tmp_path, written, environment, lacking) as url:
        yield url


def test_what_is_answered_through_one_door_is_shown_by_all_six(town: Town, studio: str):
    runs = town.waiting()
    with ExitStack() as stack:
        doors = opened(town, runs, studio, stack)
        assert [door.name for door in doors.values() if any(map(door.shows, runs.values()))] == []
        for name, run in zip(doors, runs.values(), strict=True):
            answered(doors, name, run)
    outcomes = {run["model"]: run["outcome"] for run in town.desk.ask("runs")["runs"] if run["model"] in MODELS}
    assert outcomes == dict(zip(MODELS, [ENDS[ANSWERS[name][1]] for name in doors], strict=True))


def answered(doors: dict[str, Door], name: str, run: str) -> None:
    """Answer through one door, and say the opposite through another, which tells who was first; then look at all."""
    person, decision, late = ANSWERS[name]
    decided = (DONE[decision], person, name)
    doors[name].answer(run, person, decision)
    until(lambda: doors["api"].shows(run), decided)
    assert " by ".join(decided[:2]) in doors[late].refused(run, OTHER[person], OTHER[decision])
    for door in doors.values():
        until(lambda door=door: door.shows(run), decided)  # type: ignore[misc]


def test_an_alert_of_a_real_alertmanager_is_one_row_and_one_check_however_often_it_comes(
    town: Town, prometheus_programs: None, tmp_path: Path
):
    with alertmanager(tmp_path, f"{town.origin}/alerts", town.tokens["alertmanager"], repeat="1s") as manager:
        alert = {
            "labels": {"alertname": "ModelAccuracyLow", "model": WATCHED},
            "annotations": {"summary": "accuracy is 0.71"},
            "startsAt": datetime.now(UTC).isoformat(),
        }
        httpx.post(f"http://{manager}/api/v2/alerts", json=[alert], trust_env=False).raise_for_status()
        until(lambda: delivered(manager) >= 3, True)
        assert failed(manager) == 0
    with town.client("otto") as otto:
        until(lambda: [run["status"] for run in checks(otto)], ["done"])
        (run,) = checks(otto)
    with psycopg.connect(town.desk.environment["DATABASE_URL"]) as connection:
        rows = connection.execute("select source, name, run::text, detail from autopilot.alerts").fetchall()
    ((source, name, led_to, detail),) = rows
    assert (source, name, led_to) == ("alertmanager", "ModelAccuracyLow", run["run"])
    assert detail["annotations"] == alert["annotations"]
    assert (run["verdict"], run["action"]) == ("degraded", "retrain")


def checks(client: httpx.Client) -> list[dict[str, str]]:
    """Return the checks that the alert asked for."""
    found: list[dict[str, str]] = client.get("/runs", params={"model": WATCHED}).json()["runs"]
    return found


def delivered(manager: str) -> int:
    return counted(manager, "alertmanager_notifications_total")


def failed(manager: str) -> int:
    return counted(manager, "alertmanager_notification_requests_failed_total")


def counted(manager: str, metric: str) -> int:
    """Return one of Alertmanager's own numbers about its webhooks."""
    lines = httpx.get(f"http://{manager}/metrics", trust_env=False).text.splitlines()
    mine = [line for line in lines if line.startswith(metric) and 'integration="webhook"' in line]
    assert mine, metric
    return sum(int(float(line.split()[-1])) for line in mine)
