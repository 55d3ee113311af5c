"""Deliveries and the minutes they take, as a regression to look after: `build FOLDER NAME…`, then `serve FOLDER …`.

A linear model foresees the minutes from distance, stops, hour and vehicle; the courier's phone says them hours later.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient

from tests.acceptance.deliveries_train import FEATURES, fit, log_run
from tests.acceptance.owner import as_owner, make_champion

START, CHANGED, END = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))
PER_DAY = 400
KNOWN_AFTER = timedelta(hours=3)


def deliveries(incident: str) -> pd.DataFrame:
    """Return id, time, features and minutes of every delivery from START on, for nine weeks, oldest first.

    `change`: from CHANGED on distance costs more than it used to.
    """
    draw = np.random.default_rng(7)
    rows = PER_DAY * 63
    time = pd.Series(START + pd.to_timedelta(np.sort(draw.uniform(0, 63, rows)), unit="D")).dt.floor("s")
    distance, stops = draw.gamma(3.0, 1.5, rows), draw.integers(1, 9, rows)
    rush, bike = time.dt.hour.isin([8, 9, 17, 18]), draw.random(rows) < 0.4
    per_km = np.where((incident == "change") & (time >= CHANGED), 4.2, 2.5)
    exact = 6 + per_km * distance + 2.0 * stops + 5 * rush - 3 * bike
    return pd.DataFrame(
        {
            "id": [f"d{number}" for number in range(rows)],
            "time": time,
            "distance_km": distance,
            "stops": stops.astype("float64"),
            "rush": rush.astype("float64"),
            "vehicle": np.where(bike, "bike", "car"),
            "minutes": exact + draw.normal(0, 3.0, rows) * (0.5 + distance / 9),
        }
    )


def build(folder: Path, names: list[str]) -> None:
    """Write each incident's deliveries and what they took; train the champion on January for each name."""
    for incident in ("quiet", "change"):
        rows = deliveries(incident)
        rows.to_parquet(folder / f"{incident}.parquet", index=False)
        known = rows[["id", "minutes"]].assign(known_at=rows["time"] + KNOWN_AFTER)
        known.to_parquet(folder / f"{incident}-labels.parquet", index=False)
        # Somebody's new phone app reports seconds; a join goes five rows astray.
        late = known["known_at"] >= CHANGED
        seconds = known["minutes"].where(~late, 60 * known["minutes"])
        known.assign(minutes=seconds).to_parquet(folder / f"{incident}-seconds.parquet", index=False)
        others = known["minutes"].where(~late, known["minutes"].shift(5))
        known.assign(minutes=others).to_parquet(folder / f"{incident}-others.parquet", index=False)
    learned = deliveries("quiet").query("time < @CHANGED")
    with as_owner():
        make_champion(log_run(fit(learned), learned, None).model_uri, *names)


def serve(folder: Path, incident: str, log: str, name: str, start: datetime, until: datetime) -> None:
    """Write the predictions of [start, until) to a log, as the present champion of `name` makes them.

    A log called `metres` holds distances in metres from CHANGED on.
    """
    rows = pd.read_parquet(folder / f"{incident}.parquet").query("@start <= time < @until")
    if log == "metres":
        rows["distance_km"] = rows["distance_km"].where(rows["time"] < CHANGED, 1000 * rows["distance_km"])
    with as_owner():
        version = MlflowClient().get_model_version_by_alias(name, "champion").version
        model: Any = mlflow.sklearn.load_model(f"models:/{name}@champion")
    served = rows[["id", "time", *FEATURES]].assign(version=str(version), prediction=model.predict(rows[FEATURES]))
    (folder / log).mkdir(exist_ok=True)
    served.to_parquet(folder / log / f"{start:%Y-%m-%d}.parquet", index=False)


def main() -> None:
    """Carry out one of the two."""
    what, folder, *rest = sys.argv[1:]
    if what == "build":
        build(Path(folder), rest)
    else:
        incident, log, name, *times = rest
        start, until = (datetime.fromisoformat(time) for time in times)
        serve(Path(folder), incident, log, name, start, until)
