"""A small prediction log as Parquet or CSV, and ways to spoil it."""

import csv
import io
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from graph.model import Json

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def rows(days: int = 30, a_day: int = 60) -> list[Json]:
    """Rows of a log whose score knows something of the label."""
    chance = random.Random(7)
    made: list[Json] = []
    for number in range(days * a_day):
        score = chance.random()
        made.append(
            {
                "prediction_id": f"p{number:06}",
                "event_time": START + number * DAY / a_day,
                "model_version": "3",
                "score": score,
                "amount": round(chance.expovariate(0.01), 2),
                "merchant": chance.choice(["fuel", "food", "games"]),
                "is_new_customer": chance.random() < score,
                "always": "same",
                "customer_id": f"c{chance.randrange(100_000)}",
                "note": f"free text {number}",
                "is_fraud": int(chance.random() < score**3),
            }
        )
    return made


def parquet(path: Path, found: list[Json]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(found), path)
    return path


def to_csv(path: Path, found: list[Json]) -> Path:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(found[0]))
    writer.writeheader()
    writer.writerows({**row, "event_time": row["event_time"].isoformat()} for row in found)
    path.write_text(text.getvalue())
    return path


def without(found: list[Json], *names: str) -> list[Json]:
    return [{name: value for name, value in row.items() if name not in names} for row in found]
