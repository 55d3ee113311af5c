"""A log in a table, read at one moment: stretches of time take the place of files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pyarrow as pa
from psycopg import sql

from graph.codec import digest
from tools.monitors.database import Database, identifier
from tools.monitors.extents import Extent
from tools.monitors.log_columns import Place, Times, has_no_zone, require, times
from tools.monitors.log_reader import rows_where
from tools.monitors.log_source import Part
from tools.monitors.prediction_log import PredictionLog
from tools.monitors.spans import Span, bucket_length, microseconds, moment
from tools.monitors.table_columns import TIMES, TableColumn, columns_of, schema_of, stream

_ORIGIN = sql.Literal(datetime(1970, 1, 1, tzinfo=UTC))
_FIRST, _LAST = microseconds(datetime(1, 1, 1, tzinfo=UTC)), microseconds(datetime(9999, 12, 31, tzinfo=UTC))
"""What counts for times before and after them: Postgres knows more years, and an infinity at either end."""
_ALL = sql.SQL("true")


@dataclass(frozen=True)
class TablePart:
    """Rows of a table whose `time` lies in [start, end), each open where it is None; with `also_untimed` those, too."""

    rows: "TableRows"
    path: str
    """The table's name as it is written."""
    time: str = ""
    start: int | None = None
    end: int | None = None
    also_untimed: bool = False

    @property
    def stamp(self) -> str:
        """Return what changes when a row of the part is added, changed or taken away."""
        return self.rows.stamp(self)


