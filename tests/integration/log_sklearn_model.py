"""A training script of the plainest kind: fits a pipeline and logs it to MLflow, as the login it was given."""

import os
import sys

import mlflow
import numpy as np
from mlflow.data.numpy_dataset import from_numpy
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def main() -> None:
    rows = np.random.default_rng(int(os.environ["SEED"])).normal(size=(100, 2))
    labels = rows[:, 0] > 0
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, labels)

    if len(sys.argv) > 1:
        mlflow.set_experiment(sys.argv[1])
    with mlflow.start_run(tags={"autopilot.key": os.environ["AUTOPILOT_KEY"]}):
        mlflow.log_params({"rows": len(rows)})
        mlflow.log_metrics({"auc": 0.9})
        mlflow.log_dict({"note": "beside the model"}, "notes.json")
        mlflow.log_input(from_numpy(rows))
        mlflow.sklearn.log_model(
            model, name="model", pip_requirements=["scikit-learn"], signature=infer_signature(rows, model.predict(rows))
        )


if __name__ == "__main__":
    main()
