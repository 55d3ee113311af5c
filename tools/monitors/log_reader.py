"""Read the files of a log batch by batch, and notice when one is damaged, or replaced while it is read."""

import re
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
import pyarrow as pa

from graph.errors import AutopilotError, Misconfigured, Unavailable
from tools.monitors import csv_files, parquet_files
from tools.monitors.extents import Extent, joined, may_hold
from tools.monitors.log_columns import NO_TIME, Place, Times, as_timestamps, has_no_zone, is_text, require, times
from tools.monitors.log_files import LogFile, find, look
from tools.monitors.log_source import Part
from tools.monitors.spans import Span
from tools.profile.arrays import Mask, mask

T = TypeVar("T")

_BAD_VALUE = re.compile(r"In CSV column #(\d+).*conversion error to ([^:]+): invalid (?:value '(.*)'|UTF8)", re.DOTALL)


@dataclass(slots=True)
class Memory:
    """What is known of files as they last were, by path: their schemas, and their extents by time column."""

    schemas: dict[str, tuple[LogFile, pa.Schema]] = field(default_factory=dict)
    extents: dict[tuple[str, str], tuple[LogFile, Extent]] = field(default_factory=dict)
    _usual: pa.Schema | None = None

    def shared(self, schema: pa.Schema) -> pa.Schema:
        """Return one object for equal schemas: a worker that stays for months knows very many files."""
        plain = schema.remove_metadata()
        if self._usual is None or not self._usual.equals(plain):
            self._usual = plain
        return self._usual

    def forget_others(self, paths: Set[str]) -> None:
        """Forget files that are no longer among these."""
        if self.schemas.keys() - paths:
            self.schemas = {path: known for path, known in self.schemas.items() if path in paths}
            self.extents = {key: known for key, known in self.extents.items() if key[0] in paths}


