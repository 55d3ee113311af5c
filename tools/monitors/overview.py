"""What can be said of a whole log without counting it: whether it is there, how far it reaches, what is amiss."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tools.monitors.log_columns import NO_TIME, times
from tools.monitors.log_files import LogFile
from tools.monitors.log_reader import Reader
from tools.monitors.sight import Sight
from tools.monitors.spans import Span, moment


@dataclass(frozen=True, slots=True)
class Overview:
    """The log at a glance. `newest_label` is None as well when labels carry no time."""

    future_rows: int
    newest_label: int | None
    files: tuple[str, ...]
    notes: tuple[str, ...]


def overview(sight: Sight, spans: Sequence[Span]) -> Overview:
    """Look over the log; `spans` is what the check is about to count."""
    reader, log = sight.reader, sight.log
    read = {file.path: file for each in spans for file in sight.within(each)}
    source = log.labels
    label_files = sight.labels if log.joined_labels else sight.files
    newest = _newest(reader, label_files, source.timestamp, sight.now) if source and source.timestamp else None
    return Overview(
        future_rows=sum(_out_of_order(reader, file, log.timestamp, sight.now) for file in sight.files),
        newest_label=newest,
        files=(*read, *([f"{log.joined_labels.source} for labels"] if log.joined_labels and sight.labels else [])),
        notes=(*_reach(sight, max(spans)), *_zones(reader), *_untimed(reader, list(read.values()), log.timestamp)),
    )


def _reach(sight: Sight, newest: Span) -> list[str]:
    if not sight.files:
        return [f"no file matches {', '.join(sight.log.sources)}"]
    extents = [sight.reader.extent(file, sight.log.timestamp) for file in sight.files]
    known = [(extent.first, extent.last) for extent in extents if extent.first is not None and extent.last is not None]
    if not known:
        return ["the log holds no rows with a time"]
    first, last = min(first for first, _ in known), max(last for _, last in known)
    notes = []
    if last < newest.start:
        notes.append(f"the log ends at {_shown(last)}, before the newest bucket begins")
    if first >= newest.end:
        notes.append(f"the log begins at {_shown(first)}, after the newest bucket ends")
    if sight.log.joined_labels and not sight.labels:
        notes.append(f"no file matches {sight.log.joined_labels.source}")
    return notes


def _shown(time: int) -> str:
    return f"{moment(time):%Y-%m-%dT%H:%M:%SZ}"


def _zones(reader: Reader) -> list[str]:
    return [f"times in column {column} carry no zone and are taken as UTC" for column in sorted(reader.naive)]


def _untimed(reader: Reader, files: Sequence[LogFile], time: str) -> list[str]:
    rows = sum(reader.extent(file, time).untimed for file in files)
    return [f"{rows} rows have no time and are left out"] if rows else []


def _newest(reader: Reader, files: Sequence[LogFile], time: str, now: int) -> int | None:
    """Return the newest time in a column that is not later than now."""
    best: int | None = None
    for file in files:
        extent = reader.extent(file, time)
        if extent.first is None or extent.last is None or extent.first > now or extent.last <= (best or NO_TIME):
            continue
        found = extent.last if extent.last <= now else _newest_in(reader, file, time, now)
        best = found if best is None else max(best, found)
    return best


def _newest_in(reader: Reader, file: LogFile, time: str, now: int) -> int:
    newest = NO_TIME
    for batch in reader.batches(file, [time]):
        at = times(batch.column(time), reader.place(file, time))
        newest = max(newest, int(at[at <= now].max(initial=NO_TIME)))
    return newest


def _out_of_order(reader: Reader, file: LogFile, time: str, now: int) -> int:
    """Count rows from after now that stand before a row of the past, so that they were written with a wrong time.

    Rows from after now at the end of a file are no error: a check may look at the log as it was at an earlier moment.
    """
    extent = reader.extent(file, time)
    if extent.first is None or extent.last is None or extent.first > now or extent.last <= now:
        return 0
    found, later = 0, 0
    for batch in reader.batches(file, [time]):
        at = times(batch.column(time), reader.place(file, time))
        past = np.flatnonzero((at <= now) & (at != NO_TIME))
        if past.size:
            found = later + int(np.count_nonzero(at[: past[-1]] > now))
        later += int(np.count_nonzero(at > now))
    return found
