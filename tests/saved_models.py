"""Payments to judge models on, and models saved as a training script would save them."""

import hashlib
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from graph.model import Artifact, Holdout, Json
from graph.spec import ApprovalSpec, ModelSpec, Policy, Training, ValidationSpec
from tools.evaluation.allow_list import ALLOWED

START = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 14
ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8"}
"""All that an evaluation child is given."""
FEATURES = ("amount", "payments", "merchant")


def payments(rows: int = 1400, seed: int = 0) -> pd.DataFrame:
    """Return rows of DAYS days: label, time and FEATURES; `payments` and `merchant` have gaps."""
    random = np.random.default_rng(seed)
    amount = random.lognormal(3, 1, rows)
    merchant = random.choice(["grocery", "travel", "games"], rows, p=[0.6, 0.3, 0.1])
    count = random.integers(0, 9, rows).astype(float)
    logit = -3 + 0.5 * np.log(amount) + (merchant == "games") * 1.5 + 0.1 * count
    return pd.DataFrame(
        {
            "event_time": pd.Timestamp(START) + pd.to_timedelta(np.sort(random.random(rows)) * DAYS, unit="D"),
            "label": (random.random(rows) < 1 / (1 + np.exp(-logit))).astype("int8"),
            "score": random.random(rows),
            "amount": amount,
            "payments": np.where(random.random(rows) < 0.05, np.nan, count),
            "merchant": pd.Series(merchant, dtype="str").mask(random.random(rows) < 0.05),
        }
    )


def write_holdout(frame: pd.DataFrame, file: Path) -> Holdout:
    """Write the rows as a monitor does."""
    frame.to_parquet(file, index=False)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    end = START + timedelta(days=DAYS)
    return Holdout(str(file), digest, len(frame), int(frame["label"].sum()), START, end)


def model_spec(validation: ValidationSpec | None = None, **policy: Any) -> ModelSpec:
    """Return the entry of a model on FEATURES."""
    return ModelSpec(
        name="fraud-detector-v1",
        registry="fraud-detector-v1",
        features=FEATURES,
        label_delay=timedelta(days=3),
        policy=replace(Policy(), **policy),
        training=Training(),
        validation=validation or ValidationSpec(),
        approval=ApprovalSpec(),
    )


def prepared(classifier: Any, numbers: tuple[str, ...] = ("amount", "payments")) -> Pipeline:
    """Return a pipeline that takes FEATURES."""
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["merchant"]),
        (make_pipeline(SimpleImputer(), StandardScaler()), list(numbers)),
    )
    return make_pipeline(columns, classifier)


def logistic(**settings: Any) -> Pipeline:
    return prepared(LogisticRegression(**settings))


def save(model: Any, folder: Path, frame: pd.DataFrame | None = None, fit: bool = True, **how: Any) -> Artifact:
    """Fit the model on payments, save it as MLflow does, and return it as the registry's `fetch` would."""
    frame = payments(seed=1) if frame is None else frame
    features = frame[list(FEATURES)]
    if fit:
        model.fit(features, frame["label"])
    if "signature" not in how:
        with quietly():
            how["signature"] = infer_signature(features, np.array([0.5]))
    how.setdefault("skops_trusted_types", sorted(ALLOWED))
    with quietly():
        mlflow.sklearn.save_model(model, str(folder), pip_requirements=["scikit-learn"], **how)
    return artifact(folder)


@contextmanager
def quietly() -> Iterator[None]:
    """Let MLflow, which loads half of itself at the first save, warn about its own code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def artifact(folder: Path) -> Artifact:
    return Artifact(str(folder), hashlib.sha256(str(folder).encode()).hexdigest())


def custom(*command: str, **more: Any) -> ValidationSpec:
    return ValidationSpec(metric_command=command, **more)


def entry(value: float | None = None, passed: bool | None = None) -> Json:
    """Return what the metric command is heard to say about one metric of the challenger."""
    return {"champion": None, "challenger": value, "passed": passed}
