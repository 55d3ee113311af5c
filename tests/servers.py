"""Real servers for tests: one embedded Postgres per session, and MLflow's database in it, as in production."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from checkpoints import provision as logins
from checkpoints import roles
from checkpoints.embedded.cluster import EmbeddedPostgres
from tests.acceptance.desk import Forge, forging
from tests.passwords import KNOWN
from tools.registry import provision
from tools.registry.connection import ENVIRONMENT


@dataclass(frozen=True, slots=True)
class MlflowDatabase:
    """MLflow on Postgres: one store URI per login, the folder of its artifacts, and the way to the ledger beside it."""

    owner: str = field(repr=False)
    trainer: str = field(repr=False)
    promoter: str = field(repr=False)
    artifacts: Path
    admin: str = field(repr=False)
    """libpq URI of the superuser, database `postgres`."""
    passwords: dict[str, str] = field(repr=False)
    reader: str = field(repr=False)


@pytest.fixture(scope="session")
def embedded_postgres() -> Iterator[EmbeddedPostgres]:
    """A running server for the whole session; removed with its data at the end."""
    # Short, for its socket, and open: when we are root the server runs as somebody else.
    folder = Path(tempfile.mkdtemp(prefix="ap-"))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder / "postgres")
    try:
        server.ensure()
        yield server
    finally:
        server.destroy()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def forge() -> Iterator[Forge]:
    """The process that commands are forked from: what it imports takes it longer than most commands take."""
    with forging() as made:
        yield made


@pytest.fixture(scope="session")
def mlflow_environment() -> None:
    """What our processes set before they import MLflow."""
    os.environ.update(ENVIRONMENT)


@pytest.fixture(scope="session")
def mlflow_database(
    embedded_postgres: EmbeddedPostgres, mlflow_environment: None, tmp_path_factory: pytest.TempPathFactory
) -> MlflowDatabase:
    """MLflow's database and ours, with their logins, rights and experiments. The artifacts' path has a space."""
    home = tmp_path_factory.mktemp("mlflow") / "a home"
    home.mkdir()
    known = logins.logins(home / "logins.json")
    admin = embedded_postgres.dsn()
    logins.provision(admin, known, ledger=True)
    owner, trainer, promoter = (
        logins.tracking_uri(admin, role, known) for role in (logins.OWNER, logins.TRAINER, logins.PROMOTER)
    )
    provision.migrate(owner)
    provision.grant(owner, logins.TRAINER, logins.PROMOTER)
    provision.ensure_experiments(owner, home / "artifacts")
    roles.create_reader(admin, KNOWN)
    provision.grant_reading(owner, roles.READER)
    reader = logins.tracking_uri(admin, roles.READER, KNOWN)
    return MlflowDatabase(owner, trainer, promoter, home / "artifacts", admin, known.passwords, reader)
