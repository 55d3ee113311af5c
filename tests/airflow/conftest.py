"""One real Airflow for all tests of this folder, which share a worker for its sake. Idle it costs a fifth of a core."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn
from uuid import uuid4

import psycopg
import pytest

from checkpoints.embedded.cluster import EmbeddedPostgres
from tests.airflow.server import PROGRAM, AirflowServer, airflow_server
from tests.airflow.system import RealAirflow


@pytest.fixture(scope="package")
def airflow(lacking: Callable[[str, str], NoReturn], request: pytest.FixtureRequest) -> Iterator[AirflowServer]:
    """A running Airflow with the DAG of examples/pipelines; removed with its data at the end."""
    if not PROGRAM.exists():
        lacking("Airflow 3.3.2", "make airflow-environment")
    postgres: EmbeddedPostgres = request.getfixturevalue("embedded_postgres")
    name = f"airflow{uuid4().hex}"
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        connection.execute(f'create database "{name}"')
    folder = Path(tempfile.mkdtemp(prefix="af-"))
    try:
        with airflow_server(folder, postgres.dsn(name)) as server:
            yield server
    finally:
        # Trainings that still wait find it gone, and end.
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def system(airflow: AirflowServer) -> Iterator[RealAirflow]:
    """Airflow for one test: with keys of its own, and none of its jobs left running."""
    real = RealAirflow(airflow)
    yield real
    real.tidy()
