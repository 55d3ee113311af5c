"""Monitor `sql`, as a table of values: name, value and time per row, held to the owner's limits as Prometheus' are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from graph.errors import Misconfigured
from graph.evidence import Evidence, LookBack, Reading
from graph.model import Holdout
from tools.monitors.database import Database, identifier
from tools.monitors.log_columns import Place, require
from tools.monitors.no_rows import no_holdout
from tools.monitors.table_columns import TIMES, columns_of
from tools.monitors.watched import Watched


@dataclass(frozen=True, slots=True)
class MetricsTable:
    """Where a model's values are, and which of them are watched.

    `by` is the column that tells models apart, where a table holds several; `label` the model's value of it, by default
    its own name.
    """

    model: str
    table: str
    watched: tuple[Watched, ...]
    name: str = "name"
    value: str = "value"
    at: str = "at"
    by: str | None = None
    label: str | None = None
    window: timedelta = timedelta(days=1)
    """How far back the newest value is looked for."""
    stale_after: timedelta = timedelta(hours=1)


class MetricsTableMonitor:
    """Implements port Monitor on such a table. The newest value by `now` counts."""

    def __init__(self, asked: MetricsTable, database: Database) -> None:
        names = [each.name for each in asked.watched]
        if not names:
            raise Misconfigured(f"{asked.model}: its monitor watches nothing", "write at least one of monitor.metrics")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise Misconfigured(f"{asked.model}: {', '.join(twice)} is watched twice", "write each metric once")
        for each in asked.watched:
            each.check(asked.model)
        if min(asked.window, asked.stale_after) <= timedelta(0):
            raise Misconfigured(f"{asked.model}: window and stale_after must be longer than nothing")
        self._asked = asked
        self._database = database

    def measure(self, champion: str | None, now: datetime) -> Evidence:
        """Return every watched value as of `now`, or why there is none.

        Raises Misconfigured for a table or column that is not as described, Unavailable when the database is away.
        """
        asked = self._asked
        with self._database.look() as connection, self._database.translated():
            self._check(connection)
            found = {name: (value, at) for name, value, at in self._newest(connection, now)}
        return Evidence(
            model=asked.model,
            champion=champion,
            as_of=now,
            source=asked.table,
            start=now - asked.window,
            end=now,
            rows=0,
            reference_rows=0,
            expected_rows=0.0,
            queries=(self._where_read,),
            readings=tuple(self._reading(each, found.get(each.name)) for each in asked.watched),
            logged=False,
        )

    def look_back(self, start: datetime, now: datetime) -> LookBack | None:
        """Return None: the table holds values, and no rows."""
        return None

    def holdout(
        self, start: datetime, end: datetime, now: datetime, exclude: Sequence[tuple[datetime, datetime]], to: Path
    ) -> Holdout:
        """Raise Misconfigured: the table holds values, and no rows to compare two models on."""
        raise no_holdout(self._asked.model, f"the table {self._asked.table}")

    @property
    def _where_read(self) -> str:
        asked = self._asked
        whose = f" where {asked.by} = {self._label!r}" if asked.by else ""
        return f"{asked.table}: newest {asked.value} by {asked.at} of each {asked.name}{whose}"

    @property
    def _label(self) -> str:
        return self._asked.label or self._asked.model

    def _check(self, connection: psycopg.Connection) -> None:
        """Raise Misconfigured, with the nearest name, for a column that is missing or holds no numbers or times."""
        asked = self._asked
        known = columns_of(connection, identifier(asked.model, asked.table))
        wanted = [asked.name, asked.value, asked.at, *([asked.by] if asked.by else [])]
        require(asked.model, asked.table, wanted, list(known))
        if known[asked.at].kind not in TIMES:
            hint = "name a column of type timestamptz"
            raise Place(asked.model, asked.table, asked.at).wrong(f"holds {known[asked.at].kind}, not times", hint)
        if known[asked.value].kind not in _NUMBERS:
            hint = "name a column of numbers"
            raise Place(asked.model, asked.table, asked.value).wrong(f"holds {known[asked.value].kind}", hint)

    def _newest(self, connection: psycopg.Connection, now: datetime) -> list[tuple[str, Any, datetime]]:
        asked = self._asked
        name, value, at = (sql.Identifier(each) for each in (asked.name, asked.value, asked.at))
        query = sql.SQL(
            "select distinct on ({name}) {name}::text, {value}::float8, {at}::timestamptz from {table} "
            "where {name}::text = any({names}) and {at} > {start} and {at} <= {now} and {own} "
            "order by {name}, {at} desc, {value}"
        ).format(
            name=name,
            value=value,
            at=at,
            table=identifier(asked.model, asked.table),
            names=sql.Literal([each.name for each in asked.watched]),
            start=sql.Literal(now - asked.window),
            now=sql.Literal(now),
            own=self._own(),
        )
        return connection.execute(query).fetchall()

    def _own(self) -> sql.Composable:
        if self._asked.by is None:
            return sql.SQL("true")
        return sql.SQL("{}::text = {}").format(sql.Identifier(self._asked.by), sql.Literal(self._label))

    def _reading(self, watched: Watched, found: tuple[Any, datetime] | None) -> Reading:
        where, stale_after = f"{self._asked.table}.{watched.name}", self._asked.stale_after
        if found is None:
            whose = f" for {self._asked.by} {self._label!r}" if self._asked.by else ""
            missing = f"the table holds no value of that name{whose} in its window"
            return watched.reading(where, None, None, stale_after, missing)
        value, at = found
        if value is None:
            return watched.reading(where, None, at, stale_after, "its newest value is null")
        return watched.reading(where, float(value), at.astimezone(UTC), stale_after)


_NUMBERS = frozenset({"int2", "int4", "int8", "float4", "float8", "numeric"})
