"""MLflow on Postgres with its three logins: what trainer and promoter can really do, and what Postgres refuses."""

import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from checkpoints import provision as logins
from graph.errors import Misconfigured, Refused
from graph.model import Artifact, Candidate, ModelRef
from tests.acceptance.desk import Forge
from tests.servers import MlflowDatabase
from tools.registry import provision
from tools.registry.connection import ENVIRONMENT
from tools.registry.mlflow import MlflowRegistry
from tools.registry.translation import translated

if TYPE_CHECKING:
    from mlflow import MlflowClient

HERE = Path(__file__).parent
NAME = "fraud"


@dataclass(frozen=True, slots=True)
class Story:
    """One model trained with the trainer's login and promoted with the promoter's."""

    candidate: Candidate
    artifact: Artifact
    version: ModelRef
    release_run: str


def libpq(uri: str) -> str:
    return uri.replace("+psycopg", "", 1)


Child = Callable[..., str]


@pytest.fixture(scope="module")
def child(forge: Forge) -> Child:
    """What runs a script of HERE as a process of its own and returns what it printed."""

    def run(script: str, *arguments: str, uri: str, **environment: str) -> str:
        # Nothing but MLflow's address in its environment.
        given = {"PATH": os.defpath, "MLFLOW_TRACKING_URI": uri, **ENVIRONMENT, **environment}
        done = forge.run(f"tests.integration.{script}", arguments, given, HERE)
        assert done.code == 0, done.err
        return done.out

    return run


