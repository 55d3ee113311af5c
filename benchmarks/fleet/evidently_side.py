"""Evidently on the same hour, in a process of its own that lives on: drift of features and score by PSI, and how well
the scores did, as dicts.

    python -m benchmarks.fleet.evidently_side FOLDER HOUR MODELS

The first model is not counted: with it everything is opened for the first time. Prints the CPU seconds of a check.
"""

import json
import sys
import time
from pathlib import Path

import pandas as pd
from evidently import BinaryClassification, DataDefinition, Dataset, Report  # type: ignore[import-not-found]
from evidently.presets import ClassificationPreset, DataDriftPreset  # type: ignore[import-not-found]

from benchmarks.fleet.logs import NUMBERS, REFERENCE_HOURS, WORDS

_SCORED = ["label", "score"]


def main() -> None:
    """Check every model once; print."""
    folder, hour, models = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    named = sorted(folder.iterdir())[: models + 1]
    check(named[0], hour)
    began = time.process_time()
    metrics = [check(each, hour) for each in named[1:]]
    print(json.dumps({"check_cpu_s": (time.process_time() - began) / len(metrics), "metrics": metrics[0]}))


def check(model: Path, hour: int) -> int:
    """Return how many metrics there are of a model's hour and, labels come an hour late, of the one before."""
    reference = _rows(model, range(REFERENCE_HOURS))
    drift = DataDefinition(numerical_columns=[*NUMBERS, "score"], categorical_columns=list(WORDS))
    found = _report(DataDriftPreset(method="psi"), reference, _rows(model, [hour]), [*NUMBERS, "score", *WORDS], drift)
    scored = DataDefinition(
        classification=[BinaryClassification(target="label", prediction_probas="score")],
        numerical_columns=["score"],
        categorical_columns=["label"],
    )
    return found + _report(ClassificationPreset(), reference, _rows(model, [hour - 1]), _SCORED, scored)


def _report(preset: object, before: pd.DataFrame, now: pd.DataFrame, columns: list[str], meaning: object) -> int:
    reference, current = (Dataset.from_pandas(rows[columns], data_definition=meaning) for rows in (before, now))
    return len(Report([preset]).run(current, reference).dict()["metrics"])


def _rows(model: Path, hours: "range | list[int]") -> pd.DataFrame:
    return pd.concat([pd.read_parquet(model / f"{hour:04}.parquet") for hour in hours], ignore_index=True)


if __name__ == "__main__":
    main()
