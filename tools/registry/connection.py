"""A client of MLflow that fails at once, and with its reason, when the database behind it cannot be reached."""

from typing import TYPE_CHECKING

from graph.errors import Misconfigured
from tools.registry.translation import translated

if TYPE_CHECKING:
    from mlflow import MlflowClient

ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # A command's standard output is its answer: MLflow would print the address of a run it has ended there.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # Errors reach us as exceptions and are said once, in our words; MLflow would print them too, with a traceback.
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",
    # The defaults repeat a request to a dead server for more than two minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "GIT_PYTHON_REFRESH": "quiet",
}
"""What a process must have in its environment before it imports MLflow: MLflow has no other switch for these."""

_SECONDS = 10


def connect(tracking_uri: str) -> "MlflowClient":
    """Return a client for this store. Unavailable when nothing answers, Misconfigured for a wrong login or schema."""
    from mlflow import MlflowClient

    with translated("connecting to MLflow"):
        try:
            require_answer(tracking_uri)
            return MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)
        except ModuleNotFoundError as error:
            raise Misconfigured(
                f"MLFLOW_TRACKING_URI names a database whose driver {error.name} is not installed",
                "for Postgres write postgresql+psycopg://…; for another database install its driver",
            ) from None


def require_answer(tracking_uri: str) -> None:
    """Connect once to a Postgres store: MLflow itself tries ten times, over more than a minute, whatever the reason."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    if tracking_uri.startswith("postgresql"):
        engine = create_engine(tracking_uri, poolclass=NullPool, connect_args={"connect_timeout": _SECONDS})
        engine.connect().close()
