"""Where things are kept: our database and MLflow's, embedded or given, provisioned and at the right schema."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from autopilot.capabilities import ALL, Capability, words
from autopilot.settings import Settings, prepare
from checkpoints import migrate
from checkpoints.database import Database
from checkpoints.embedded.cluster import EmbeddedPostgres
from checkpoints.provision import (
    LEDGER,
    OWNER,
    PROMOTER,
    TRAINER,
    close_to_others,
    logins,
    mark_mlflow_ready,
    mlflow_ready,
    provision,
    provisioned,
    tracking_uri,
)
from checkpoints.roles import READER, grant_again, has_reader
from graph.errors import Misconfigured


def libraries() -> dict[str, str]:
    """Return what libraries read from the environment at import: what a row may make them construct is ours to say."""
    from tools.registry.connection import ENVIRONMENT

    return {"LANGGRAPH_STRICT_MSGPACK": "true", **ENVIRONMENT}


@dataclass(frozen=True, slots=True)
class Stores:
    """Where things are kept: the ledger's database, and MLflow by one URI per duty."""

    ledger: str
    admin: str | None
    owner: str | None
    registry: str
    """What this process itself logs in with: the promoter's login only where it can promote."""
    trainer: str
    """What training scripts are given; empty where nothing is trained."""
    artifacts: Path | None
    cluster: EmbeddedPostgres | None = None

    def __repr__(self) -> str:
        return "Stores(…)"  # every URI in it holds a password


@contextmanager
def stores(settings: Settings, can: frozenset[Capability] = ALL, *, ledger_alone: bool = False) -> Iterator[Stores]:
    """Yield the databases, the embedded one running and provisioned for as long as this lasts.

    MLflow's logins are those of what this process can do; for the ledger alone none are asked for.
    """
    furnish(settings.home)
    if settings.database_url:
        if ledger_alone:
            yield Stores(settings.database_url, None, None, "", "", None)
            return
        yield _external(settings, settings.database_url, can)
        return
    cluster = embedded(settings)
    with cluster.lease():
        yield _embedded(settings, cluster, can)


def furnish(home: Path) -> None:
    """Make the home and its rooms. They are for their owner only; files that hold a secret are so by themselves.

    For root the home lets others pass, to places they know: its Postgres runs as an ordinary account, inside.
    """
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    for room in ("artifacts", "jobs", "work"):
        (home / room).mkdir(mode=0o700, exist_ok=True)


def embedded(settings: Settings) -> EmbeddedPostgres:
    """Return the home's own Postgres, not started."""
    return EmbeddedPostgres(
        settings.home / "postgres", binaries=settings.postgres_bin, account=settings.postgres_account
    )


def _embedded(settings: Settings, cluster: EmbeddedPostgres, can: frozenset[Capability]) -> Stores:
    known, admin = logins(settings.home / "logins.json"), cluster.dsn()
    ledger = cluster.dsn(LEDGER, LEDGER, known.passwords[LEDGER])
    if not provisioned(admin, known):
        provision(admin, known, ledger=True)
        # Only an empty database of our own is migrated unasked; an old schema is for a person to migrate.
        if migrate.applied(ledger) == 0:
            migrate.migrate(ledger)
    return _with_mlflow(settings, Stores(ledger, admin, None, "", "", None, cluster), known_uris(admin, settings), can)


def known_uris(admin: str, settings: Settings) -> Mapping[str, str]:
    """Return MLflow's URIs beside our database, by role."""
    known = logins(settings.home / "logins.json")
    return {role: tracking_uri(admin, role, known) for role in (OWNER, TRAINER, PROMOTER)}


def _external(settings: Settings, url: str, can: frozenset[Capability]) -> Stores:
    if own_login(settings, can):
        return _with_mlflow(settings, Stores(url, None, None, "", "", None), {}, can)
    if can != ALL and not (settings.home / "logins.json").exists():
        raise Misconfigured(
            f"MLFLOW_TRACKING_URI is not set, and a process with --can {words(can)} makes itself no MLflow login",
            "autopilot db roles, where everything is kept, writes one for each process",
        )
    return _with_mlflow(settings, Stores(url, url, None, "", "", None), known_uris(url, settings), can)


def own_login(settings: Settings, can: frozenset[Capability]) -> str | None:
    """Return the MLflow store that this process was told to log in at; who trains and no more may take training's."""
    trains = "train" in can and "promote" not in can
    return settings.mlflow_tracking_uri or (settings.trainer_tracking_uri if trains else None)


def _with_mlflow(settings: Settings, found: Stores, uris: Mapping[str, str], can: frozenset[Capability]) -> Stores:
    own = own_login(settings, can)
    if own:
        return replace(found, registry=own, trainer=_handed_on(settings, own, can))
    registry = uris[PROMOTER if "promote" in can else TRAINER]
    trainer = uris[TRAINER] if "train" in can else ""
    artifacts = settings.home / "artifacts"
    return replace(found, owner=uris[OWNER], registry=registry, trainer=trainer, artifacts=artifacts)


def _handed_on(settings: Settings, own: str, can: frozenset[Capability]) -> str:
    """Return the login that training scripts are given. Misconfigured where it would be one that promotes."""
    if "train" not in can:
        return ""
    if "promote" in can and urlsplit(own).password and not settings.trainer_tracking_uri:
        raise Misconfigured(
            "MLFLOW_TRACKING_URI holds a login, and training would be given the one that promotes",
            "give training a restricted one: AUTOPILOT_TRAINER_TRACKING_URI; where duties are split, workers say --can "
            "and a person's commands take the owner's DATABASE_URL and no other login",
        )
    return settings.trainer_tracking_uri or own


def migrate_all(settings: Settings) -> list[str]:
    """Bring both databases up to date; return what was done."""
    with stores(settings) as found:
        if found.owner and found.admin:
            provision(found.admin, logins(settings.home / "logins.json"), ledger=found.cluster is not None)
        if settings.database_url and found.owner:
            close_to_others(settings.database_url)
        done = migrate.migrate(found.ledger)
        if grant_again(found.ledger):
            done.append("rights of the database roles")
        if found.owner:
            mlflow_schema(found, upgrade=True)
            done.append("mlflow")
    return done


def mlflow_schema(found: Stores, *, upgrade: bool) -> None:
    """Give MLflow's database its schema, grants and experiments, when it has none or is to be upgraded."""
    if found.owner is None or found.admin is None or (not upgrade and mlflow_ready(found.admin)):
        return
    from tools.registry import provision as mlflow

    prepare(libraries())
    database = Database(found.admin)
    try:
        with database.locked("mlflow migration"):
            if upgrade or not mlflow_ready(found.admin):
                mlflow.migrate(found.owner)
                mlflow.grant(found.owner, TRAINER, PROMOTER)
                if has_reader(found.admin):
                    mlflow.grant_reading(found.owner, READER)
                mlflow.ensure_experiments(found.owner, found.artifacts)
                mark_mlflow_ready(found.admin)
    finally:
        database.close()


def describe(settings: Settings) -> dict[str, object]:
    """Return what the ledger's database is and which schema it has, without changing either."""
    with stores(settings) as found:
        where = str(settings.home / "postgres") if found.cluster else "DATABASE_URL"
        outside = [str(folder) for folder in found.cluster.folders()] if found.cluster else []
        return {
            "database": where,
            "schema": migrate.applied(found.ledger),
            "needed": migrate.newest(),
            "folders outside the home": outside,
        }
