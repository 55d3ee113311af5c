"""Look at the newest file of a described log: is it there, does it hold the columns, is it still written?"""

from dataclasses import dataclass
from datetime import datetime

from graph.errors import Misconfigured
from tools.monitors.log_columns import feature, labels, scores, texts, times
from tools.monitors.log_files import LogFile
from tools.monitors.log_reader import Memory, Reader, steady
from tools.monitors.log_source import Part, Rows
from tools.monitors.prediction_log import PredictionLog
from tools.monitors.spans import moment


@dataclass(frozen=True, slots=True)
class Glance:
    """What the newest files show. `newest` is the last time in the newest file of the log, or in the last by name."""

    files: int
    newest: datetime | None
    scored: bool
    """False where rows carry no score: enough for a first model, not for one that serves."""
    label_files: int | None
    """None where the log itself holds the labels, or there are none."""


def glance(log: PredictionLog) -> Glance:
    """Return how far the log reaches. Misconfigured for a column of the newest files that is missing or of no use."""
    return steady(lambda: Reader(log.model, Memory(), log.texts), lambda reader: _glance(reader, log))


def _glance(reader: Reader, log: PredictionLog) -> Glance:
    files = reader.files(log.sources)
    joined = log.joined_labels
    label_files = reader.files((joined.source,)) if joined else ()
    if not files:
        raise Misconfigured(f"{log.model}: no file matches {', '.join(log.sources)}", "check monitor.source")
    newest = _newest(files)
    scored = log.prediction in reader.schema(newest).names
    try_columns(reader, newest, log, scored)
    if label_files:
        try_labels(reader, _newest(label_files), log)
    # A copy or a restore leaves other times on files than when they were written: the last by name counts, too.
    ends = [reader.extent(each, log.timestamp).last for each in {newest, max(files, key=lambda file: file.path)}]
    reached = max((moment(end) for end in ends if end is not None), default=None)
    return Glance(len(files), reached, scored, len(label_files) if joined else None)


def _newest(files: tuple[LogFile, ...]) -> LogFile:
    return max(files, key=lambda file: (file.modified_ns, file.path))


def try_columns(reader: Rows, file: Part, log: PredictionLog, scored: bool) -> None:
    """Convert the first rows of every column as a check would."""
    named = [log.timestamp, *log.features, *[name for name in (log.id, log.version) if name]]
    named += [log.prediction] if scored else []
    own = log.own_labels
    batch = next(reader.batches(file, [*named, *([own.label] if own else [])]), None)
    if batch is None:
        return
    times(batch.column(log.timestamp), reader.place(file, log.timestamp))
    if scored:
        scores(batch.column(log.prediction), reader.place(file, log.prediction))
    for name in (log.id, log.version):
        if name:
            texts(batch.column(name), reader.place(file, name))
    for name in log.features:
        feature(batch.column(name), reader.place(file, name))
    if own:
        labels(batch.column(own.label), log.positive, reader.place(file, own.label))


def try_labels(reader: Rows, file: Part, log: PredictionLog) -> None:
    """Convert the first labels as a check would."""
    source = log.joined_labels
    if source is None:
        return
    named = [source.id, source.label, *([source.timestamp] if source.timestamp else [])]
    batch = next(reader.batches(file, named), None)
    if batch is None:
        return
    texts(batch.column(source.id), reader.place(file, source.id))
    labels(batch.column(source.label), log.positive, reader.place(file, source.label))
    if source.timestamp:
        times(batch.column(source.timestamp), reader.place(file, source.timestamp))
