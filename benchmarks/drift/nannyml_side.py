"""NannyML in a process of its own: univariate drift of the 40 features and the score, and CBPE, on the same two days.

    python -m benchmarks.drift.nannyml_side FOLDER

Ten chunks of each day, as its tutorials do. Its continuous methods Kolmogorov-Smirnov, Jensen-Shannon and Wasserstein,
its categorical ones chi-square and Jensen-Shannon; CBPE for six metrics.
"""

import json
import sys
from pathlib import Path

import nannyml  # type: ignore[import-not-found]
import pandas as pd

from benchmarks.drift.workload import COLUMNS, FEATURES, LABEL, SCORE, TIME, path_of

METRICS = ["roc_auc", "f1", "precision", "recall", "specificity", "accuracy"]


def main() -> None:
    """Measure and print how many rows of results there are."""
    reference, current = (_day(path_of(Path(sys.argv[1]), day)) for day in (0, 1))
    drift = nannyml.UnivariateDriftCalculator(
        column_names=[*FEATURES, SCORE],
        timestamp_column_name=TIME,
        continuous_methods=["kolmogorov_smirnov", "jensen_shannon", "wasserstein"],
        categorical_methods=["chi2", "jensen_shannon"],
        chunk_number=10,
    )
    found = drift.fit(reference).calculate(current).filter(period="analysis").to_df()
    estimator = nannyml.CBPE(
        problem_type="classification_binary",
        y_pred_proba=SCORE,
        y_pred="predicted",
        y_true=LABEL,
        timestamp_column_name=TIME,
        metrics=METRICS,
        chunk_number=10,
    )
    estimated = estimator.fit(reference).estimate(current).filter(period="analysis").to_df()
    print(json.dumps({"drift": list(found.shape), "estimate": list(estimated.shape)}))


def _day(path: Path) -> pd.DataFrame:
    rows = pd.read_parquet(path, columns=list(COLUMNS))
    return rows.assign(predicted=(rows[SCORE] >= 0.5).astype(int))


if __name__ == "__main__":
    main()
