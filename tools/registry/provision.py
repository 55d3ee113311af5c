"""MLflow's own database: its schema, the rights of its logins, and the two experiments with their artifact folders."""

from importlib import resources
from pathlib import Path

import psycopg
from psycopg import sql

from graph.errors import Misconfigured
from tools.registry.connection import connect, require_answer
from tools.registry.translation import translated
from tools.registry.words import RELEASES, TRAINING

_LONGEST_RUN_URI = 200
"""Characters: the width of MLflow's column for a run's artifact location."""
_RUN_PART = len("/") + 32 + len("/artifacts")


def migrate(owner_uri: str) -> None:
    """Create MLflow's schema, or upgrade it to the installed MLflow's. One process at a time: hold a lock around it.

    Misconfigured when a newer MLflow migrated the database already.
    """
    from alembic.util import CommandError
    from mlflow.store.db import utils

    with translated("migrating MLflow's database"):
        require_answer(owner_uri)
        engine = utils.create_sqlalchemy_engine_with_retry(owner_uri)  # type: ignore[no-untyped-call]
        try:
            # What `mlflow db upgrade` does; the command itself wants the URI, password included, as an argument.
            if utils._is_empty_database(engine):  # type: ignore[no-untyped-call]
                utils._initialize_tables(engine)  # type: ignore[no-untyped-call]
            else:
                utils._upgrade_db(engine)  # type: ignore[no-untyped-call]
        except CommandError as error:
            raise Misconfigured(
                f"MLflow's database has a schema that this MLflow does not know: {error}",
                "install the newer MLflow again",
            ) from None
        finally:
            engine.dispose()


def grant(owner_uri: str, trainer: str, promoter: str, *, releases: str = RELEASES) -> None:
    """Give the two login roles exactly the rights of roles.sql, whatever they had. `owner_uri` owns the tables.

    Idempotent. Misconfigured when a role or MLflow's schema is missing, or the login may not grant.
    """
    statements = sql.SQL((resources.files("tools.registry") / "roles.sql").read_text("utf-8"))
    with translated("setting the rights in MLflow's database"), _connected(owner_uri) as connection:
        connection.execute(
            statements.format(
                trainer=sql.Identifier(trainer),
                promoter=sql.Identifier(promoter),
                releases=sql.Literal(releases),
                database=sql.Identifier(connection.info.dbname),
            )
        )


def grant_reading(owner_uri: str, reader: str) -> None:
    """Give a login role exactly the rights of reader.sql. Idempotent; Misconfigured as for `grant`."""
    statements = sql.SQL((resources.files("tools.registry") / "reader.sql").read_text("utf-8"))
    with translated("setting the rights in MLflow's database"), _connected(owner_uri) as connection:
        connection.execute(statements.format(reader=sql.Identifier(reader)))


def ensure_experiments(
    owner_uri: str, artifact_root: Path | None, *, training: str = TRAINING, releases: str = RELEASES
) -> None:
    """Create the two experiments with their artifacts below `artifact_root`, or, without one, where MLflow decides.

    Misconfigured when the folder's path is too long for MLflow's table, or an experiment exists with another one.
    """
    with translated("creating MLflow's experiments"):
        if artifact_root:
            _default_experiment(owner_uri, artifact_root)
        client = connect(owner_uri)
        for name, folder in ((training, "training"), (releases, "releases")):
            location = _location(artifact_root / folder) if artifact_root else None
            found = client.get_experiment_by_name(name)
            if found is None:
                client.create_experiment(name, location)
            elif location:
                _require_place(name, str(found.artifact_location), location)


def require_artifacts(owner_uri: str, artifact_root: Path) -> None:
    """Misconfigured where an experiment of ours that exists keeps its artifacts in another folder than this one.

    Models of before cannot be read there: a home that was moved, or restored elsewhere, voids what waits for approval.
    """
    with translated("looking at MLflow's experiments"):
        client = connect(owner_uri)
        for name, folder in ((TRAINING, "training"), (RELEASES, "releases")):
            if found := client.get_experiment_by_name(name):
                _require_place(name, str(found.artifact_location), _location(artifact_root / folder))


def _require_place(name: str, kept: str, location: str) -> None:
    if kept != location:
        raise Misconfigured(
            f"MLflow's experiment {name} keeps its artifacts at {kept}, not at {location}",
            "give the same AUTOPILOT_HOME as before, or a new database",
        )


def _default_experiment(uri: str, artifact_root: Path) -> None:
    """Let MLflow make its experiment 0 with artifacts below `artifact_root`, not below the working folder."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    require_answer(uri)
    SqlAlchemyStore(uri, _location(artifact_root))  # type: ignore[no-untyped-call]


def _location(folder: Path) -> str:
    # A path, not a file: URI: MLflow decodes a URI twice on its way to `load_model` and loses a `%` in it.
    location = str(folder.absolute())
    if len(location) + _RUN_PART > _LONGEST_RUN_URI:
        raise Misconfigured(
            f"the path {location} is {len(location) + _RUN_PART - _LONGEST_RUN_URI} characters too long for MLflow",
            "set AUTOPILOT_HOME to a shorter path",
        )
    return location


def _connected(uri: str) -> psycopg.Connection[tuple[object, ...]]:
    """Return a connection by SQLAlchemy's URI, which names the driver where libpq's does not."""
    scheme, separator, rest = uri.partition("://")
    return psycopg.connect(f"{scheme.partition('+')[0]}{separator}{rest}", connect_timeout=10)
