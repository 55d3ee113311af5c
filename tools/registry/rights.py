"""What the training login can do that it must not, found out by trying, and by taking back what worked."""

from importlib import resources

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tools.registry.translation import translated

_PATIENCE_S = 10


def tries(trainer_uri: str) -> bool:
    """Tell whether rights can be tried here: on a database they can, at a server nothing can be taken back."""
    return trainer_uri.startswith("postgresql")


def trespasses(trainer_uri: str, ledger: str | None = None) -> list[str]:
    """Return what the login of this Postgres URI can do that it must not, in MLflow's database and in the ledger's.

    Without `ledger` only in MLflow's.

    Raises Unavailable or Misconfigured when the login cannot even connect to MLflow's database.
    """
    with translated("trying the training login"), _connected(_plain(trainer_uri)) as connection:
        found = [name for name, statement in _statements() if _works(connection, statement)]
    return [*found, *(["read our own database"] if ledger and _gets_in(_plain(trainer_uri), ledger) else [])]


def _statements() -> list[tuple[str, str]]:
    text = (resources.files("tools.registry") / "trespass.sql").read_text("utf-8")
    blocks = [block.strip().partition("\n") for block in text.split("\n\n")]
    return [(name.removeprefix("-- "), statement) for name, _, statement in blocks if statement]


def _works(connection: psycopg.Connection[tuple[object, ...]], statement: str) -> bool:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege:
        return False
    except psycopg.errors.IntegrityError:
        return True  # stopped by a constraint, and so not by a right
    return True


def _gets_in(trainer: str, ledger: str) -> bool:
    """Tell whether this login may connect to the ledger's database, which was reached with another just before."""
    login = conninfo_to_dict(trainer)
    try:
        psycopg.connect(
            ledger, user=login.get("user"), password=login.get("password"), connect_timeout=_PATIENCE_S
        ).close()
    except psycopg.OperationalError:
        return False
    return True


def _plain(uri: str) -> str:
    """Return a URI for libpq: SQLAlchemy's names the driver."""
    scheme, separator, rest = uri.partition("://")
    return f"{scheme.partition('+')[0]}{separator}{rest}"


def _connected(uri: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(uri, connect_timeout=_PATIENCE_S)
