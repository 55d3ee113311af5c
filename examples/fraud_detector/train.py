"""Train a fraud model on the prediction log and log it to MLflow: an ordinary training script.

Autopilot says through the environment what to train on (`AUTOPILOT_TRAIN_FROM`, `AUTOPILOT_TRAIN_UNTIL`,
`AUTOPILOT_EXCLUDE`) and finds the result by the tag `autopilot.key`. Started by hand it trains on the whole log.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, PolynomialFeatures, StandardScaler

if TYPE_CHECKING:
    from mlflow.models.model import ModelInfo

CATEGORIES = ["merchant", "country", "channel"]
SKEWED = ["amount", "customer_age_days", "n_payments_24h", "distance_km"]
CURVED = ["hour", "device_risk"]
FEATURES = [
    "amount",
    "merchant",
    "country",
    "channel",
    "hour",
    "customer_age_days",
    "n_payments_24h",
    "device_risk",
    "distance_km",
]
LABEL = "is_fraud"
# What skops must be told to trust beside its own list: SimpleImputer remembers the dtype that it was fitted on.
TRUSTED_TYPES = ["numpy.dtype"]


@dataclass(frozen=True, slots=True)
class Order:
    """What to train on: [start, until) without the excluded intervals; `key` names the run that asked."""

    model: str
    key: str | None
    start: datetime
    until: datetime
    exclude: tuple[tuple[datetime, datetime], ...]


def read_order(environ: Mapping[str, str]) -> Order:
    """Return the order given in the environment; what is absent means no limit."""
    intervals = (part.split("/") for part in environ.get("AUTOPILOT_EXCLUDE", "").split(",") if part.strip())
    return Order(
        model=environ.get("AUTOPILOT_MODEL", "fraud-detector-v1"),
        key=environ.get("AUTOPILOT_KEY"),
        start=_time(environ.get("AUTOPILOT_TRAIN_FROM", "1970-01-01T00:00:00Z")),
        until=_time(environ.get("AUTOPILOT_TRAIN_UNTIL", "9999-12-31T00:00:00Z")),
        exclude=tuple((_time(start), _time(end)) for start, end in intervals),
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.strip()).astimezone(UTC)


def read_rows(data: Path, order: Order) -> pd.DataFrame:
    """Return the labelled rows of the order, oldest first; exit with a message when there is nothing to learn from."""
    rows = pd.read_parquet(
        data / "predictions",
        columns=["prediction_id", "event_time", *FEATURES],
        filters=[("event_time", ">=", order.start), ("event_time", "<", order.until)],
    )
    print(f"{len(rows):,} payments from {order.start.isoformat()} until {order.until.isoformat()}", flush=True)
    for start, end in order.exclude:
        inside = (rows["event_time"] >= start) & (rows["event_time"] < end)
        rows = rows[~inside]
        print(f"{int(inside.sum()):,} of them left out: {start.isoformat()} until {end.isoformat()}", flush=True)
    labels = pd.read_parquet(data / "labels", columns=["prediction_id", LABEL])
    labelled = rows.merge(labels.drop_duplicates("prediction_id", keep="last"), on="prediction_id")
    labelled = labelled.sort_values(["event_time", "prediction_id"], ignore_index=True)
    print(f"{len(labelled):,} of them labelled, {int(labelled[LABEL].sum()):,} as fraud", flush=True)
    if labelled[LABEL].nunique() < 2:
        sys.exit("nothing to learn from: training needs labelled payments of both kinds in the interval asked for")
    return labelled


def fit(rows: pd.DataFrame) -> Pipeline:
    """Return a logistic regression of LABEL; its `predict_proba` takes a frame of FEATURES as they are logged."""
    logs = make_pipeline(SimpleImputer(strategy="median"), FunctionTransformer(np.log1p), StandardScaler())
    curve = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), PolynomialFeatures(2, include_bias=False))
    columns = ColumnTransformer(
        [
            ("categories", OneHotEncoder(handle_unknown="ignore", sparse_output=False), CATEGORIES),
            ("skewed", logs, SKEWED),
            ("curved", curve, CURVED),
        ]
    )
    return make_pipeline(columns, LogisticRegression(solver="newton-cholesky")).fit(rows[FEATURES], rows[LABEL])


def log_run(pipeline: Pipeline, rows: pd.DataFrame, order: Order) -> ModelInfo:
    """Log parameters, metrics and the model as one MLflow run; return what MLflow says of the model."""
    import mlflow  # three seconds of import: only once there is a model to log
    import sklearn
    import skops
    from mlflow.models import infer_signature

    features = rows[FEATURES]
    probabilities = pipeline.predict_proba(features)
    score = probabilities[:, 1]
    # The log's 32-bit whole numbers fit a column declared as double, and so does a null; declared whole, it would not.
    # A thousand rows show the types: MLflow looks at every value that it is given.
    declared = features.tail(1000).astype({name: "float64" for name in features.select_dtypes("integer")})
    with mlflow.start_run(run_name=order.key, tags={"autopilot.key": order.key} if order.key else None):
        mlflow.log_params(
            {
                "train_from": order.start.isoformat(),
                "train_until": order.until.isoformat(),
                "excluded": len(order.exclude),
                "algorithm": "logistic regression",
            }
        )
        mlflow.log_metrics(
            {
                "rows": len(rows),
                "fraud_rate": rows[LABEL].mean(),
                "train_roc_auc": roc_auc_score(rows[LABEL], score),
                "train_log_loss": log_loss(rows[LABEL], score),
            }
        )
        logged: ModelInfo = mlflow.sklearn.log_model(
            pipeline,
            name="model",
            serialization_format="skops",
            skops_trusted_types=TRUSTED_TYPES,
            signature=infer_signature(declared, probabilities[-1000:]),
            pip_requirements=[
                f"scikit-learn=={sklearn.__version__}",
                f"skops=={skops.__version__}",
                f"numpy=={np.__version__}",
                f"pandas=={pd.__version__}",
            ],
            pyfunc_predict_fn="predict_proba",
        )
    return logged


def main() -> None:
    """Read the order, train, log."""
    parser = argparse.ArgumentParser(description="Train the fraud model on a prediction log.")
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder with predictions/ and labels/")
    data = parser.parse_args().data
    order = read_order(os.environ)
    rows = read_rows(data, order)
    print(f"training {order.model}", flush=True)
    pipeline = fit(rows)
    print("logging the model to MLflow", flush=True)
    print(f"logged as MLflow run {log_run(pipeline, rows, order).run_id}", flush=True)


if __name__ == "__main__":
    main()
