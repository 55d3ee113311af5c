"""The files that a team copies: each hands over the whole training contract and nothing else."""

import ast
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
from tools.pipelines.kubeflow_spec import unmet

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


def test_the_dag_declares_the_contract_and_needs_all_but_the_exclusions():
    declared = re.findall(r'"(AUTOPILOT_\w+)": Param\((?:(type)|"")', (FOLDER / "airflow_dag.py").read_text())
    assert {name for name, _ in declared} == set(GIVEN)
    assert [name for name, is_needed in declared if not is_needed] == ["AUTOPILOT_EXCLUDE"]


@pytest.mark.parametrize("code", [0, 3])
def test_the_command_of_the_dag_runs_and_keeps_airflows_own_settings_to_itself(tmp_path, code):
    closed = "import os\nassert not [name for name in os.environ if name.startswith('AIRFLOW')]\n"
    (tmp_path / "train.py").write_text(closed + TRAIN)
    command = f"'{sys.executable}' train.py"
    environment = {"PATH": os.defpath, "CODE": str(code), "AIRFLOW__CORE__FERNET_KEY": "x", **GIVEN}
    done = bash(tmp_path, {**environment, "TRAIN_COMMAND": command})
    assert done.returncode == code, done.stderr
    assert (tmp_path / "seen").read_text().splitlines() == [f"{name}={GIVEN[name]}" for name in sorted(GIVEN)]
    done = bash(tmp_path, environment)
    assert done.returncode != 0
    assert "TRAIN_COMMAND: is not set on this worker" in done.stderr


def bash(folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run what the DAG's task runs."""
    tree = ast.parse((FOLDER / "airflow_dag.py").read_text())
    (command,) = (
        str(word.value.value)
        for word in ast.walk(tree)
        if isinstance(word, ast.keyword) and word.arg == "bash_command" and isinstance(word.value, ast.Constant)
    )
    return subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("code", [0, 3])
def test_the_script_of_the_jenkinsfile_runs_and_tells_how_it_ended(tmp_path, code):
    (body,) = re.findall(r"sh '''(.*?)'''", (FOLDER / "Jenkinsfile").read_text(), re.DOTALL)
    (tmp_path / "train.py").write_text(TRAIN)
    environment = {"PATH": f"{Path(sys.executable).parent}:{os.defpath}", "CODE": str(code), **GIVEN}
    done = subprocess.run(["sh", "-c", body], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert (tmp_path / "seen").read_text().splitlines() == [f"{name}={GIVEN[name]}" for name in sorted(GIVEN)]


def test_the_compiled_kubeflow_pipeline_takes_the_contract_and_hands_it_on():
    document = yaml.safe_load((FOLDER / "kubeflow_pipeline.yaml").read_text())
    assert unmet({"pipeline_spec": document}) == ""
    declared = document["root"]["inputDefinitions"]["parameters"]
    (task,) = document["root"]["dag"]["tasks"].values()
    assert set(declared) == set(GIVEN)
    given = task["inputs"]["parameters"]
    assert given == {name: {"componentInputParameter": name} for name in GIVEN}
    assert task["cachingOptions"] == {}
    (executor,) = document["deploymentSpec"]["executors"].values()
    arguments = [f"{name}={{{{$.inputs.parameters['{name}']}}}}" for name in GIVEN]
    assert executor["container"]["command"] == ["env"]
    assert executor["container"]["args"] == [*arguments, "python", "train.py"]


def test_the_kubeflow_source_declares_what_is_compiled():
    source = (FOLDER / "kubeflow_pipeline.py").read_text()
    tree = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    for name in ("train", "pipeline"):
        assert [argument.arg for argument in tree[name].args.args] == list(GIVEN)
