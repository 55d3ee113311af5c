"""What a command that only reads must not load: it has to answer at once."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.desk import COMMAND_LINE, Forge

ROOT = Path(__file__).parents[2]
HEAVY = {"mlflow", "langgraph", "pandas", "sklearn"}
SNIPPET = """
import json, sys
from autopilot.__main__ import main
try:
    code = main(sys.argv[1:])
except SystemExit as stop:
    code = stop.code
print(json.dumps({"code": code or 0, "modules": sorted({name.partition(".")[0] for name in sys.modules})}))
"""


@pytest.fixture(scope="module")
def environment(forge: Forge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An environment with a database of its own, made for this module and taken away after it."""
    own = {**os.environ, "AUTOPILOT_HOME": str(tmp_path_factory.mktemp("home"))}
    done = forge.run(COMMAND_LINE, ("db", "migrate"), own, ROOT)
    assert done.code == 0, done.err
    yield own
    done = forge.run(COMMAND_LINE, ("db", "stop", "--destroy"), own, ROOT)
    assert done.code == 0, done.err


@pytest.mark.parametrize("command", ["--help", "status", "runs"])
def test_a_reading_command_loads_nothing_heavy(command: str, environment: dict[str, str]):
    loaded = autopilot(environment, command)
    assert "autopilot" in loaded
    assert loaded & HEAVY == set()


def autopilot(environment: dict[str, str], *arguments: str) -> set[str]:
    """Run one command in a process of its own; return the top-level names in its sys.modules."""
    done = subprocess.run(
        [sys.executable, "-c", SNIPPET, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["code"] == 0, done.stderr
    return set(answer["modules"])
