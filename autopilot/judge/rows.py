"""Rows from the pipe's Parquet files, in the types the engine counts."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from graph.errors import Misconfigured

_NUMBERS = ("score", "label")
_WHOLE = ("row", "t")


def read(path: str, features: Sequence[str], categorical: frozenset[str], columns: Sequence[str]) -> pa.Table:
    """Return the wanted columns; `t` too where the file has it. Raises Misconfigured for a file that lacks one."""
    try:
        # Not read_table: that loads the dataset machinery, and pandas with it.
        with pq.ParquetFile(Path(path)) as file:
            table = file.read(use_threads=False)
    except (OSError, pa.ArrowException) as error:
        raise Misconfigured(f"judge: {path} cannot be read: {error}", "name a Parquet file that exists") from error
    wanted = [*features, *columns, *(["t"] if "t" in table.column_names and "t" not in columns else [])]
    missing = [name for name in wanted if name not in table.column_names]
    if missing:
        raise Misconfigured(f"judge: {path} lacks the columns {', '.join(missing)}", "send every feature with each row")
    try:
        return table.select(wanted).cast(pa.schema([(name, _type(name, categorical)) for name in wanted]))
    except pa.ArrowException as error:
        raise Misconfigured(f"judge: {path}: {error}", "numeric is double, categorical is string") from error


def _type(name: str, categorical: frozenset[str]) -> pa.DataType:
    if name in categorical:
        return pa.string()
    return pa.int64() if name in _WHOLE else pa.float64()


def arrays(table: pa.Table, names: Sequence[str]) -> dict[str, pa.Array]:
    """Return columns as one array each."""
    return {name: table.column(name).combine_chunks() for name in names}
