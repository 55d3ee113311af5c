"""A log in files: looked at while none of them changes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from tools.monitors.log_reader import Memory, Reader, steady
from tools.monitors.log_source import Listed, Rows
from tools.monitors.prediction_log import PredictionLog

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LogFiles:
    """Implements Source; remembers schemas and extents of files from one look to the next."""

    log: PredictionLog
    memory: Memory = field(default_factory=Memory)

    def look(self, read: Callable[[Rows, Listed], T]) -> T:
        """Return what `read` makes of the files. Unavailable when files vanish or keep changing meanwhile."""
        return steady(self._reader, lambda reader: read(reader, self._listed(reader)))

    def _reader(self) -> Reader:
        return Reader(self.log.model, self.memory, self.log.texts)

    def _listed(self, reader: Reader) -> Listed:
        joined = self.log.joined_labels
        log, labels = reader.files(self.log.sources), reader.files((joined.source,)) if joined else ()
        self.memory.forget_others({file.path for file in (*log, *labels)})
        return log, labels