class TableRows:
    """Implements Rows in one transaction. Columns are quoted, values are bound, nothing is written."""

    def __init__(self, connection: psycopg.Connection, database: Database, log: PredictionLog) -> None:
        self.model = log.model
        self.naive: set[str] = set()
        self._connection = connection
        self._database = database
        self._log = log
        self._length = bucket_length(log.window)
        self._columns: dict[str, dict[str, TableColumn]] = {}
        self._stored: dict[str, bool] = {}
        self._extents: dict[tuple[TablePart, str], Extent] = {}
        self._within: dict[tuple[TablePart, str, Span], list[Part]] = {}
        self._stamps: dict[TablePart, str] = {}

    def whole(self, table: str) -> TablePart:
        """Return all of a table."""
        return TablePart(self, table)

    def place(self, part: Part, column: str) -> Place:
        """Return where a column is read, for messages."""
        return Place(self.model, part.path, column)

    def schema(self, part: Part) -> pa.Schema:
        """Return the names and types of the table's columns; those without a type of ours are left out."""
        known = [each for each in self._known(part.path).values() if each.arrow is not None]
        return schema_of(known, self._log.texts)

    def extent(self, part: Part, time: str) -> Extent:
        """Return which times of a column a part holds rows of."""
        own = _own(part)
        if (own, time) not in self._extents:
            column = self._timed(part.path, time)
            query = sql.SQL("select count(*), {}, {}, count(*) filter (where {} is null) from {} where {}").format(
                _micros(sql.SQL("min({})").format(column)),
                _micros(sql.SQL("max({})").format(column)),
                column,
                self._table(part.path),
                self._where(own),
            )
            rows, first, last, untimed = self._row(query)
            self._extents[own, time] = Extent(rows, _whole(first), _whole(last), untimed, time in self.naive)
        return self._extents[own, time]

    def reach(self, parts: Sequence[Part], time: str) -> tuple[int, int] | None:
        """Return the first and the last time of the table, by its index where it has one."""
        found = []
        for part in parts:
            column = self._timed(part.path, time)
            ends = [_micros(sql.SQL("{}({})").format(sql.SQL(end), column)) for end in ("min", "max")]
            query = sql.SQL("select {}, {} from {}").format(*ends, self._table(part.path))
            found += [each for end in self._row(query) if (each := _whole(end)) is not None]
        return (min(found), max(found)) if found else None

    def untimed(self, parts: Sequence[Part], time: str) -> int:
        """Return how many rows of the parts' tables have no time: they are in no stretch of it."""
        found = 0
        for table in {part.path for part in parts}:
            column = self._timed(table, time)
            query = sql.SQL("select count(*) from {} where {} is null").format(self._table(table), column)
            found += int(self._row(query)[0])
        return found

    def within(self, parts: Sequence[Part], time: str, span: Span) -> list[Part]:
        """Return the rows in the span, one part for each of the log's buckets that has any."""
        found: list[Part] = []
        for part in parts:
            key = (_own(part), time, span)
            if key not in self._within:
                self._within[key] = list(self._buckets(part.path, time, span))
            found += self._within[key]
        return found

    def since(self, parts: Sequence[Part], time: str, start: int) -> list[Part]:
        """Return the rows from `start` on, with those that have no time, as one part."""
        for part in parts:
            self._timed(part.path, time)
        return [TablePart(self, part.path, time, start, None, also_untimed=True) for part in parts]

    def batches(
        self,
        part: Part,
        columns: Sequence[str],
        time: str = "",
        span: Span | None = None,
        coded: Sequence[str] = (),
    ) -> Iterator[pa.RecordBatch]:
        """Yield columns of a part, in order of time where it is cut by time."""
        own, wanted = _own(part), [self._column(part.path, name) for name in dict.fromkeys(columns)]
        where = self._where(own)
        if span is not None:
            inside = self._between(part.path, time, span.start, span.end)
            where = sql.SQL("{} and {}").format(where, inside)
        texts = self._log.texts
        query = sql.SQL("select {} from {} where {} {}").format(
            sql.SQL(", ").join([each.selected(each.name in texts) for each in wanted]),
            self._table(part.path),
            where,
            self._order(part.path, time),
        )
        with self._database.translated():
            yield from stream(self._connection, query, schema_of(wanted, texts))

    def timed(
        self, part: Part, columns: Sequence[str], time: str, span: Span, coded: Sequence[str] = ()
    ) -> Iterator[tuple[Times, pa.RecordBatch]]:
        """Yield the rows of a part that lie in the span, with their times."""
        for batch in self.batches(part, [time, *columns], time, span):
            at = times(batch.column(time), self.place(part, time))
            inside = (at >= span.start) & (at < span.end)
            if inside.any():
                yield at[inside], rows_where(batch, inside)

    def future_rows(self, part: Part, time: str, now: int) -> int:
        """Count rows from after `now` and after the database's own time.

        A table does not say in which order it was written: what lies between is a later row, seen from an earlier now.
        """
        column = self._timed(part.path, time)
        query = sql.SQL("select count(*) from {} where {} > {} and {} > transaction_timestamp()").format(
            self._table(part.path), column, self._moment(part.path, time, now), column
        )
        return int(self._row(query)[0])

    def newest(self, part: Part, time: str, now: int) -> int | None:
        """Return the newest time of a part that is not later than `now`."""
        column = self._timed(part.path, time)
        newest = _micros(sql.SQL("max({})").format(column))
        query = sql.SQL("select {} from {} where {} and {} <= {}").format(
            newest, self._table(part.path), self._where(_own(part)), column, self._moment(part.path, time, now)
        )
        return _whole(self._row(query)[0])

    def stamp(self, part: TablePart) -> str:
        """Return a digest of the rows' count and of the transactions that wrote them.

        A view has no such numbers: its rows themselves are digested.
        """
        if part not in self._stamps:
            written = sql.SQL("xmin::text::bigint" if self._is_stored(part.path) else "hashtextextended(t::text, 0)")
            query = sql.SQL("select count(*), coalesce(sum({}), 0)::text from {} t where {}").format(
                written, self._table(part.path), self._where(part)
            )
            self._stamps[part] = digest([part.path, part.start, part.end, *self._row(query)])
        return self._stamps[part]

    def _buckets(self, table: str, time: str, span: Span) -> Iterator[TablePart]:
        column = self._timed(table, time)
        query = sql.SQL("select {}, count(*), {}, {} from {} where {} group by date_bin({}, {}, {}) order by 1").format(
            _micros(sql.SQL("date_bin({}, min({}), {})").format(self._bin, self._as_moment(table, time), _ORIGIN)),
            _micros(sql.SQL("min({})").format(column)),
            _micros(sql.SQL("max({})").format(column)),
            self._table(table),
            self._between(table, time, span.start, span.end),
            self._bin,
            self._as_moment(table, time),
            _ORIGIN,
        )
        for bucket, rows, first, last in self._all(query):
            start = _whole(bucket) or 0
            part = TablePart(self, table, time, max(start, span.start), min(start + self._length, span.end))
            self._extents[part, time] = Extent(rows, _whole(first), _whole(last), 0, time in self.naive)
            yield part

    @property
    def _bin(self) -> sql.Literal:
        return sql.Literal(timedelta(microseconds=self._length))

    def _as_moment(self, table: str, time: str) -> sql.Composable:
        """Return a time column as what it counts as: times without a zone are UTC."""
        return sql.SQL("{}::timestamptz").format(self._timed(table, time))

    def _where(self, part: TablePart) -> sql.Composable:
        if not part.time:
            return _ALL
        inside = self._between(part.path, part.time, part.start, part.end)
        if not part.also_untimed:
            return inside
        return sql.SQL("({} or {} is null)").format(inside, self._timed(part.path, part.time))

    def _between(self, table: str, time: str, start: int | None, end: int | None) -> sql.Composable:
        column = self._timed(table, time)
        limits = [(">=", start), ("<", end)]
        asked = [
            sql.SQL("{} {} {}").format(column, sql.SQL(sign), self._moment(table, time, at))
            for sign, at in limits
            if at is not None
        ]
        return sql.SQL(" and ").join(asked) if asked else _ALL

    def _moment(self, table: str, time: str, at: int) -> sql.Composable:
        """Return a moment in the column's own type, so that its index is of use."""
        kind = self._column(table, time).kind
        if kind == "timestamptz":
            return sql.Literal(moment(at))
        return sql.SQL("{}::timestamp").format(sql.Literal(moment(at).replace(tzinfo=None)))

    def _order(self, table: str, time: str) -> sql.Composable:
        """Order rows by time, equal ones as they were written: the same look must find the same order."""
        if not time:
            return sql.SQL("")
        last = "ctid" if self._is_stored(table) else (self._log.id if table in self._log.sources else None)
        columns = [self._timed(table, time), *([sql.Identifier(last)] if last else [])]
        return sql.SQL("order by {}").format(sql.SQL(", ").join(columns))

    def _is_stored(self, table: str) -> bool:
        """Tell a table from a view: its rows know who wrote them, and where they stand."""
        if table not in self._stored:
            name = sql.Literal(self._table(table).as_string(self._connection))
            query = sql.SQL("select relkind in ('r', 'p', 'm') from pg_class where oid = {}::regclass").format(name)
            self._stored[table] = bool(self._row(query)[0])
        return self._stored[table]

    def _timed(self, table: str, time: str) -> sql.Identifier:
        """Return a time column. Misconfigured for one that holds something else."""
        column = self._column(table, time)
        if column.kind not in TIMES:
            place = Place(self.model, table, time)
            raise place.wrong(f"holds {column.kind}, not times", "name a column of type timestamptz")
        if column.arrow is not None and has_no_zone(column.arrow):
            self.naive.add(time)
        return sql.Identifier(time)

    def _column(self, table: str, name: str) -> TableColumn:
        known = self._known(table)
        require(self.model, table, [name], list(known))
        found = known[name]
        if found.arrow is None and name not in self._log.texts:
            hint = "a column is a number, a text, a truth value or a time"
            raise Place(self.model, table, name).wrong(f"holds {found.kind}", hint)
        return found

    def _known(self, table: str) -> dict[str, TableColumn]:
        if table not in self._columns:
            with self._database.translated():
                self._columns[table] = columns_of(self._connection, self._table(table))
        return self._columns[table]

    def _table(self, table: str) -> sql.Identifier:
        return identifier(self.model, table)

    def _row(self, query: sql.Composed) -> tuple[Any, ...]:
        return self._all(query)[0]

    def _all(self, query: sql.Composed) -> list[tuple[Any, ...]]:
        with self._database.translated():
            return self._connection.execute(query).fetchall()


def _own(part: Part) -> TablePart:
    if not isinstance(part, TablePart):
        raise TypeError(f"{part.path} is not of this table")
    return part


def _micros(time: sql.Composable) -> sql.Composable:
    """Return a time as the text of its microseconds since 1970."""
    return sql.SQL("(extract(epoch from {}) * 1000000)::text").format(time)


def _whole(text: str | None) -> int | None:
    if text is None:
        return None
    found = Decimal(text)
    return int(min(max(found, Decimal(_FIRST)), Decimal(_LAST)))
