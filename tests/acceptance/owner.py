"""Hands in the registry that are not Autopilot's: the team's with the owner's login, and a trainer's gone astray."""

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts

from autopilot.settings import load
from autopilot.stores import Stores, mlflow_schema, stores


@contextmanager
def as_owner() -> Iterator[Stores]:
    """Use MLflow with the owner's login, as the team's own scripts do."""
    with stores(load()) as found:
        mlflow_schema(found, upgrade=False)
        assert found.owner is not None
        mlflow.set_tracking_uri(found.owner)
        yield found


def make_champion(model_uri: str, *names: str) -> None:
    """Register a logged model as version 1 and champion of each name."""
    for name in names:
        version = mlflow.register_model(model_uri, name).version
        MlflowClient().set_registered_model_alias(name, "champion", str(version))


def aliases(name: str) -> None:
    """Print where the aliases of a model are."""
    with as_owner():
        found = MlflowClient().get_registered_model(name).aliases
    print(json.dumps({alias: str(version) for alias, version in found.items()}))


def move(name: str, alias: str, version: str) -> None:
    """Move an alias past Autopilot."""
    with as_owner():
        MlflowClient().set_registered_model_alias(name, alias, version)


def served(name: str) -> None:
    """Print a digest of the model file behind `models:/NAME@champion`."""
    with as_owner():
        folder = Path(download_artifacts(f"models:/{name}@champion"))
    print(hashlib.sha256((folder / "model.skops").read_bytes()).hexdigest())


def overwrite(name: str, version: str) -> None:
    """Change the bytes of a candidate where training put them."""
    with _candidate(name, version) as folder, (folder / "model.skops").open("ab") as file:
        file.write(b"more")


def replace(name: str, version: str) -> None:
    """Point a candidate's version at other files, with the trainer's own login: MLflow's database lets it."""
    import psycopg

    # MLflow has put the owner's address into this process's environment; the home's own database is meant.
    with _candidate(name, version) as folder, stores(load({**os.environ, "MLFLOW_TRACKING_URI": ""})) as found:
        (folder.parent / "other").mkdir()
        for file in folder.iterdir():
            (folder.parent / "other" / file.name).write_bytes(file.read_bytes() + b"\n")
        with psycopg.connect(found.trainer.replace("+psycopg", "", 1)) as connection:
            changed = connection.execute(
                "update model_versions set source = %s, storage_location = null where name = %s and version = %s",
                (str(folder.parent / "other"), name, version),
            )
            assert changed.rowcount == 1


@contextmanager
def _candidate(name: str, version: str) -> Iterator[Path]:
    """Yield the folder in which a version's files lie."""
    with as_owner():
        uri = MlflowClient().get_model_version_download_uri(name, version)
        if uri.startswith("models:/"):
            uri = str(MlflowClient().get_logged_model(uri.removeprefix("models:/")).artifact_location)
        yield Path(uri)


def main() -> None:
    """Do `VERB ARGUMENT…`."""
    verb, *arguments = sys.argv[1:]
    {f.__name__: f for f in (aliases, move, served, overwrite, replace)}[verb](*arguments)
