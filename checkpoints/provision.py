"""Two databases and their logins: ours, and MLflow's with one login each for owner, trainer and promoter."""

import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from checkpoints.database import translated
from checkpoints.queries import query
from graph.codec import digest
from graph.errors import Misconfigured

LEDGER = "autopilot"
OWNER = "autopilot_mlflow_owner"
TRAINER = "autopilot_mlflow_trainer"
PROMOTER = "autopilot_mlflow_promoter"
MLFLOW = "mlflow"
_LOCK = 7_204_118_012
_PROVISIONED = "autopilot, logins"
_READY = "schema, grants and experiments by autopilot"


@dataclass(frozen=True, slots=True)
class Logins:
    """Role → password. Kept in one 0600 file of the home; a lost file is healed by `autopilot db migrate`."""

    passwords: dict[str, str]

    def __repr__(self) -> str:
        return f"Logins({', '.join(sorted(self.passwords))})"

    @property
    def fingerprint(self) -> str:
        """Tells these logins from others without telling them."""
        return digest(self.passwords)[:16]


def logins(file: Path, roles: Iterable[str] = (LEDGER, OWNER, TRAINER, PROMOTER)) -> Logins:
    """Return the logins kept in `file`; makes those of these roles, once, when it does not exist."""
    if not file.exists():
        fresh = {role: secrets.token_urlsafe(24) for role in roles}
        _write_once(file, json.dumps(fresh))
    return Logins(json.loads(file.read_text("utf-8")))


def _write_once(file: Path, text: str) -> None:
    # Linked into place: of two processes at first start one wins whole, and no reader sees half a file.
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def provision(admin: str, known: Logins, *, ledger: bool) -> None:
    """Create what is missing of roles and databases, and keep everybody else out of them. Idempotent, one at a time.

    `ledger` is off where DATABASE_URL names our database already. Misconfigured when the login may not do it.
    """
    try:
        with translated(), psycopg.connect(admin, autocommit=True, connect_timeout=10) as connection:
            connection.execute("select pg_advisory_lock(%s)", (_LOCK,))
            if ledger:
                # The server is ours: its own databases are nobody's way in.
                for own in ("postgres", "template1"):
                    connection.execute(sql.SQL("revoke connect on database {} from public").format(sql.Identifier(own)))
                make_role(connection, LEDGER, known)
                _database(connection, LEDGER, LEDGER)
            for role in (OWNER, TRAINER, PROMOTER):
                make_role(connection, role, known)
            _database(connection, MLFLOW, OWNER)
            if ledger:
                _comment(connection, LEDGER, f"{_PROVISIONED} {known.fingerprint}")
            for role in (TRAINER, PROMOTER):
                connection.execute(
                    sql.SQL("grant connect on database {} to {}").format(sql.Identifier(MLFLOW), sql.Identifier(role))
                )
    except Misconfigured as error:
        raise Misconfigured(
            f"MLflow's database and logins cannot be created: {error.message}",
            "set MLFLOW_TRACKING_URI, or give this login CREATEDB and CREATEROLE",
        ) from None


def make_role(connection: psycopg.Connection[tuple[object, ...]], role: str, known: Logins) -> None:
    """Make a role that logs in with its known password, or give it that password."""
    found = connection.execute(query("provision", "role_is_superuser"), {"role": role}).fetchone()
    # Only a superuser may say `nosuperuser` of a role that is there, also where that changes nothing.
    attributes = "login" if found and not found[0] else "login nosuperuser"
    connection.execute(
        sql.SQL("{} role {} {} password {}").format(
            sql.SQL("alter" if found else "create"),
            sql.Identifier(role),
            sql.SQL(attributes),
            sql.Literal(known.passwords[role]),
        )
    )


def _database(connection: psycopg.Connection[tuple[object, ...]], name: str, owner: str) -> None:
    if not connection.execute(query("provision", "database_exists"), {"database": name}).fetchone():
        # Since Postgres 16 a role that is no superuser must be a member of the owner it names.
        connection.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(owner)))
        connection.execute(sql.SQL("create database {} owner {}").format(sql.Identifier(name), sql.Identifier(owner)))
    connection.execute(sql.SQL("revoke connect on database {} from public").format(sql.Identifier(name)))


def provisioned(admin: str, known: Logins) -> bool:
    """Tell whether the embedded server has our database with exactly these logins."""
    return _comment_of(admin, LEDGER) == f"{_PROVISIONED} {known.fingerprint}"


def close_to_others(database_url: str) -> None:
    """Keep MLflow's logins out of the ledger's database, where this login may say so."""
    name = conninfo_to_dict(database_url).get("dbname") or ""
    with translated(), psycopg.connect(database_url, autocommit=True, connect_timeout=10) as connection:
        connection.execute(sql.SQL("revoke connect on database {} from public").format(sql.Identifier(str(name))))


def sibling(admin: str, database: str, role: str, known: Logins) -> str:
    """Return a libpq URI for another database of the same server, as another role."""
    return _uri("postgresql", admin, database, role, known)


def tracking_uri(admin: str, role: str, known: Logins) -> str:
    """Return MLflow's store URI for one of its logins, with the driver: a bare one means what SQLAlchemy likes."""
    return _uri("postgresql+psycopg", admin, MLFLOW, role, known)


def _uri(scheme: str, admin: str, database: str, role: str, known: Logins) -> str:
    given = {key: str(value) for key, value in conninfo_to_dict(admin).items() if value is not None}
    host = given.pop("host", "")
    port = given.pop("port", "")
    extra = {key: value for key, value in given.items() if key.startswith("ssl")}
    if host.startswith("/") or not host:
        where, extra = "", {**({"host": host} if host else {}), **({"port": port} if port else {}), **extra}
    else:
        where = f"{host}:{port}" if port else host
    tail = f"?{urlencode(extra, quote_via=quote)}" if extra else ""
    return f"{scheme}://{role}:{quote(known.passwords[role], safe='')}@{where}/{database}{tail}"


def mlflow_ready(admin: str) -> bool:
    """Tell whether MLflow's database has its schema, grants and experiments, all of them."""
    return _comment_of(admin, MLFLOW) == _READY


def mark_mlflow_ready(admin: str) -> None:
    """Remember that everything is there: MLflow's own tables exist before its grants do."""
    with translated(), psycopg.connect(admin, autocommit=True, connect_timeout=10) as connection:
        _comment(connection, MLFLOW, _READY)


def _comment(connection: psycopg.Connection[tuple[object, ...]], database: str, text: str) -> None:
    connection.execute(sql.SQL("comment on database {} is {}").format(sql.Identifier(database), sql.Literal(text)))


def _comment_of(admin: str, database: str) -> object:
    with translated(), psycopg.connect(admin, autocommit=True, connect_timeout=10) as connection:
        row = connection.execute(query("provision", "database_comment"), {"database": database}).fetchone()
        return row[0] if row else None
