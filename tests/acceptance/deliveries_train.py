"""Train the delivery model on its log, as a team would: a linear model on what the training contract asks for."""

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder

FEATURES = ["distance_km", "stops", "rush", "vehicle"]


def fit(rows: pd.DataFrame) -> Pipeline:
    """Return a linear model; its `predict` takes a frame of FEATURES."""
    columns = ColumnTransformer([("vehicle", OneHotEncoder(sparse_output=False), ["vehicle"])], remainder="passthrough")
    return make_pipeline(columns, LinearRegression()).fit(rows[FEATURES], rows["minutes"])


def log_run(pipeline: Pipeline, rows: pd.DataFrame, key: str | None) -> Any:
    """Log the model as one MLflow run, tagged with the key; return what MLflow says of it."""
    import mlflow
    from mlflow.models import infer_signature

    example = rows[FEATURES].tail(100)
    with mlflow.start_run(tags={"autopilot.key": key} if key else None):
        return mlflow.sklearn.log_model(
            pipeline,
            name="model",
            serialization_format="skops",
            skops_trusted_types=["numpy.dtype"],
            signature=infer_signature(example, pipeline.predict(example)),
            pip_requirements=["scikit-learn"],
        )


def main() -> None:
    """Read the order, train, log."""
    start, until = (datetime.fromisoformat(os.environ[f"AUTOPILOT_TRAIN_{end}"]) for end in ("FROM", "UNTIL"))
    rows = pd.read_parquet(Path(sys.argv[1]))
    rows = rows[(rows["time"] >= start) & (rows["time"] < until)]
    print(f"MLflow run {log_run(fit(rows), rows, os.environ['AUTOPILOT_KEY']).run_id}")


if __name__ == "__main__":
    main()
