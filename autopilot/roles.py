"""`autopilot db roles`: a login for each process of a split deployment, in the ledger's database and in MLflow's."""

import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from autopilot.settings import Settings, prepare
from autopilot.stores import Stores, libraries, mlflow_schema, stores
from checkpoints import migrate, roles
from checkpoints.provision import PROMOTER, TRAINER, Logins, close_to_others, logins, tracking_uri
from graph.errors import Misconfigured

_FOR = {
    "observe": "autopilot work --can observe",
    "train": "autopilot work --can train",
    "promote": "autopilot work --can promote",
    "doors": "autopilot serve --can none",
    "view": "autopilot status, runs, explain, report",
}
_MLFLOW = {"observe": roles.READER, "train": TRAINER, "promote": PROMOTER, "doors": roles.READER}


@dataclass(frozen=True, slots=True)
class Written:
    """The file with one process's logins."""

    duty: str
    role: str
    mlflow: str | None
    """Its role in MLflow's database; None where MLflow's logins are its server's to give."""
    file: Path


def text() -> str:
    """Return the SQL of the roles, for whoever may make them."""
    return roles.text()


def make(settings: Settings) -> list[Written]:
    """Make the roles, and write for each process a file with its logins. Idempotent: passwords stay.

    Misconfigured without a DATABASE_URL, with another schema than this release's, or where the login makes no roles.
    """
    if not settings.database_url:
        raise Misconfigured(
            "the embedded database belongs to one account of one machine: there is nothing to keep apart",
            "set DATABASE_URL to a Postgres server's",
        )
    with stores(settings) as found:
        migrate.require(found.ledger)
        known = roles.roles_file(settings.home / "roles.json")
        roles.create(found.ledger, known)
        close_to_others(found.ledger)
        _open_mlflow(found, known)
        return list(_written(settings, found, known))


def _open_mlflow(found: Stores, known: Logins) -> None:
    """Make MLflow's reading login, where MLflow lies beside our database."""
    if found.owner is None or found.admin is None:
        return
    prepare(libraries())
    mlflow_schema(found, upgrade=False)
    from tools.registry.provision import grant_reading

    roles.create_reader(found.admin, known)
    grant_reading(found.owner, roles.READER)


def _written(settings: Settings, found: Stores, known: Logins) -> Iterator[Written]:
    folder = settings.home / "roles"
    folder.mkdir(mode=0o700, exist_ok=True)
    for duty, role in roles.ROLES.items():
        given = {"DATABASE_URL": roles.uri(found.ledger, role, known)}
        mlflow = _MLFLOW.get(duty) if found.owner and found.admin else None
        if mlflow and found.admin:
            of = known if mlflow == roles.READER else logins(settings.home / "logins.json")
            given["MLFLOW_TRACKING_URI"] = tracking_uri(found.admin, mlflow, of)
        file = folder / f"{duty}.env"
        _write(file, f"# {_FOR[duty]}\n", given)
        yield Written(duty, role, mlflow, file)


def _write(file: Path, head: str, given: Mapping[str, str]) -> None:
    lines = (f"{name}={shlex.quote(value)}\n" for name, value in given.items())
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(head + "".join(lines))
    draft.replace(file)
