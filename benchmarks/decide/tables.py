"""Base tables: rows whose features hang together, with a label, in the order of time where there is one."""

import csv
import gzip
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

ROOT = Path(__file__).parents[2]
WEATHER, ELEC2 = "nyc-weather-2013.csv.gz", "elec2.csv.gz"
RAIN_WITHIN_HOURS = 6


@dataclass(frozen=True)
class Column:
    """A feature. `values` names the codes of a categorical one; `period` is the length of a cycle, as of hours."""

    name: str
    values: tuple[str, ...] = ()
    period: float | None = None

    @property
    def categorical(self) -> bool:
        """Whether the numbers in this column are codes."""
        return bool(self.values)


@dataclass(frozen=True)
class Table:
    """`x` is rows × columns, categories as codes, nulls as NaN; `y` is 0 or 1; `tick` is the day or week of each row.

    `logit` is the true log odds of each row where the table was simulated, and empty where it has to be learned.
    """

    name: str
    columns: tuple[Column, ...]
    x: FloatArray
    y: IntArray
    logit: FloatArray
    tick: IntArray


def data_folder() -> Path | None:
    """Return the folder of real tables, or None where there is none."""
    given = os.environ.get("AUTOPILOT_TEST_DATA")
    folder = Path(given) if given else ROOT.parent / "shared" / "data"
    return folder if (folder / WEATHER).is_file() and (folder / ELEC2).is_file() else None


def weather(folder: Path) -> Table:
    """Hourly weather at three airports: will it rain there in the next six hours? A tick is a day."""
    rows = _read(folder / WEATHER)
    rows.sort(key=lambda row: (row["time_hour"], row["origin"]))
    origins = ("EWR", "JFK", "LGA")
    numeric = ("temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib")
    columns = (Column("origin", origins), Column("hour", period=24.0), *(Column(name) for name in numeric))
    x = np.array([[origins.index(row["origin"]), *(_number(row[name]) for name in ("hour", *numeric))] for row in rows])
    hours = np.array([int(datetime.fromisoformat(row["time_hour"]).timestamp()) // 3600 for row in rows])
    known = hours <= hours.max() - RAIN_WITHIN_HOURS
    y = _rains_soon(x[:, 0].astype(int), hours, x[:, 1 + 1 + numeric.index("precip")])
    days = np.unique([f"{int(row['month']):02d}-{int(row['day']):02d}" for row in rows], return_inverse=True)[1]
    return Table("weather", columns, x[known], y[known], np.empty(0), days[known].astype(np.int64))


def elec2(folder: Path) -> Table:
    """Half-hourly electricity market: is the price above the mean of its day? A tick is a week."""
    rows = _read(folder / ELEC2)
    names = ("nswprice", "nswdemand", "vicprice", "vicdemand", "transfer")
    columns = (Column("period", period=1.0), *(Column(name) for name in names))
    x = np.array([[float(row[name]) for name in ("period", *names)] for row in rows])
    y = np.array([int(row["class"]) for row in rows])
    return Table("elec2", columns, x, y, np.empty(0), np.arange(len(y)) // 336)


def _read(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", newline="") as file:
        return list(csv.DictReader(file))


def _number(text: str) -> float:
    return float("nan") if text == "NA" else float(text)


def _rains_soon(origin: IntArray, hours: IntArray, precip: FloatArray) -> IntArray:
    """1 where rain falls at the same airport within the next six hours."""
    wet = np.zeros((3, hours.max() + RAIN_WITHIN_HOURS + 1 - hours.min()), bool)
    wet[origin, hours - hours.min()] = precip > 0
    at = hours - hours.min()
    return np.asarray(np.any([wet[origin, at + ahead] for ahead in range(1, RAIN_WITHIN_HOURS + 1)], axis=0), np.int64)
