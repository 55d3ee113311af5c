"""What several of these suites run on."""

from collections.abc import Iterator

import pytest

from tests.conformance.slack_emulator import SlackEmulator, slack_emulator
from tests.npm_packages import Lacking


@pytest.fixture(scope="session")
def slack_server(tmp_path_factory: pytest.TempPathFactory, lacking: Lacking) -> Iterator[SlackEmulator]:
    """A stranger's Slack, kept for all tests of a process."""
    with slack_emulator(tmp_path_factory.mktemp("slack"), lacking) as running:
        yield running
