"""Train the weather model on its log, as a team would: gradient boosting on what the training contract asks for.

A label looks six hours ahead, so the last six hours before `AUTOPILOT_TRAIN_UNTIL` are dropped: their labels have seen
rows that the model will be judged on.
"""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder

NUMBERS = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib", "hour"]
FEATURES = ["origin", *NUMBERS]
AHEAD = timedelta(hours=6)
TRAINED_UNTIL = datetime(2013, 4, 1, tzinfo=UTC)
TRUSTED_TYPES = [
    "numpy.dtype",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
]


def read_rows(data: Path, start: datetime, until: datetime) -> pd.DataFrame:
    """Return the labelled rows of [start, until) without those whose label looks beyond `until`."""
    rows = pd.read_parquet(data / "hours.parquet")
    return rows[(rows["time"] >= start) & (rows["time"] < until - AHEAD)]


def fit(rows: pd.DataFrame) -> Pipeline:
    """Return gradient boosting; its `predict_proba` takes a frame of FEATURES."""
    columns = ColumnTransformer([("origin", OneHotEncoder(sparse_output=False), ["origin"])], remainder="passthrough")
    trees = HistGradientBoostingClassifier(max_depth=3, learning_rate=0.05, random_state=0)
    return make_pipeline(columns, trees).fit(rows[FEATURES], rows["wet"])


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
            skops_trusted_types=TRUSTED_TYPES,
            signature=infer_signature(example, pipeline.predict_proba(example)),
            pip_requirements=["scikit-learn"],
            pyfunc_predict_fn="predict_proba",
        )


def main() -> None:
    """Read the order, train, log."""
    start, until = (datetime.fromisoformat(os.environ[f"AUTOPILOT_TRAIN_{end}"]) for end in ("FROM", "UNTIL"))
    rows = read_rows(Path(sys.argv[1]), start, until)
    print(f"{len(rows):,} rows from {rows['time'].min()} to {rows['time'].max()}", flush=True)
    print(f"MLflow run {log_run(fit(rows), rows, os.environ['AUTOPILOT_KEY']).run_id}")


if __name__ == "__main__":
    main()
