"""`autopilot backtest` as it is typed: a process of its own on the ledger that a house left."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.architecture.test_imports import HEAVY, SNIPPET
from tests.house import HEALTHY, MODEL, House
from tests.unit.graph.policy.builders import AMOUNT, DAY, MERCHANT

ROOT = Path(__file__).parents[2]
DRIFTED = replace(HEALTHY, features=(replace(AMOUNT, psi=0.2), MERCHANT))
CONFIGURATION = f"""
people: {{ana: {{}}, ben: {{}}, eve: {{}}}}
models:
  {MODEL}:
    task: binary_classification
    registry: {{model: fraud-v1}}
    monitor:
      kind: predictions
      source: log.parquet
      timestamp: at
      prediction: score
      features: [amount, merchant]
      labels: {{label: fraud, delay: 3d}}
      reference: {{from: 2026-01-01, until: 2026-02-01}}
    policy: {{cooldown: 0d, retrains_per_week: 100, retrains_per_month: 100}}
    training: {{window: 90d, holdout: 14d}}
    pipeline: {{kind: local, command: [train]}}
    approval: {{approvers: [ana, ben, eve]}}
"""


class Desk:
    """A folder with a configuration and policies, and the command line in it."""

    def __init__(self, folder: Path, dsn: str) -> None:
        self.folder = folder
        self._environment = {**os.environ, "DATABASE_URL": dsn, "AUTOPILOT_HOME": str(folder / "home")}
        self.write("autopilot.yaml", CONFIGURATION)

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text, "utf-8")
        return name

    def type(self, *words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-P", "-c", SNIPPET, "backtest", *words]
        environment = {**self._environment, "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True)


@pytest.fixture
def desk(home: House, tmp_path: Path) -> Desk:
    """The house was quiet, drifted, degraded and was retrained."""
    for evidence in (HEALTHY, DRIFTED):
        home.monitor.evidence = evidence
        home.engine.run(MODEL)
        home.wait(DAY)
    run = home.waiting()
    home.wait(timedelta(hours=1))
    home.say(run)
    (tmp_path / "desk").mkdir()
    return Desk(tmp_path / "desk", home.dsn)


def code(done: "subprocess.CompletedProcess[str]") -> int:
    return int(json.loads(done.stdout.splitlines()[-1])["code"])


def test_it_shows_policies_side_by_side_and_loads_nothing_heavy(desk: Desk):
    desk.write("drift.yaml", "policy: {max_drift: 0.1}\n")
    done = desk.type(MODEL, "--policy", "drift.yaml", "--explain", "--html", "page.html")
    assert code(done) == 0, done.stderr
    assert set(json.loads(done.stdout.splitlines()[-1])["modules"]) & HEAVY == set()
    assert "3 of 3 stored decisions reproduced exactly" in done.stdout
    assert "present and drift.yaml decide otherwise at 1 of 3 checks" in done.stdout
    assert "✗ 0.2 (0.1)" in done.stdout
    page = (desk.folder / "page.html").read_text("utf-8")
    assert "<svg" in page
    assert "drift.yaml" in page


def test_json_is_one_document(desk: Desk):
    done = desk.type(MODEL, "--json", "--from", "2026-03-01", "--to", "2026-03-02T12:00:00Z")
    found = json.loads(done.stdout.rpartition("\n{")[0])
    assert (found["checks"], found["reproduced"]) == (2, 2)
    assert [each["name"] for each in found["policies"]] == ["recorded", "present"]
    assert found["policies"][1]["source"] == "autopilot.yaml"
    assert {"prices", "windows", "promotions", "changed", "first_difference", "notes", "decisions"} < set(found)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nobody",), "no model 'nobody' in the configuration"),
        ((MODEL, "--policy", "missing.yaml"), "no policy at missing.yaml"),
        ((MODEL, "--policy", "wrong.yaml"), "wrong.yaml:1: policy.max_drfit"),
        ((MODEL, "--from", "soon"), "--from: 'soon' is not a time"),
        ((MODEL, "--from", "2026-03-02", "--to", "2026-03-01"), "is not before --to"),
        ((MODEL, "--from", "2027-01-01"), "was not checked in this range"),
        ((MODEL, "--html", "nowhere/page.html"), "nowhere/page.html cannot be written"),
    ],
)
def test_what_is_wrong_is_one_line_and_code_2(desk: Desk, words: tuple[str, ...], said: str):
    desk.write("wrong.yaml", "policy: {max_drfit: 0.1}\n")
    done = desk.type(*words)
    assert code(done) == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_what_was_degraded_is_explained_under_a_policy_that_bears_it(desk: Desk):
    desk.write("bears.yaml", "policy: {max_drop: 0.5}\n")
    done = desk.type(MODEL, "--policy", "bears.yaml", "--explain")
    assert "the first decision that differs" in done.stdout
    assert "✗ 0.11 (0.02)" in done.stdout
    assert "✓ 0.11 (0.5)" in done.stdout
