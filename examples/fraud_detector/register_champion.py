"""Register the world's first champion in MLflow, as if it had been in production all along."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime, time
from pathlib import Path

import mlflow
import skops.io
from mlflow import MlflowClient

if not __package__:  # run as a script: Python looks beside this file only, our imports start at the repository's root
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from examples.fraud_detector.incidents import FIRST_DAY, REFERENCE_UNTIL
from examples.fraud_detector.train import TRUSTED_TYPES, Order, log_run, read_rows
from examples.fraud_detector.world import champion_model


def register(folder: Path, model: str) -> str:
    """Log the champion of a built world, register it under `model` with the alias `champion`, return its version."""
    start, until = (datetime.combine(day, time(), UTC) for day in (FIRST_DAY, REFERENCE_UNTIL))
    order = Order(model, None, start, until, ())
    pipeline = skops.io.load(champion_model(folder), trusted=TRUSTED_TYPES)
    logged = log_run(pipeline, read_rows(folder, order), order)
    version = str(mlflow.register_model(logged.model_uri, model).version)
    MlflowClient().set_registered_model_alias(model, "champion", version)
    return version


def main() -> None:
    """Register once: a model that has versions already is left alone."""
    parser = argparse.ArgumentParser(description="Register the simulated world's champion in MLFLOW_TRACKING_URI.")
    parser.add_argument("folder", type=Path, help="a folder that world.py has written")
    parser.add_argument("--model", default="fraud-detector-v1")
    arguments = parser.parse_args()
    if MlflowClient().search_model_versions(f"name = '{arguments.model}'"):
        sys.exit(f"{arguments.model} has versions already; nothing was changed")
    print(f"registered {arguments.model} version {register(arguments.folder, arguments.model)}, alias champion")


if __name__ == "__main__":
    main()