def alone(script: str, *arguments: str, uri: str) -> str:
    """Run a script of HERE as somebody does who has MLflow and nothing of ours loaded; return what it printed."""
    given = {"PATH": os.defpath, "MLFLOW_TRACKING_URI": uri, **ENVIRONMENT}
    command = [sys.executable, str(HERE / f"{script}.py"), *arguments]
    done = subprocess.run(command, env=given, cwd=HERE, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    return done.stdout


def train(child: Child, database: MlflowDatabase, key: str, *arguments: str, seed: int = 0) -> None:
    child(
        "log_sklearn_model",
        *arguments,
        uri=database.trainer,
        AUTOPILOT_KEY=key,
        SEED=str(seed),
        MLFLOW_EXPERIMENT_NAME="autopilot-training",
        _MLFLOW_SERVER_ARTIFACT_ROOT=str(database.artifacts / "training"),
    )


@pytest.fixture(scope="module")
def promoter(mlflow_database: MlflowDatabase) -> MlflowRegistry:
    return MlflowRegistry(mlflow_database.promoter, mlflow_database.artifacts)


@pytest.fixture(scope="module")
def story(
    child: Child, mlflow_database: MlflowDatabase, promoter: MlflowRegistry, tmp_path_factory: pytest.TempPathFactory
) -> Story:
    key = uuid.uuid4().hex
    train(child, mlflow_database, key)
    candidate = promoter.register_candidate(NAME, key)
    artifact = promoter.fetch(ModelRef(f"{NAME}-candidates", candidate.version), tmp_path_factory.mktemp("fetched"))
    release = promoter.release(NAME, f"{key}.release", artifact)
    version = promoter.create_version(NAME, f"{key}.version", release, {"autopilot.candidate": candidate.version})
    promoter.move_alias(NAME, "champion", version.version, None)
    return Story(candidate, artifact, version, release["run_id"])


def client(uri: str) -> "MlflowClient":
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


# --- the whole way ---


def test_what_a_trainer_overwrites_never_serves(
    child: Child, mlflow_database: MlflowDatabase, promoter: MlflowRegistry, story: Story, tmp_path: Path
):
    candidate = ModelRef(f"{NAME}-candidates", story.candidate.version)
    names = [f"models:/{NAME}@champion", f"models:/{candidate.name}/{candidate.version}"]
    before, same = alone("load_champion", *names, uri=mlflow_database.promoter).splitlines()
    assert same == before
    # Loading wrote MLflow's own marker file into the store, for both: it is no part of a model.
    assert promoter.fetch(candidate, tmp_path).digest == story.artifact.digest
    overwritten = client(mlflow_database.trainer).get_model_version_download_uri(candidate.name, candidate.version)
    with (Path(overwritten) / "model.skops").open("ab") as file:
        file.write(b"more")
    assert promoter.fetch(candidate, tmp_path).digest != story.artifact.digest
    assert promoter.fetch(story.version, tmp_path).digest == story.artifact.digest
    assert child("load_champion", names[0], uri=mlflow_database.promoter).splitlines() == [before]


def test_a_script_that_makes_its_own_experiment_is_found(
    child: Child, mlflow_database: MlflowDatabase, promoter: MlflowRegistry, tmp_path: Path
):
    key = uuid.uuid4().hex
    train(child, mlflow_database, key, "its own experiment")
    candidate = promoter.register_candidate(NAME, key)
    assert promoter.fetch(ModelRef(f"{NAME}-candidates", candidate.version), tmp_path).digest


def test_the_trainers_login_can_register_a_candidate(mlflow_database: MlflowDatabase, story: Story):
    trainer = MlflowRegistry(mlflow_database.trainer, mlflow_database.artifacts)
    assert trainer.find_candidate(NAME, story.candidate.key) == story.candidate
    made = client(mlflow_database.trainer)
    run = made.create_run(made.get_run(story.candidate.run_id).info.experiment_id, tags={"autopilot.key": "by trainer"})
    made.log_artifacts(run.info.run_id, story.artifact.path, "classic")
    made.set_terminated(run.info.run_id)
    assert trainer.register_candidate(NAME, "by trainer").run_id == run.info.run_id


# --- what Postgres refuses ---

ATTEMPTS: dict[str, Callable[["MlflowClient", Story], Any]] = {
    "move the alias": lambda c, s: c.set_registered_model_alias(NAME, "champion", other_version(c)),
    "make an alias": lambda c, s: c.set_registered_model_alias(NAME, "mine", s.version.version),
    "make an alias of a candidate": lambda c, s: c.set_registered_model_alias(f"{NAME}-candidates", "champion", "1"),
    "delete the alias": lambda c, s: c.delete_registered_model_alias(NAME, "champion"),
    "make a version": lambda c, s: c.create_model_version(NAME, s.artifact.path),
    "tag a version": lambda c, s: c.set_model_version_tag(NAME, s.version.version, "approved_by", "forged"),
    "change a tag": lambda c, s: c.set_model_version_tag(NAME, s.version.version, "autopilot.digest", "forged"),
    "delete a tag": lambda c, s: c.delete_model_version_tag(NAME, s.version.version, "autopilot.digest"),
    "describe a version": lambda c, s: c.update_model_version(NAME, s.version.version, "forged"),
    "delete a version": lambda c, s: c.delete_model_version(NAME, s.version.version),
    "tag the model": lambda c, s: c.set_registered_model_tag(NAME, "a", "b"),
    "rename the model": lambda c, s: c.rename_registered_model(NAME, "gone-candidates"),
    "rename candidates to a model": lambda c, s: c.rename_registered_model(f"{NAME}-candidates", "other"),
    "delete the model": lambda c, s: c.delete_registered_model(NAME),
    "make another model": lambda c, s: c.create_registered_model("other"),
    "begin a release": lambda c, s: c.create_run(releases(c), tags={"autopilot.key": "forged"}),
    "tag a release": lambda c, s: c.set_tag(s.release_run, "autopilot.digest", "forged"),
    "log to a release": lambda c, s: c.log_metric(s.release_run, "auc", 0.1),
    "add a parameter to a release": lambda c, s: c.log_param(s.release_run, "a", "b"),
    "end a release": lambda c, s: c.set_terminated(s.release_run, "FAILED"),
    "delete a release": lambda c, s: c.delete_run(s.release_run),
    "log a model among releases": lambda c, s: c.create_logged_model(releases(c)),
    "rename the releases": lambda c, s: c.rename_experiment(releases(c), "gone"),
    "delete the releases": lambda c, s: c.delete_experiment(releases(c)),
}


def releases(someone: "MlflowClient") -> str:
    found = someone.get_experiment_by_name("autopilot-releases")
    assert found is not None
    return str(found.experiment_id)


def other_version(someone: "MlflowClient") -> str:
    return str(max(int(version.version) for version in someone.search_model_versions(f"name = '{NAME}'")))


@pytest.fixture(scope="module")
def second_version(mlflow_database: MlflowDatabase, story: Story) -> None:
    """A version that the alias is not at: moving it to where it is would change nothing and so be allowed."""
    client(mlflow_database.promoter).create_model_version(NAME, story.artifact.path)


@pytest.mark.usefixtures("second_version")
@pytest.mark.parametrize("login", ["trainer", "reader"])
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_only_the_promoter_may(mlflow_database: MlflowDatabase, story: Story, attempt: str, login: str):
    other, before = client(getattr(mlflow_database, login)), everything(mlflow_database)
    with pytest.raises(Misconfigured, match="lacks the right"), translated(attempt):
        ATTEMPTS[attempt](other, story)
    assert everything(mlflow_database) == before


def everything(database: MlflowDatabase) -> list[Any]:
    """Every row that says what is registered, released and served."""
    queries = (
        "select * from registered_models where name not like '%-candidates' order by 1, 2",
        "select * from model_versions where name not like '%-candidates' order by 1, 2, 3",
        "select * from model_version_tags where name not like '%-candidates' order by 1, 2, 3, 4",
        "select * from registered_model_aliases order by 1, 2, 3",
        "select * from experiments where name = 'autopilot-releases'",
        "select r.*, t.* from runs r join experiments e using (experiment_id) left join tags t using (run_uuid)"
        " where e.name = 'autopilot-releases' order by r.run_uuid, t.key",
    )
    with psycopg.connect(libpq(database.owner)) as connection:
        return [connection.execute(query).fetchall() for query in queries]


STATEMENTS = [
    "create table mine (n int)",
    "create temporary table mine (n int)",
    "create schema mine",
    "create index on runs (name)",
    "create or replace function mine() returns int language sql as 'select 1'",
    "alter table model_versions disable row level security",
    "alter table runs add column mine int",
    "drop table runs",
    "drop policy trainer_writes on runs",
    "truncate registered_model_aliases",
    "delete from registered_model_aliases",
    "delete from model_versions",
    "update alembic_version set version_num = 'x'",
    "select * from secrets",
    "select secret from webhooks",
    "create role mine",
    "grant all on all tables in schema public to public",
    "copy (select 1) to program 'true'",
]


@pytest.mark.parametrize("login", ["trainer", "promoter", "reader"])
@pytest.mark.parametrize("statement", STATEMENTS)
def test_no_login_may(mlflow_database: MlflowDatabase, login: str, statement: str):
    with (
        psycopg.connect(libpq(getattr(mlflow_database, login)), autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


SILENT = [
    "update runs set experiment_id = (select experiment_id from experiments where name = 'autopilot-training')"
    " where experiment_id = (select experiment_id from experiments where name = 'autopilot-releases')",
    "update experiments set artifact_location = '/tmp' where name = 'autopilot-releases'",
    "update model_versions set source = '/tmp' where name = 'fraud'",
    "update tags set value = 'forged' where key = 'autopilot.digest'",
    "update latest_metrics set value = 0 where run_uuid in (select run_uuid from tags where key = 'autopilot.digest')",
]


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize("statement", SILENT)
def test_a_trainer_changes_no_row_of_a_release(mlflow_database: MlflowDatabase, statement: str):
    with psycopg.connect(libpq(mlflow_database.trainer)) as connection:
        assert connection.execute(statement).rowcount == 0


@pytest.mark.parametrize(
    "statement",
    [
        "update runs set experiment_id = (select experiment_id from experiments where name = 'autopilot-releases')",
        "insert into experiments (name, workspace) values ('mine', 'another workspace')",
        "insert into registered_models (name, workspace) values ('mine-candidates', 'another workspace')",
        "update experiments set name = 'autopilot-releases' where name = 'Default'",
    ],
)
@pytest.mark.usefixtures("story")
def test_a_trainer_moves_nothing_into_a_forbidden_place(mlflow_database: MlflowDatabase, statement: str):
    with (
        psycopg.connect(libpq(mlflow_database.trainer)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


def test_the_promoter_does_not_write_where_training_does(mlflow_database: MlflowDatabase, story: Story):
    promoter = client(mlflow_database.promoter)
    with pytest.raises(Misconfigured, match="lacks the right"), translated("logging"):
        promoter.log_metric(story.candidate.run_id, "auc", 1.0)


@pytest.mark.parametrize("role", [logins.OWNER, logins.TRAINER, logins.PROMOTER])
def test_no_login_of_mlflow_reaches_the_ledger(mlflow_database: MlflowDatabase, role: str):
    known = logins.Logins(mlflow_database.passwords)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(logins.sibling(mlflow_database.admin, logins.LEDGER, role, known))


def test_setting_the_rights_again_takes_back_what_was_added(mlflow_database: MlflowDatabase, story: Story):
    with psycopg.connect(libpq(mlflow_database.owner)) as connection:
        connection.execute(f"grant all on all tables in schema public to {logins.TRAINER}")
    provision.migrate(mlflow_database.owner)
    provision.grant(mlflow_database.owner, logins.TRAINER, logins.PROMOTER)
    provision.ensure_experiments(mlflow_database.owner, mlflow_database.artifacts)
    with pytest.raises(Misconfigured, match="lacks the right"), translated("aliasing"):
        client(mlflow_database.trainer).set_registered_model_alias(NAME, "mine", story.version.version)


# --- who only reads ---


def test_a_reader_sees_what_it_observes(
    mlflow_database: MlflowDatabase, promoter: MlflowRegistry, story: Story, tmp_path: Path
):
    registry = MlflowRegistry(mlflow_database.reader, None)
    assert registry.alias(NAME, "champion") == promoter.alias(NAME, "champion")
    assert registry.find_candidate(NAME, story.candidate.key) == story.candidate
    assert registry.reported(story.version) == promoter.reported(story.version)
    assert registry.fetch(story.version, tmp_path).digest == story.artifact.digest


def test_a_reader_may_not_even_train(mlflow_database: MlflowDatabase, story: Story):
    with pytest.raises(Misconfigured, match="lacks the right"), translated("training"):
        client(mlflow_database.reader).log_metric(story.candidate.run_id, "auc", 1.0)


# --- files that are no model ---


@pytest.mark.parametrize("trick", ["link to a file", "link to a folder", "pipe"])
def test_a_candidate_is_made_of_plain_files(
    mlflow_database: MlflowDatabase, promoter: MlflowRegistry, story: Story, tmp_path: Path, trick: str
):
    trainer, key = client(mlflow_database.trainer), uuid.uuid4().hex
    run = trainer.create_run(trainer.get_run(story.candidate.run_id).info.experiment_id, tags={"autopilot.key": key})
    trainer.log_artifacts(run.info.run_id, story.artifact.path, "model")
    trainer.set_terminated(run.info.run_id)
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "password").write_text("x")
    bait = Path(run.info.artifact_uri) / "model" / "data"
    if trick == "pipe":
        os.mkfifo(bait)
    else:
        bait.symlink_to(secret / "password" if trick == "link to a file" else secret)
    candidate = promoter.register_candidate(NAME, key)
    with pytest.raises(Refused, match="plain files"):
        promoter.fetch(ModelRef(f"{NAME}-candidates", candidate.version), tmp_path / "to")


@pytest.mark.parametrize("way", ["outright", "by a link", "by dots"])
def test_a_candidates_files_lie_in_the_artifact_store(
    mlflow_database: MlflowDatabase, promoter: MlflowRegistry, story: Story, tmp_path: Path, way: str
):
    (tmp_path / "outside" / "model").mkdir(parents=True)
    (tmp_path / "outside" / "model" / "MLmodel").write_text("x")
    source = tmp_path / "outside" / "model"
    if way == "by a link":
        link = mlflow_database.artifacts / "training" / uuid.uuid4().hex
        link.symlink_to(tmp_path / "outside")
        source = link / "model"
    elif way == "by dots":
        source = (
            mlflow_database.artifacts / "training" / os.path.relpath(source, mlflow_database.artifacts / "training")
        )
    trainer = client(mlflow_database.trainer)
    version = trainer.create_model_version(f"{NAME}-candidates", str(source), story.candidate.run_id)
    with pytest.raises(Refused, match="outside the artifact store"):
        promoter.fetch(ModelRef(f"{NAME}-candidates", str(version.version)), tmp_path / "to")


def test_one_who_is_no_superuser_may_set_the_logins_again(embedded_postgres):
    """As `autopilot db migrate` does at every upgrade, on a server of one's own."""
    known = logins.Logins({"a_role_of_ours": "first"})
    with psycopg.connect(embedded_postgres.dsn(), autocommit=True) as superuser:
        superuser.execute("create role ops login createrole password 'secret'")
        superuser.execute("create database of_ops owner ops")
    with psycopg.connect(embedded_postgres.dsn("of_ops", "ops", "secret"), autocommit=True) as connection:
        logins.make_role(connection, "a_role_of_ours", known)
        logins.make_role(connection, "a_role_of_ours", logins.Logins({"a_role_of_ours": "second"}))
        connection.execute("grant connect on database of_ops to a_role_of_ours")
    with psycopg.connect(embedded_postgres.dsn("of_ops", "a_role_of_ours", "second")) as connection:
        row = connection.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
    assert row == (False,)


def test_a_login_of_ours_that_became_a_superuser_is_none_any_more(embedded_postgres):
    with psycopg.connect(embedded_postgres.dsn(), autocommit=True) as superuser:
        superuser.execute("create role a_role_too_mighty login superuser password 'first'")
        logins.make_role(superuser, "a_role_too_mighty", logins.Logins({"a_role_too_mighty": "second"}))
        row = superuser.execute("select rolsuper from pg_roles where rolname = 'a_role_too_mighty'").fetchone()
    assert row == (False,)
