"""One home, with its database up, for all of these tests; each writes a configuration of its own."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkpoints.embedded.cluster import EmbeddedPostgres
from tests.acceptance import fraud
from tests.acceptance.desk import Desk, Forge
from tests.acceptance.stage import EARLY, Stage, set_up


@pytest.fixture(scope="package")
def home() -> Iterator[Path]:
    # Short, for the server's socket, and open: when we are root the server runs as somebody else.
    folder = Path(tempfile.mkdtemp(prefix="ap-"))
    folder.chmod(0o755)
    cluster = EmbeddedPostgres(folder / "home" / "postgres")
    try:
        # As long as somebody uses it the server stays up: commands need not start and stop it one by one.
        with cluster.lease():
            yield folder / "home"
        cluster.destroy()
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def desk(forge: Forge, home: Path, tmp_path: Path) -> Desk:
    return Desk(forge, home, tmp_path)


@pytest.fixture(scope="package")
def stage(forge: Forge, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return set_up(Desk(forge, home, tmp_path_factory.mktemp("stage")))


@pytest.fixture(scope="package")
def quiet(forge: Forge, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a world in which nothing has gone wrong until EARLY. Its champion is registered as `quiet`."""
    desk = Desk(forge, home, tmp_path_factory.mktemp("quiet"))
    fraud.build(desk, "world", "quiet", until=EARLY[:10])
    fraud.make_champions(desk, "world", "quiet")
    return desk.folder / "world"
