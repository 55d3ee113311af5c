"""An ordinary MLflow user: loads models by their names, in both flavours, and prints one JSON line for each."""

import json
import sys

import mlflow
import numpy as np


def main() -> None:
    rows = np.random.default_rng(99).normal(size=(5, 2))
    for name in sys.argv[1:]:
        model = mlflow.sklearn.load_model(name)
        served = mlflow.pyfunc.load_model(name)
        print(
            json.dumps(
                [model.predict_proba(rows)[:, 1].tolist(), np.asarray(served.predict(rows)).astype(int).tolist()]
            )
        )


if __name__ == "__main__":
    main()