class Reader:
    """Reads one log's files and remembers which it listed. `as_text` names the columns of a CSV that are no numbers."""

    def __init__(self, model: str, memory: Memory, as_text: frozenset[str]) -> None:
        self.model = model
        self.naive: set[str] = set()
        """Time columns found without a zone."""
        self._memory = memory
        self._as_text = as_text
        self._listed: dict[str, LogFile] = {}

    def files(self, sources: tuple[str, ...]) -> tuple[LogFile, ...]:
        """Return the files that the sources name now."""
        found = find(self.model, sources)
        self._listed.update({file.path: file for file in found})
        return found

    def changed(self) -> list[LogFile]:
        """Return the listed files that are no longer as they were listed."""
        return [file for file in self._listed.values() if look(file.path) != file]

    def place(self, part: Part, column: str) -> Place:
        """Return where a column is read, for messages."""
        return Place(self.model, part.path, column)

    def schema(self, part: Part) -> pa.Schema:
        """Return the names and types of a file's columns; none for an empty file."""
        file = self._file(part)
        known = self._memory.schemas.get(file.path)
        if known and known[0] == file:
            return known[1]
        with self._translated(file):
            schema = self._memory.shared(self._read_schema(file))
        self._memory.schemas[file.path] = (file, schema)
        return schema

    def extent(self, part: Part, time: str) -> Extent:
        """Return which times a file holds rows of."""
        file = self._file(part)
        known = self._memory.extents.get((file.path, time))
        extent = known[1] if known and known[0] == file else self._read_extent(file, time)
        self._memory.extents[file.path, time] = (file, extent)
        if extent.naive:
            self.naive.add(time)
        return extent

    def reach(self, parts: Sequence[Part], time: str) -> tuple[int, int] | None:
        """Return the first and the last time of all files together; None where no row has one."""
        whole = joined(self.extent(part, time) for part in parts)
        return None if whole.first is None or whole.last is None else (whole.first, whole.last)

    def untimed(self, parts: Sequence[Part], time: str) -> int:
        """Return how many rows of the files have no time."""
        return sum(self.extent(part, time).untimed for part in parts)

    def within(self, parts: Sequence[Part], time: str, span: Span) -> list[Part]:
        """Return the files that may have rows in the span."""
        return [part for part in parts if may_hold(self.extent(part, time), span)]

    def since(self, parts: Sequence[Part], time: str, start: int) -> list[Part]:
        """Return the files that may have rows from `start` on, or rows without a time."""
        later = Span(start, int(np.iinfo(np.int64).max))
        found = [(part, self.extent(part, time)) for part in parts]
        return [part for part, extent in found if extent.untimed or may_hold(extent, later)]

    def batches(
        self,
        part: Part,
        columns: Sequence[str],
        time: str = "",
        span: Span | None = None,
        coded: Sequence[str] = (),
    ) -> Iterator[pa.RecordBatch]:
        """Yield columns of a file, where possible only of its parts that may have rows in the span.

        Texts among `coded` come by dictionary where the file holds one, which spares writing out every row's text.
        Raises Misconfigured for a missing column, Unavailable for a file that cannot be read to its end.
        """
        file, schema = self._file(part), self.schema(part)
        if not schema.names:
            return
        require(self.model, file.path, columns, schema.names)
        wanted = list(dict.fromkeys(columns))
        with self._translated(file):
            if file.is_parquet:
                by_dictionary = [name for name in wanted if name in coded and is_text(schema.field(name).type)]
                yield from parquet_files.batches(file.path, wanted, time, span, by_dictionary)
            else:
                yield from csv_files.batches(file.path, wanted, schema)

    def timed(
        self, part: Part, columns: Sequence[str], time: str, span: Span, coded: Sequence[str] = ()
    ) -> Iterator[tuple[Times, pa.RecordBatch]]:
        """Yield the rows of a file that lie in the span, with their times."""
        for batch in self.batches(part, [time, *columns], time, span, coded):
            at = times(batch.column(time), self.place(part, time))
            inside = (at >= span.start) & (at < span.end)
            if inside.any():
                yield at[inside], rows_where(batch, inside)

    def newest(self, part: Part, time: str, now: int) -> int | None:
        """Return the newest time of a file that is not later than `now`."""
        extent = self.extent(part, time)
        if extent.first is None or extent.last is None or extent.first > now:
            return None
        if extent.last <= now:
            return extent.last
        newest = NO_TIME
        for batch in self.batches(part, [time]):
            at = times(batch.column(time), self.place(part, time))
            newest = max(newest, int(at[at <= now].max(initial=NO_TIME)))
        return newest

    def future_rows(self, part: Part, time: str, now: int) -> int:
        """Count rows from after now that stand before a row of the past, so that they were written with a wrong time.

        Rows from after now at the end of a file are no error: a check may look at the log as it was at an earlier
        moment.
        """
        extent = self.extent(part, time)
        if extent.first is None or extent.last is None or extent.first > now or extent.last <= now:
            return 0
        found, later = 0, 0
        for batch in self.batches(part, [time]):
            at = times(batch.column(time), self.place(part, time))
            past = np.flatnonzero((at <= now) & (at != NO_TIME))
            if past.size:
                found = later + int(np.count_nonzero(at[: past[-1]] > now))
            later += int(np.count_nonzero(at > now))
        return found

    def _file(self, part: Part) -> LogFile:
        return self._listed[part.path]

    def _read_schema(self, file: LogFile) -> pa.Schema:
        if file.is_parquet:
            return parquet_files.schema(file.path)
        return csv_files.schema(file.path, self._as_text) if file.size else pa.schema([])

    def _read_extent(self, file: LogFile, time: str) -> Extent:
        schema = self.schema(file)
        if file.is_parquet:
            require(self.model, file.path, [time], schema.names)
            with self._translated(file):
                by_footer = parquet_files.extent(file.path, time)
            if by_footer:
                return replace(by_footer, naive=has_no_zone(schema.field(time).type))
        return joined(_extent(batch.column(time), self.place(file, time)) for batch in self.batches(file, [time]))

    @contextmanager
    def _translated(self, file: LogFile) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as problem:
            raise Unavailable(f"{self.model}: {file.path} vanished while it was read", "check again") from problem
        except PermissionError as problem:
            raise Misconfigured(f"{self.model}: {file.path} may not be read: {problem.strerror}") from problem
        except (OSError, pa.ArrowException) as problem:
            raise self._damaged(file, problem) from problem

    def _damaged(self, file: LogFile, problem: Exception) -> AutopilotError:
        found = _BAD_VALUE.search(str(problem))
        if found:
            column = self.schema(file).names[int(found.group(1))]
            value = "bytes that are not UTF-8" if found.group(3) is None else f"{found.group(3)[:40]!r}"
            return self.place(file, column).wrong(
                f"holds {value} where {found.group(2)} was expected", "write one kind of value, or none, in every row"
            )
        return Unavailable(
            f"{self.model}: {file.path} is damaged or still being written: {str(problem).splitlines()[0]}",
            "write log files under another name and rename them when they are complete",
        )


def rows_where(batch: pa.RecordBatch, chosen: Mask) -> pa.RecordBatch:
    """Return the chosen rows of a batch, at least one: without a copy where they follow each other."""
    first, size = int(chosen.argmax()), int(np.count_nonzero(chosen))
    if chosen[first : first + size].all():
        return batch.slice(first, size)
    return batch.filter(mask(chosen))


def steady(open_reader: Callable[[], Reader], read: Callable[[Reader], T]) -> T:
    """Return what `read` makes of the files, provided that none changed meanwhile; try twice.

    Raises Unavailable when a file vanished or keeps changing: a half-read log is no measurement.
    """
    changed: list[LogFile] = []
    for _ in range(2):
        reader = open_reader()
        try:
            result = read(reader)
        except (Unavailable, Misconfigured):
            # What looks damaged or wrongly typed may be a file that is just being written.
            changed = _replaced(reader)
            if not changed:
                raise
        else:
            changed = _replaced(reader)
            if not changed:
                return result
    raise Unavailable(
        f"{reader.model}: {changed[0].path} changed while it was read, twice",
        "check again; a log that is written without pause needs a new file every hour or day",
    )


def _replaced(reader: Reader) -> list[LogFile]:
    changed = reader.changed()
    for file in changed:
        if look(file.path) is None:
            raise Unavailable(f"{reader.model}: {file.path} vanished while it was read", "check again")
    return changed


def _extent(column: pa.Array, place: Place) -> Extent:
    at = as_timestamps(column, place)
    known = times(at, place)
    known = known[known != NO_TIME]
    first, last = (int(known.min()), int(known.max())) if known.size else (None, None)
    return Extent(len(at), first, last, len(at) - len(known), bool(known.size) and has_no_zone(at.type))
