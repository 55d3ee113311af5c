"""`autopilot db roles` on a server: the files it writes, the logins in them, and what doctor says with each."""

import json
import shlex
import stat
from pathlib import Path

import psycopg
import pytest

from autopilot import roles as command
from autopilot import settings as configured
from autopilot.apart import environment, process, registry_login
from autopilot.capabilities import parse
from autopilot.stores import Stores, stores
from checkpoints import roles
from checkpoints.embedded.cluster import EmbeddedPostgres
from graph.errors import Misconfigured
from tests.databases import fresh_database
from tests.passwords import KNOWN
from tests.servers import MlflowDatabase

CAN = {"observe": "observe", "train": "train", "promote": "promote", "doors": "none"}


@pytest.fixture(scope="module")
def made(embedded_postgres: EmbeddedPostgres, mlflow_database: MlflowDatabase) -> dict[str, Path]:
    """The file of each process, written beside a ledger that has MLflow beside it."""
    home = mlflow_database.artifacts.parent
    given = {"AUTOPILOT_HOME": str(home), "DATABASE_URL": fresh_database(embedded_postgres)}
    (home / "roles.json").write_text(json.dumps(KNOWN.passwords))
    first = {each.duty: each.file.read_text() for each in command.make(configured.load(given))}
    again = {each.duty: each.file for each in command.make(configured.load(given))}
    assert first == {duty: file.read_text() for duty, file in again.items()}
    return again


def environment_of(file: Path, home: Path) -> dict[str, str]:
    """Return what a process has that was started with this file alone, on a machine of its own."""
    lines = [line.partition("=") for line in file.read_text().splitlines() if not line.startswith("#")]
    return {"AUTOPILOT_HOME": str(home), **{name: shlex.split(value)[0] for name, _, value in lines}}


def at_work(made: dict[str, Path], duty: str, home: Path) -> Stores:
    settings = configured.load(environment_of(made[duty], home))
    with stores(settings, parse(CAN[duty])) as found:
        return found


def test_the_files_are_their_owners_alone(made):
    assert set(made) == set(roles.ROLES)
    assert {stat.S_IMODE(file.stat().st_mode) for file in made.values()} == {0o600}
    assert "MLFLOW" not in made["view"].read_text()


@pytest.mark.parametrize("duty", CAN)
def test_each_process_starts_with_its_file_alone_and_holds_no_others_login(made, tmp_path, duty):
    found, can = at_work(made, duty, tmp_path / "home"), parse(CAN[duty])
    (said,) = process(found, can)
    assert (said["state"], roles.ROLES[duty] in said["detail"]) == ("ok", True), said
    assert list(environment(configured.load(environment_of(made[duty], tmp_path / "home")), can)) == []
    own = made[duty].read_text()
    assert [other for other in made if other != duty and password(made[other]) in own] == []


def password(file: Path) -> str:
    return file.read_text().partition(":")[2].partition(":")[2].partition("@")[0]


@pytest.mark.parametrize(
    ("duty", "state"), [("observe", "ok"), ("doors", "ok"), ("train", "ok"), ("promote", "warning")]
)
def test_only_who_promotes_has_an_mlflow_login_that_moves_an_alias(made, tmp_path, duty, state):
    (said,) = registry_login(at_work(made, duty, tmp_path / "home"))
    assert said["state"] == state, said


def test_what_training_scripts_are_given_does_not_get_into_the_ledger(made, tmp_path):
    found = at_work(made, "train", tmp_path / "home")
    assert found.trainer == found.registry
    login = psycopg.conninfo.conninfo_to_dict(found.trainer.replace("+psycopg", "", 1))
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(found.ledger, user=login["user"], password=login["password"]).close()


def test_what_is_for_training_is_found_where_nothing_is_trained(tmp_path):
    given = {"AUTOPILOT_HOME": str(tmp_path), "AUTOPILOT_JENKINS_TOKEN": "x", "AUTOPILOT_SLACK_TOKEN": "x"}
    settings = configured.load({**given, "AUTOPILOT_TRAINER_TRACKING_URI": "x"})
    (said,) = environment(settings, parse("observe"))
    assert "AUTOPILOT_JENKINS_TOKEN, AUTOPILOT_TRAINER_TRACKING_URI" in said["detail"]
    assert list(environment(settings, parse("train"))) == []


def test_passwords_are_made_once_and_for_their_owner_alone(tmp_path):
    made = roles.roles_file(tmp_path / "roles.json")
    assert made == roles.roles_file(tmp_path / "roles.json")
    assert len(set(made.passwords.values())) == len(roles.ROLES) + 1
    assert stat.S_IMODE((tmp_path / "roles.json").stat().st_mode) == 0o600


def test_the_sql_alone_makes_them_too(embedded_postgres: EmbeddedPostgres):
    uri = fresh_database(embedded_postgres)
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(command.text().encode())
    assert roles.grant_again(uri)


def test_the_embedded_database_is_not_split(tmp_path):
    with pytest.raises(Misconfigured, match="nothing to keep apart"):
        command.make(configured.load({"AUTOPILOT_HOME": str(tmp_path)}))
