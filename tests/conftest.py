"""What every test starts from: an environment without our variables, and the real data where there is some."""

import os
from pathlib import Path

import pytest

OURS = ("AUTOPILOT_", "DATABASE_URL", "MLFLOW_", "LANGSMITH_", "LANGCHAIN_")
ROOT = Path(__file__).parents[1]
GIVEN = os.environ.get("AUTOPILOT_TEST_DATA")

# At import, before a test module can import a library that reads its variables only once.
for name in [name for name in os.environ if name.startswith(OURS)]:
    del os.environ[name]


pytest_plugins = ["tests.servers"]


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real, time-ordered data; a test that needs it is skipped where there is none."""
    folder = Path(GIVEN) if GIVEN else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is no folder (AUTOPILOT_TEST_DATA names another)")
    return folder
