"""What is shipped: the wheel and the source archive are built, looked into, and the wheel's own code is run."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {"graph", "tools", "checkpoints", "autopilot"}
DATA = {".sql", ".html", ".css", ".json", ".svg", ".typed", ".yaml"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source archive, built from this tree without isolation or network."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> zipfile.ZipFile:
    (file,) = built.glob("*.whl")
    return zipfile.ZipFile(file)


def test_the_wheel_brings_four_top_level_names(wheel: zipfile.ZipFile):
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES


def test_the_wheel_brings_every_module_and_data_file_of_the_tree(wheel: zipfile.ZipFile):
    assert in_tree() - set(wheel.namelist()) == set()


def test_the_wheel_brings_no_test(wheel: zipfile.ZipFile):
    assert [name for name in wheel.namelist() if {"tests", "conftest.py"} & set(Path(name).parts)] == []


def test_the_source_archive_brings_the_packages_and_no_secret(built: Path):
    (file,) = built.glob("*.tar.gz")
    with tarfile.open(file) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert in_tree() - names == set()
    assert {"deploy/prometheus/alerts.yml", "deploy/grafana/autopilot.json"} <= names
    assert {name for name in names if name.startswith((".env", ".venv", ".autopilot"))} <= {".env.example"}


def test_the_wheels_own_code_answers(wheel: zipfile.ZipFile, tmp_path: Path):
    wheel.extractall(tmp_path / "installed")
    snippet = "import autopilot.__main__ as entry; print(entry.__file__); entry.main(['--help'])"
    # PYTHONPATH comes before the editable install of this clone, which would hide what the wheel lacks.
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed"), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [sys.executable, "-c", snippet], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path / "installed" / "autopilot"))
    assert "usage: autopilot" in done.stdout


def in_tree() -> set[str]:
    """Every file of the four packages that a running product needs, relative to the root."""
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*"))
    return {path.relative_to(ROOT).as_posix() for path in files if path.suffix in {".py"} | DATA}
