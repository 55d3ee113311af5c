"""Read CSV, also compressed, with types that hold for the whole file and not only for its first rows."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.csv as pacsv

_BLOCK = 4 << 20


def schema(path: str, as_text: frozenset[str]) -> pa.Schema:
    """Return the columns with the types of the first block, widened; null for a column that is empty there."""
    with _opened(path, None, {}) as opened:
        return pa.schema([pa.field(field.name, _widened(field, as_text)) for field in opened.schema])


def batches(path: str, columns: list[str], known: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the columns of all rows."""
    kinds = {name: known.field(name).type for name in columns}
    empty = [name for name, kind in kinds.items() if pa.types.is_null(kind)]
    asked = {name: pa.string() if name in empty else kind for name, kind in kinds.items()}
    with _opened(path, columns, asked) as opened:
        for batch in opened:
            yield _with_numbers(batch, empty)


def _widened(field: pa.Field, as_text: frozenset[str]) -> pa.DataType:
    """Return a type that also fits what may come later: 1.5 after 1, a fraction of a second after none."""
    if field.name in as_text:
        return pa.string()
    if pa.types.is_integer(field.type):
        return pa.float64()
    return pa.timestamp("ns", field.type.tz) if pa.types.is_timestamp(field.type) else field.type


def _with_numbers(batch: pa.RecordBatch, columns: list[str]) -> pa.RecordBatch:
    """Turn columns of unknown type into numbers if that is what they hold."""
    for name in columns:
        try:
            numbers = batch.column(name).cast(pa.float64())
        except pa.ArrowInvalid:
            continue
        batch = batch.set_column(batch.schema.get_field_index(name), name, numbers)
    return batch


def _opened(path: str, columns: list[str] | None, kinds: dict[str, pa.DataType]) -> pacsv.CSVStreamingReader:
    return pacsv.open_csv(
        path,
        read_options=pacsv.ReadOptions(block_size=_BLOCK, use_threads=False),
        convert_options=pacsv.ConvertOptions(include_columns=columns, column_types=kinds, strings_can_be_null=True),
    )
