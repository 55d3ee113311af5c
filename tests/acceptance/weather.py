"""The weather of 2013 as a model to look after: `build FOLDER CSV NAME…`, then `serve FOLDER LOG NAME FROM UNTIL`.

The model says whether it will rain at an airport in the next six hours; six hours later one knows.
"""

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from numpy.typing import NDArray

from tests.acceptance.owner import as_owner, make_champion
from tests.acceptance.weather_train import AHEAD, FEATURES, NUMBERS, TRAINED_UNTIL, fit, log_run

Whole = NDArray[np.int64]


def read(csv: Path) -> pd.DataFrame:
    """Return id, time, features and `wet` of every hour that the next six are known of, oldest first."""
    rows = pd.read_csv(csv)
    rows["time"] = pd.to_datetime(rows["time_hour"], utc=True)
    rows[NUMBERS] = rows[NUMBERS].astype("float64")
    rows["id"] = rows["origin"] + rows["time"].dt.strftime("-%Y%m%dT%H")
    rows = pd.concat([part.assign(wet=_wet(part)) for _, part in rows.groupby("origin")])
    rows = rows[rows["time"] <= rows["time"].max() - AHEAD]
    return rows.sort_values(["time", "origin"], ignore_index=True)


def _wet(rows: pd.DataFrame) -> Whole:
    """Return 1 where any of the next six hours had rain, 0 elsewhere."""
    rain = rows.set_index("time")["precip"].gt(0)
    every_hour = pd.date_range(rain.index.min(), rain.index.max() + AHEAD, freq="h")
    hours = rain.reindex(every_hour, fill_value=False)
    ahead = pd.concat([hours.shift(-step, fill_value=False) for step in range(1, 7)], axis=1).any(axis=1)
    found: Whole = ahead.reindex(rain.index).to_numpy().astype(np.int64)
    return found


def build(folder: Path, csv: Path, names: list[str]) -> None:
    """Write the hours and their labels; train the champion on January to March and register it under each name."""
    rows = read(csv)
    rows[["id", "time", "wet", *FEATURES]].to_parquet(folder / "hours.parquet")
    known = rows[["id", "wet"]].assign(known_at=rows["time"] + AHEAD)
    known.to_parquet(folder / "labels.parquet", index=False)
    learned = rows[rows["time"] < TRAINED_UNTIL - AHEAD]
    with as_owner():
        make_champion(log_run(fit(learned), learned, None).model_uri, *names)


def serve(folder: Path, log: str, name: str, start: datetime, until: datetime) -> None:
    """Write the predictions of [start, until) to a log, as the present champion of `name` makes them."""
    rows = pd.read_parquet(folder / "hours.parquet").query("@start <= time < @until")
    with as_owner():
        version = MlflowClient().get_model_version_by_alias(name, "champion").version
        model: Any = mlflow.sklearn.load_model(f"models:/{name}@champion")
    served = rows[["id", "time", *FEATURES]].assign(
        version=str(version), score=model.predict_proba(rows[FEATURES])[:, 1]
    )
    (folder / log).mkdir(exist_ok=True)
    served.to_parquet(folder / log / f"{start:%Y-%m-%d}.parquet", index=False)


def main() -> None:
    """Carry out one of the two."""
    what, folder, *rest = sys.argv[1:]
    if what == "build":
        build(Path(folder), Path(rest[0]), rest[1:])
    else:
        start, until = (datetime.fromisoformat(time) for time in rest[2:])
        serve(Path(folder), rest[0], rest[1], start, until)
