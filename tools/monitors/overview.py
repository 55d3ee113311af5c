"""What can be said of a whole log without counting it: whether it is there, how far it reaches, what is amiss."""

from collections.abc import Sequence
from dataclasses import dataclass

from tools.monitors.log_source import Part, Rows
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
        future_rows=sum(reader.future_rows(file, log.timestamp, sight.now) for file in sight.files),
        newest_label=newest,
        files=(*read, *([f"{log.joined_labels.source} for labels"] if log.joined_labels and sight.labels else [])),
        notes=(*_reach(sight, max(spans)), *_zones(reader), *_untimed(reader, list(read.values()), log.timestamp)),
    )


def _reach(sight: Sight, newest: Span) -> list[str]:
    if not sight.files:
        return [f"no file matches {', '.join(sight.log.sources)}"]
    reach = sight.reader.reach(sight.files, sight.log.timestamp)
    if reach is None:
        return ["the log holds no rows with a time"]
    first, last = reach
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


def _zones(reader: Rows) -> list[str]:
    return [f"times in column {column} carry no zone and are taken as UTC" for column in sorted(reader.naive)]


def _untimed(reader: Rows, files: Sequence[Part], time: str) -> list[str]:
    rows = reader.untimed(files, time)
    return [f"{rows} rows have no time and are left out"] if rows else []


def _newest(reader: Rows, files: Sequence[Part], time: str, now: int) -> int | None:
    """Return the newest time in a column that is not later than now."""
    found = [reader.newest(file, time, now) for file in files]
    return max((each for each in found if each is not None), default=None)
