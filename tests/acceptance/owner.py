"""The team's own hands in the registry: what was in production before Autopilot came."""

from collections.abc import Iterator
from contextlib import contextmanager

import mlflow
from mlflow import MlflowClient

from autopilot.settings import load
from autopilot.stores import mlflow_schema, stores


@contextmanager
def as_owner() -> Iterator[None]:
    """Use MLflow with the owner's login, as the team's own scripts do."""
    with stores(load()) as found:
        mlflow_schema(found, upgrade=False)
        assert found.owner is not None
        mlflow.set_tracking_uri(found.owner)
        yield


def make_champion(model_uri: str, *names: str) -> None:
    """Register a logged model as version 1 and champion of each name."""
    for name in names:
        version = mlflow.register_model(model_uri, name).version
        MlflowClient().set_registered_model_alias(name, "champion", str(version))
