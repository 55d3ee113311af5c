"""What every test starts from: an environment without our variables, and the real data where there is some."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

OURS = ("AUTOPILOT_", "DATABASE_URL", "MLFLOW_", "LANGSMITH_", "LANGCHAIN_")
ROOT = Path(__file__).parents[1]
DATA = "AUTOPILOT_TEST_DATA"
TOGETHER = (
    "tests/acceptance/test_weather",
    "tests/acceptance/test_regression",
    "tests/acceptance/",
    "tests/airflow/",
    "tests/crash/",
    "tests/ray/",
)
"""Tests that share what costs more than they do: a worker each, the dearest first; two long files by themselves."""

# At import, before a test module can import a library that reads its variables only once. Workers inherit what is left.
for name in [name for name in os.environ if name.startswith(OURS) and name != DATA]:
    del os.environ[name]

# A test module that imports MLflow as it is leaves a file in its user's home, and tells MLflow's makers.
os.environ["DO_NOT_TRACK"] = "true"

# Threads of several workers that wait for each other on the same processors take longer than one thread alone.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"


pytest_plugins = ["tests.servers", "tests.prometheus_servers", "tests.evaluation_forks"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --all: what this machine lacks fails the tests that need it."""
    parser.addoption("--all", action="store_true", help="fail where something is not installed, instead of skipping")


@pytest.fixture(scope="session")
def lacking(request: pytest.FixtureRequest) -> Callable[[str, str], NoReturn]:
    """What a test calls that needs what is not installed here: `lacking("Prometheus", "apt install prometheus")`."""

    def give_up(what: str, how: str) -> NoReturn:
        said = f"{what} is not here; get it with: {how}"
        if request.config.getoption("--all"):
            pytest.fail(said, pytrace=False)
        pytest.skip(said)

    return give_up


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return one more worker than processors, four at most: a third of the tests' time is waiting."""
    return min((os.cpu_count() or 1) + 1, 4)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Deal out whole files in the order they are collected in, and the folders of TOGETHER as if they were one."""
    from xdist.scheduler import LoadScopeScheduling

    class Rooms(LoadScopeScheduling):  # type: ignore[misc]  # it comes without types
        def _split_scope(self, nodeid: str) -> str:
            return next((room for room in TOGETHER if nodeid.startswith(room)), nodeid.split("::")[0])

    config.option.loadscopereorder = False
    return Rooms(config, log)


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real, time-ordered data; a test that needs it is skipped where there is none."""
    given = os.environ.get(DATA)
    folder = Path(given) if given else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is no folder ({DATA} names another)")
    return folder
