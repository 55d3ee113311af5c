"""A world that costs nothing: a small log that has drifted, two tiny models, and who trains for the script.

Loads MLflow; what the test's own process needs of it is in `stub_training`.
"""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression
from sqlalchemy.exc import SQLAlchemyError

from tests.crash import stub_training

_WEAK, _STRONG = "weak", "strong"
DAYS = (("2026-01-01", 1), ("2026-01-02", 1), ("2026-03-09", 2))


def build(folder: Path, written: Sequence[tuple[str, int]] = DAYS) -> None:
    """Write the log and save the model that every champion is, and the one that every challenger is.

    `written` are its days, the first of them good ones; a day with 2 has drifted.
    """
    random = np.random.default_rng(7)
    days = [_day(random, day, drift) for day, drift in written]
    log = pd.concat(days, ignore_index=True)
    log.assign(id=[f"row-{number}" for number in log.index]).to_parquet(folder / "log.parquet", index=False)
    _save(folder / _WEAK, days[0], 1 - days[0]["label"])
    _save(folder / _STRONG, days[0], days[0]["label"])


def _day(random: np.random.Generator, day: str, drift: int, rows: int = 300) -> pd.DataFrame:
    amount = random.random(rows) ** drift
    times = pd.Timestamp(day, tz="UTC") + pd.to_timedelta(np.sort(random.random(rows)), unit="D")
    label = (random.random(rows) < amount).astype("int8")
    return pd.DataFrame({"at": times, "amount": amount, "score": amount, "label": label})


def _save(folder: Path, rows: pd.DataFrame, label: pd.Series) -> None:
    amount = rows[["amount"]]
    mlflow.sklearn.save_model(
        LogisticRegression().fit(amount, label),
        str(folder),
        serialization_format="skops",
        pip_requirements=["scikit-learn"],
        signature=infer_signature(amount, np.array([0.5])),
        pyfunc_predict_fn="predict_proba",
    )


def serve(folder: Path, doing: Callable[[Path], None] | None = None) -> None:
    """Fulfil requests until the process that started us is gone."""
    parent = os.getppid()
    while os.getppid() == parent:
        (doing or fulfil)(folder)
        time.sleep(0.01)


def fulfil(folder: Path) -> None:
    """Do what is asked for at this moment."""
    for request in stub_training.asked(folder):
        _fulfil(folder, request)


def fulfil_through_trouble(folder: Path) -> None:
    """Do what is asked for at this moment; what fails is tried again."""
    for request in stub_training.asked(folder):
        with suppress(MlflowException, SQLAlchemyError):
            _fulfil(folder, request)


def _fulfil(folder: Path, request: Path) -> None:
    uri, wish = request.read_text().splitlines()
    verb, _, name = wish.partition(" ")
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    _train(client, folder, name) if verb == "train" else let_serve(client, folder, name)
    request.unlink()


def _train(client: MlflowClient, folder: Path, key: str) -> None:
    _log(client, "autopilot-training", folder / _STRONG, 0.9, {"autopilot.key": key})


def let_serve(client: MlflowClient, folder: Path, name: str) -> None:
    """Register a champion of this name."""
    if client.get_experiment_by_name("team") is None:
        client.create_experiment("team", str(folder / "team"))
    source, run = _log(client, "team", folder / _WEAK, 0.6, {})
    client.create_registered_model(name)
    client.create_model_version(name, source, run)
    client.set_registered_model_alias(name, "champion", "1")


def _log(client: MlflowClient, experiment: str, model: Path, roc_auc: float, tags: dict[str, str]) -> tuple[str, str]:
    found = client.get_experiment_by_name(experiment)
    assert found
    key = tags.get("autopilot.key")
    begun = client.search_runs([found.experiment_id], f"tags.`autopilot.key` = '{key}'") if key else []
    run = begun[0] if begun else client.create_run(found.experiment_id, tags=tags)
    client.log_metric(run.info.run_id, "roc_auc", roc_auc)
    client.log_artifacts(run.info.run_id, str(model), "model")
    client.set_terminated(run.info.run_id)
    return f"{run.info.artifact_uri}/model", run.info.run_id
