"""The one translation of what MLflow, its database, its server and the disk raise into the errors of graph.errors."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from graph.errors import AutopilotError, Misconfigured, NotFound, Refused, Unavailable
from tools.redaction import Redactor

_REFUSED = frozenset({"RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS", "RESOURCE_CONFLICT"})
_NOT_FOUND = frozenset({"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"})
_MISCONFIGURED = frozenset(
    {
        "BAD_REQUEST",
        "CUSTOMER_UNAUTHORIZED",
        "ENDPOINT_NOT_FOUND",
        "INVALID_PARAMETER_VALUE",
        "INVALID_STATE",
        "NOT_IMPLEMENTED",
        "PERMISSION_DENIED",
        "UNAUTHENTICATED",
    }
)
_NO_RIGHT = frozenset({"InsufficientPrivilege", "StaleDataError"})
"""Postgres says the first; SQLAlchemy says the second when row security left an UPDATE no row to change."""
# A failed connection has no SQLSTATE in psycopg: only the server's words tell a wrong login from an absent server.
_BAD_LOGIN = re.compile(r"authentication failed|no password supplied|does not exist|permission denied for database")
_OLD_SCHEMA = re.compile(r"out-of-date database schema|Database migration in unexpected state|Can't locate revision")
_LONGEST = 300

_RIGHTS_HINT = "autopilot db migrate sets the rights of our logins; on a server of your own, give this login the right"
_SETTINGS_HINT = "check MLFLOW_TRACKING_URI, the model's name and this login's rights: autopilot doctor"
_ADDRESS_HINT = "check MLFLOW_TRACKING_URI, or: autopilot doctor"
_SCHEMA_HINT = "run: autopilot db migrate"


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Run a block of MLflow calls; `doing` says for which model and what, and begins the error's message."""
    import psycopg
    from mlflow.exceptions import MlflowException
    from requests import RequestException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except MlflowException as error:
        raise _of_mlflow(doing, error, error.error_code) from None
    except (SQLAlchemyError, psycopg.Error) as error:
        raise _of_database(doing, error) from None
    except RequestException as error:
        raise _of_server(doing, error, error.response.status_code if error.response is not None else None) from None
    except OSError as error:
        raise Unavailable(f"{doing}: {_clean(error)}", "free or repair the disk, then: autopilot resume") from None


def _of_mlflow(doing: str, error: Exception, code: str) -> AutopilotError:
    if error.__cause__ is not None and type(error.__cause__).__module__.startswith("sqlalchemy."):
        return _of_database(doing, error.__cause__)
    message = f"{doing}: {_clean(error)}"
    if _OLD_SCHEMA.search(str(error)):
        return Misconfigured(f"{doing}: MLflow's database has another schema than this MLflow needs", _SCHEMA_HINT)
    if code in _NOT_FOUND:
        return NotFound(message, "check the model's name in autopilot.yaml and what the registry holds")
    if code in _REFUSED:
        return Refused(message, "autopilot resume looks again")
    if code in _MISCONFIGURED:
        return Misconfigured(message, _SETTINGS_HINT)
    return Unavailable(message, _ADDRESS_HINT)


def _of_database(doing: str, error: BaseException) -> AutopilotError:
    names = {type(error).__name__, type(getattr(error, "orig", None)).__name__}
    if names & _NO_RIGHT:
        return Misconfigured(f"{doing}: the login of MLflow's database lacks the right: {_clean(error)}", _RIGHTS_HINT)
    if "UndefinedObject" in names:
        return Misconfigured(f"{doing}: {_clean(error)}", "create MLflow's logins first: autopilot db migrate")
    if "StringDataRightTruncation" in names:
        return Misconfigured(f"{doing}: a name or path is longer than MLflow's database takes: {_clean(error)}")
    if names & {"UndefinedTable", "UndefinedColumn", "CommandError"}:
        return Misconfigured(
            f"{doing}: MLflow's database has no schema, or another one than this MLflow needs", _SCHEMA_HINT
        )
    if _BAD_LOGIN.search(str(error)):
        return Misconfigured(f"{doing}: MLflow's database refuses the login: {_clean(error)}", _ADDRESS_HINT)
    return Unavailable(f"{doing}: MLflow's database failed: {_clean(error)}", _ADDRESS_HINT)


def _of_server(doing: str, error: Exception, status: int | None) -> AutopilotError:
    message = f"{doing}: MLflow's server: {_clean(error)}"
    if status == 404:
        return NotFound(message, "check what the registry holds")
    if status is not None and 400 <= status < 500 and status != 429:
        return Misconfigured(message, _RIGHTS_HINT)
    return Unavailable(message, _ADDRESS_HINT)


def _clean(error: BaseException) -> str:
    """Return the line that says what happened, without SQLAlchemy's remarks around it and without secrets."""
    lines = [line.strip() for line in str(error).splitlines()]
    line = next(
        (line for line in lines if line and not line.startswith("(raised as a result of")), type(error).__name__
    )
    line = re.sub(r"^(?:[A-Z_]+: )?\([\w.]+\) ", "", line)
    return Redactor(())(line)[:_LONGEST]
