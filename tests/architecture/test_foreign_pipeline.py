"""A kind of pipeline that another distribution brings: a wheel of its own, found by its entry point."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "autopilot-airport"
version = "1.0"

[project.entry-points."autopilot.pipelines"]
airport = "airport:PIPELINE"
broken = "airport:NOTHING"
odd = "airport:KIND"

[tool.hatch.build.targets.wheel]
only-include = ["airport.py"]
"""
MODULE = '''
"""Has models trained at an airport."""

from typing import Literal

from graph.model import TrainingJob
from tools.plugins import Finding, PipelinePart, PipelinePlugin

KIND = "airport"


class Gate(PipelinePart):
    """A gate of the airport."""

    kind: Literal["airport"]
    gate: int


class Airport:
    kind = KIND

    def __init__(self, gate, token):
        self.gate, self.token, self.jobs = gate, token, {}

    def find(self, key):
        return self.jobs.get(key)

    def start(self, order):
        job = TrainingJob(f"{self.gate}", order.key, KIND, "queued", self.token[::-1], None)
        return self.jobs.setdefault(order.key, job)

    def cancel(self, key):
        return self.jobs.get(key)


def make(part, site):
    return Airport(part.gate, site.token("AUTOPILOT_AIRPORT_TOKEN"))


PIPELINE = PipelinePlugin(Gate, make, lambda part, site, now: [Finding("ok", f"gate {part.gate}")])
'''
TRY = """
import sys, yaml
from pathlib import Path
from types import SimpleNamespace
from autopilot import settings, bootstrap
from autopilot.spec import parse
from graph.errors import AutopilotError
from tests.local_jobs import order
from tests.unit.autopilot.test_pipelines import ENTRY

try:
    document = {"people": {"ana": {}}, "models": {"m": {**ENTRY, "pipeline": yaml.safe_load(sys.argv[1])}}}
    file = parse(yaml.safe_dump(document, sort_keys=False), "autopilot.yaml")
    found = SimpleNamespace(trainer="sqlite://", artifacts=None, cluster=None)
    known = settings.load()
    made = bootstrap.pipeline(known, "m", file.model("m"), found, bootstrap.Limiter())
    print(made.start(order("m.run")).detail, made.find("m.run").id, known.secrets)
except AutopilotError as error:
    print(f"{error.message} / {error.hint}")
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's content, as an installer would leave it."""
    source, target = tmp_path_factory.mktemp("airport"), tmp_path_factory.mktemp("site")
    (source / "pyproject.toml").write_text(PROJECT)
    (source / "airport.py").write_text(MODULE)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(source / "dist")]
    subprocess.run(build, cwd=source, check=True)
    (wheel,) = (source / "dist").glob("*.whl")
    zipfile.ZipFile(wheel).extractall(target)
    return target


def tried(installed: Path, pipeline: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(installed), "AUTOPILOT_AIRPORT_TOKEN": "planted-token"}
    done = subprocess.run([sys.executable, "-c", TRY, pipeline], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_its_shape_its_login_and_its_adapter_are_used(installed: Path):
    assert tried(installed, "{kind: airport, gate: 7}") == "nekot-detnalp 7 ('planted-token',)\n"


@pytest.mark.parametrize(
    ("pipeline", "said"),
    [
        ("{kind: airport, gate: north}", "autopilot.yaml:23: models.m.pipeline.gate: Input should be a valid integer"),
        ("{kind: broken}", "kind 'broken' of airport:NOTHING cannot be loaded: AttributeError"),
        ("{kind: odd}", "is no PipelinePlugin"),
        ("{kind: harbour}", "there is no pipeline kind 'harbour' / there are: local, jenkins"),
    ],
)
def test_what_is_wrong_with_it_is_said(installed: Path, pipeline: str, said: str):
    assert said in tried(installed, pipeline)
