"""What one check can see: the files of a log and its labels, as of a moment, of one model version."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from tools.monitors.log_files import LogFile
from tools.monitors.log_reader import Memory, Reader, steady
from tools.monitors.prediction_log import PredictionLog
from tools.monitors.spans import Span, microseconds

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sight:
    """One look at a log. `version` None takes all rows for the version's own; `scored` says if scores are wanted."""

    reader: Reader
    log: PredictionLog
    files: tuple[LogFile, ...]
    labels: tuple[LogFile, ...]
    now: int
    version: str | None
    scored: bool

    def within(self, span: Span) -> list[LogFile]:
        """Return the files of the log that may have rows in the span."""
        return self.reader.within(self.files, self.log.timestamp, span)

    def with_scores_if_any(self, span: Span) -> "Sight":
        """Return the same look, at the scores as well if every file of the span has them."""
        return replace(
            self, scored=all(self.log.prediction in self.reader.schema(file).names for file in self.within(span))
        )


@dataclass(frozen=True, slots=True)
class Eyes:
    """Looks at a log; remembers schemas and extents of files from one look to the next."""

    log: PredictionLog
    memory: Memory = field(default_factory=Memory)

    def look(self, champion: str | None, now: datetime, read: Callable[[Sight], T]) -> T:
        """Return what `read` makes of what `champion` served, or of all rows and labels without a champion.

        Raises Unavailable when files vanish or keep changing meanwhile.
        """
        return steady(self._reader, lambda reader: read(self._sight(reader, champion, microseconds(now))))

    def _reader(self) -> Reader:
        log = self.log
        texts = {log.id, log.version, log.labels and log.labels.id}
        if log.labels and isinstance(log.positive, str):
            texts.add(log.labels.label)
        return Reader(log.model, self.memory, frozenset(name for name in texts if name))

    def _sight(self, reader: Reader, champion: str | None, now: int) -> Sight:
        joined = self.log.joined_labels
        return Sight(
            reader=reader,
            log=self.log,
            files=reader.files(self.log.sources),
            labels=reader.files((joined.source,)) if joined else (),
            now=now,
            version=champion if self.log.version else None,
            scored=champion is not None,
        )
