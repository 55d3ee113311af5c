"""Columns of a Postgres table as Arrow types, and a stream of its rows as Arrow batches."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import psycopg
import pyarrow as pa
import pyarrow.csv as pacsv
from psycopg import sql

_BLOCK = 4 << 20
_KINDS: Mapping[str, pa.DataType] = {
    "bool": pa.bool_(),
    "int2": pa.int16(),
    "int4": pa.int32(),
    "int8": pa.int64(),
    "float4": pa.float32(),
    "float8": pa.float64(),
    "numeric": pa.float64(),
    "text": pa.string(),
    "varchar": pa.string(),
    "bpchar": pa.string(),
    "name": pa.string(),
    "uuid": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", "UTC"),
}
_PLAIN = frozenset({"bool", "int2", "int4", "int8", "float4", "float8", "date", "timestamp", "timestamptz"})
TIMES = frozenset({"date", "timestamp", "timestamptz"})


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column: the database's name of its type, and ours; None where rows of it say nothing to us."""

    name: str
    kind: str
    arrow: pa.DataType | None

    def selected(self, as_text: bool) -> sql.Composable:
        """Return how it is read: names as text whatever they are, decimals as numbers."""
        column = sql.Identifier(self.name)
        if as_text or self.arrow == pa.string():
            return sql.SQL("{}::text").format(column)
        return column if self.kind in _PLAIN else sql.SQL("{}::float8").format(column)


def columns_of(connection: psycopg.Connection, table: sql.Identifier) -> dict[str, TableColumn]:
    """Return the columns of a table or view, in its order."""
    found = connection.execute(sql.SQL("select * from {} limit 0").format(table))
    return {each.name: _column(connection, each.name, each.type_code) for each in found.description or ()}


def _column(connection: psycopg.Connection, name: str, oid: int) -> TableColumn:
    known = connection.adapters.types.get(oid)
    if known is None:
        # An enumeration or a type of an extension: it has at least a text.
        return TableColumn(name, "text", pa.string())
    kind = known.name if known.oid == oid else f"{known.name}[]"
    return TableColumn(name, kind, _KINDS.get(kind))


def stream(connection: psycopg.Connection, query: sql.Composable, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a query, some ten thousands at a time; the server waits while nobody asks for more."""
    copy = sql.SQL("copy ({}) to stdout (format csv)").format(query)
    # A savepoint: who stops in the middle may still read something else at the same moment.
    with connection.transaction(), connection.cursor() as cursor, cursor.copy(copy) as rows:
        source = _Stream(rows)
        if source.is_empty():
            return
        with pacsv.open_csv(
            source,
            read_options=pacsv.ReadOptions(column_names=schema.names, block_size=_BLOCK, use_threads=False),
            parse_options=pacsv.ParseOptions(newlines_in_values=True),
            convert_options=_conversion(schema),
        ) as opened:
            yield from opened


def _conversion(schema: pa.Schema) -> pacsv.ConvertOptions:
    return pacsv.ConvertOptions(
        column_types=schema,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        true_values=["t"],
        false_values=["f"],
    )


class _Stream(io.RawIOBase):
    """What the database sends, as a file."""

    def __init__(self, rows: psycopg.Copy) -> None:
        self._rows = rows
        self._left = b""

    def is_empty(self) -> bool:
        """Tell whether nothing comes."""
        self._left = bytes(self._rows.read())
        return not self._left

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        wanted = size if size > 0 else _BLOCK
        parts, held = [self._left], len(self._left)
        while held < wanted and (row := self._rows.read()):
            parts.append(bytes(row))
            held += len(row)
        whole = b"".join(parts)
        self._left = whole[wanted:]
        return whole[:wanted]


def schema_of(columns: Sequence[TableColumn], as_text: frozenset[str]) -> pa.Schema:
    """Return the columns as they are read."""
    return pa.schema([(each.name, pa.string() if each.name in as_text else each.arrow) for each in columns])
