"""The database logins of a deployment whose processes may not all do the same: made, given their rights, looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from checkpoints.database import translated
from checkpoints.provision import MLFLOW, Logins, logins, make_role, sibling
from checkpoints.queries import query
from graph.errors import Misconfigured

VIEWER = "autopilot_viewer"
ROLES: Mapping[str, str] = {
    "observe": "autopilot_observer",
    "train": "autopilot_trainer",
    "promote": "autopilot_promoter",
    "doors": "autopilot_doors",
    "view": VIEWER,
}
"""Which role does what."""
READER = "autopilot_mlflow_reader"
"""MLflow's login of whoever neither trains nor promotes."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a database login may do."""

    role: str
    owner: bool
    """It owns the ledger, or may do anything on the server."""
    can: frozenset[str]
    """Words of ROLES whose deeds it may write."""


def text() -> str:
    """Return the SQL that makes the roles and gives them their rights, as one transaction for psql."""
    return f"begin;\n\n{query('roles', 'create')}\n\n{query('roles', 'grant')}\n\ncommit;\n"


def roles_file(file: Path) -> Logins:
    """Return the passwords of these roles kept in `file`; makes them, once, when it does not exist."""
    return logins(file, (*ROLES.values(), READER))


def uri(ledger: str, role: str, known: Logins) -> str:
    """Return the ledger's URI as one of its roles."""
    return sibling(ledger, str(conninfo_to_dict(ledger).get("dbname") or ""), role, known)


def create(ledger: str, known: Logins) -> None:
    """Make the roles of the ledger's database, with these passwords, and give them their rights. Idempotent.

    Misconfigured when the login may not make roles, or does not own the ledger.
    """
    try:
        with translated(), psycopg.connect(ledger, autocommit=True, connect_timeout=10) as connection:
            with connection.transaction():
                connection.execute(query("roles", "create"))
                connection.execute(query("roles", "grant"))
            for role in ROLES.values():
                make_role(connection, role, known)
    except Misconfigured as error:
        raise Misconfigured(
            f"the database roles cannot be made: {error.message}",
            "let whoever may make roles run what this prints: autopilot db roles --sql",
        ) from None


def create_reader(admin: str, known: Logins) -> None:
    """Make MLflow's reading login and let it into MLflow's database; its rights there are MLflow's owner's to give."""
    with translated(), psycopg.connect(admin, autocommit=True, connect_timeout=10) as connection:
        make_role(connection, READER, known)
        connection.execute(
            sql.SQL("grant connect on database {} to {}").format(sql.Identifier(MLFLOW), sql.Identifier(READER))
        )


def has_reader(admin: str) -> bool:
    """Tell whether `create_reader` was here."""
    with translated(), psycopg.connect(admin, autocommit=True, connect_timeout=10) as connection:
        row = connection.execute(query("roles", "reader_known"), {"database": MLFLOW, "reader": READER}).fetchone()
        return bool(row and row[0])


def grant_again(ledger: str) -> bool:
    """Give the roles their rights on what a migration brought. False where this database does not know them."""
    with translated(), psycopg.connect(ledger, autocommit=True, connect_timeout=10) as connection:
        row = connection.execute(query("roles", "granted")).fetchone()
        if row is None or not row[0]:
            return False
        with connection.transaction():
            connection.execute(query("roles", "grant"))
    return True


def standing(ledger: str) -> Standing:
    """Return what the login of this URI may do in the ledger."""
    with translated(), psycopg.connect(ledger, autocommit=True, connect_timeout=10, row_factory=dict_row) as connection:
        row = connection.execute(query("roles", "standing")).fetchone()
    if row is None:
        raise Misconfigured("the database holds no ledger yet", "create it with: autopilot db migrate")
    can = frozenset(each for each in ("observe", "train", "promote", "doors") if row[each])
    return Standing(row["role"], row["superuser"] or row["owner"], can)
