"""The files that a team copies: each hands over the whole training contract and nothing else."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.local_jobs import order
from tools.pipelines.contract import parameters

FOLDER = Path(__file__).parents[3] / "examples" / "pipelines"
KEY = "fraud-detector-v1.6f2b"
GIVEN = parameters(order(KEY))
TRAIN = """
import os, sys
with open("seen", "w") as seen:
    print(*(f"{name}={value}" for name, value in sorted(os.environ.items()) if name.startswith("AUTOPILOT_")),
          sep="\\n", file=seen)
sys.exit(int(os.environ["CODE"]))
"""


def interpolated() -> Any:
    """Return the GitLab file as GitLab reads it, with the inputs of an order."""
    text = (FOLDER / "gitlab-ci.yml").read_text()
    for name, value in GIVEN.items():
        text = text.replace(f"$[[ inputs.{name} ]]", value)
    assert "$[[" not in text
    _, document = yaml.safe_load_all(text)
    return document


def test_the_gitlab_file_declares_the_contract():
    header, _ = yaml.safe_load_all((FOLDER / "gitlab-ci.yml").read_text())
    assert set(header["spec"]["inputs"]) == set(GIVEN)
    assert {given["default"] for given in header["spec"]["inputs"].values()} == {""}
    assert re.fullmatch(header["spec"]["inputs"]["AUTOPILOT_KEY"]["regex"], KEY)


def test_the_gitlab_file_names_the_pipeline_by_the_key_and_hands_over_the_contract():
    document = interpolated()
    assert document["workflow"] == {"name": KEY}
    assert document["train"]["variables"] == GIVEN
    assert document["train"]["script"][-1] == "python train.py"


def test_the_jenkinsfile_declares_the_contract():
    text = (FOLDER / "Jenkinsfile").read_text()
    assert set(re.findall(r"string\(name: '(\w+)'", text)) == set(GIVEN)


@pytest.mark.parametrize("code", [0, 3])
def test_the_script_of_the_jenkinsfile_runs_and_tells_how_it_ended(tmp_path, code):
    (body,) = re.findall(r"sh '''(.*?)'''", (FOLDER / "Jenkinsfile").read_text(), re.DOTALL)
    (tmp_path / "train.py").write_text(TRAIN)
    environment = {"PATH": f"{Path(sys.executable).parent}:{os.defpath}", "CODE": str(code), **GIVEN}
    done = subprocess.run(["sh", "-c", body], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert (tmp_path / "seen").read_text().splitlines() == [f"{name}={GIVEN[name]}" for name in sorted(GIVEN)]
