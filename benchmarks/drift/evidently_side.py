"""Evidently in a process of its own: its data drift preset with PSI on the same two days, the report as a dict.

python -m benchmarks.drift.evidently_side FOLDER
"""

import json
import sys
from pathlib import Path

import pandas as pd
from evidently import DataDefinition, Dataset, Report  # type: ignore[import-not-found]
from evidently.presets import DataDriftPreset  # type: ignore[import-not-found]

from benchmarks.drift.workload import CATEGORICAL, NUMERIC, SCORE, path_of


def main() -> None:
    """Measure and print how many metrics there are."""
    numeric = [*NUMERIC, SCORE]
    meaning = DataDefinition(numerical_columns=numeric, categorical_columns=list(CATEGORICAL))
    reference, current = (
        Dataset.from_pandas(
            pd.read_parquet(path_of(Path(sys.argv[1]), day), columns=[*numeric, *CATEGORICAL]), data_definition=meaning
        )
        for day in (0, 1)
    )
    found = Report([DataDriftPreset(method="psi")]).run(current, reference).dict()
    print(json.dumps({"metrics": len(found["metrics"])}))


if __name__ == "__main__":
    main()
