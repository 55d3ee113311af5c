"""MLflow stores that cannot be used: absent, closed, empty, of another schema, moved. Each says what to do."""

from pathlib import Path

import psycopg
import pytest

from checkpoints import provision as logins
from graph.errors import AutopilotError, Misconfigured, Unavailable
from tests.servers import MlflowDatabase
from tools.registry import provision
from tools.registry.mlflow import MlflowRegistry


def failure(uri: str) -> AutopilotError:
    with pytest.raises(AutopilotError) as raised:
        MlflowRegistry(uri, None).alias("m", "champion")
    return raised.value


@pytest.mark.usefixtures("mlflow_environment")
def test_an_absent_server_is_unavailable_at_once(tmp_path: Path):
    error = failure(f"postgresql+psycopg://someone:hidden@/mlflow?host={tmp_path}")
    assert isinstance(error, Unavailable)
    assert "hidden" not in error.message + error.hint


def test_a_wrong_password_is_a_configuration_error(mlflow_database: MlflowDatabase):
    password = mlflow_database.passwords[logins.PROMOTER]
    error = failure(mlflow_database.promoter.replace(password, "wrong-password"))
    assert isinstance(error, Misconfigured)
    assert "wrong-password" not in error.message + error.hint


def test_a_database_without_schema_says_what_to_run(mlflow_database: MlflowDatabase):
    with psycopg.connect(mlflow_database.admin, autocommit=True) as connection:
        connection.execute("create database empty_mlflow")
    error = failure(mlflow_database.promoter.replace("/mlflow?", "/empty_mlflow?"))
    assert isinstance(error, Misconfigured)
    assert "autopilot db migrate" in error.hint


@pytest.mark.parametrize("revision", ["1b5f0d9ad7c1", "ffffffffffff"])
def test_another_schema_says_what_to_run(mlflow_database: MlflowDatabase, revision: str):
    with psycopg.connect(mlflow_database.owner.replace("+psycopg", "", 1), autocommit=True) as connection:
        present = connection.execute("select version_num from alembic_version").fetchone()
        assert present is not None
        connection.execute("update alembic_version set version_num = %s", (revision,))
        try:
            # MLflow keeps a store per URI: another URI makes it look again.
            error = failure(f"{mlflow_database.promoter}&application_name={revision}")
            assert isinstance(error, Misconfigured)
            assert "autopilot db migrate" in error.hint
            if revision == "ffffffffffff":
                with pytest.raises(Misconfigured, match="does not know"):
                    provision.migrate(mlflow_database.owner)
        finally:
            connection.execute("update alembic_version set version_num = %s", present)


def test_a_path_too_long_for_mlflow_is_said_before_training_fails_on_it(
    mlflow_database: MlflowDatabase, tmp_path: Path
):
    with pytest.raises(Misconfigured, match="too long"):
        provision.ensure_experiments(mlflow_database.owner, tmp_path / ("x" * 200))


def test_artifacts_that_moved_are_noticed(mlflow_database: MlflowDatabase, tmp_path: Path):
    with pytest.raises(Misconfigured, match="keeps its artifacts at"):
        provision.ensure_experiments(mlflow_database.owner, tmp_path)
    with pytest.raises(Misconfigured, match="keeps its artifacts at"):
        provision.require_artifacts(mlflow_database.owner, tmp_path)
    provision.require_artifacts(mlflow_database.owner, mlflow_database.artifacts)


def test_missing_logins_are_a_configuration_error(mlflow_database: MlflowDatabase):
    with pytest.raises(Misconfigured):
        provision.grant(mlflow_database.owner, "nobody_here", logins.PROMOTER)
