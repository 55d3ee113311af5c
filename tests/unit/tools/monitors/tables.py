"""The small prediction logs of `logs`, in tables of a real Postgres."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

from tests.fakes.windows import FakeWindows
from tests.unit.tools.monitors.logs import FEATURES, LABELS, LOGGED, REFERENCE_DAYS, ROWS, day, rows_of
from tools.monitors.database import Database
from tools.monitors.predictions import LabelSource, PredictionLog
from tools.monitors.sql import SqlMonitor

LOG = (
    "create table {}.log (id text, at timestamptz, version text, score float8, amount float8, visits bigint, word text,"
    " label bigint, labelled_at timestamptz)"
)
LATE = "create table {}.labels (id text, label bigint, labelled_at timestamptz)"


@dataclass
class TableWorld:
    """A schema of its own with `log` and `labels`, and a monitor on them; `label` in the log stays empty."""

    dsn: str = field(repr=False)
    days: int = 20
    settings: dict[str, Any] = field(default_factory=dict)
    store: FakeWindows = field(default_factory=FakeWindows)
    schema: str = field(default_factory=lambda: f"Shop {uuid4().hex[:8]}")

    def __post_init__(self) -> None:
        self.do("create schema {}", LOG, LATE, "create index on {}.log (at)")
        for number in range(self.days):
            self.write(number)

    def do(self, *statements: str) -> None:
        """Run statements in which {} is the schema."""
        with psycopg.connect(self.dsn) as connection:
            for statement in statements:
                connection.execute(sql.SQL(statement).format(sql.Identifier(self.schema)))

    def write(self, number: int, changes: Mapping[str, Any] | None = None, rows: int = ROWS) -> None:
        """Write a day of log and labels, with some columns replaced."""
        columns = {**rows_of(number, rows), **(changes or {})}
        self.insert("log", LOGGED, columns)
        self.insert("labels", LABELS, columns)

    def insert(self, table: str, names: Iterable[str], columns: Mapping[str, Any]) -> None:
        into = [sql.Identifier(self.schema), sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, names))]
        statement = sql.SQL("copy {}.{} ({}) from stdin").format(*into)
        with psycopg.connect(self.dsn) as connection, connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in zip(*(_plain(columns[name]) for name in names), strict=True):
                copy.write_row(row)

    @property
    def log(self) -> PredictionLog:
        """Return the log's settings."""
        given: dict[str, Any] = {
            "model": "shop",
            "source": f"{self.schema}.log",
            "id": "id",
            "timestamp": "at",
            "version": "version",
            "prediction": "score",
            "features": FEATURES,
            "labels": LabelSource(f"{self.schema}.labels", "id", "label", "labelled_at", timedelta(days=2)),
            "window": timedelta(days=1),
            "reference": (day(0), day(REFERENCE_DAYS)),
            **self.settings,
        }
        return PredictionLog(**given)

    @property
    def database(self) -> Database:
        return Database("shop", self.dsn)

    @property
    def monitor(self) -> SqlMonitor:
        """Return a monitor that has read nothing yet; what it finds out stays in the store."""
        return SqlMonitor(self.log, self.database, self.store)


def _plain(values: Any) -> list[Any]:
    return values.tolist() if hasattr(values, "tolist") else list(values)
