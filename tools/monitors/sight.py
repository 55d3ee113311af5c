"""What one check can see: the parts of a log and its labels, as of a moment, of one model version."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from tools.monitors.log_source import Listed, Part, Rows, Source
from tools.monitors.prediction_log import PredictionLog
from tools.monitors.spans import Span, microseconds

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sight:
    """One look at a log. `version` None takes all rows for the version's own; `scored` says if scores are wanted."""

    reader: Rows
    log: PredictionLog
    files: tuple[Part, ...]
    labels: tuple[Part, ...]
    now: int
    version: str | None
    scored: bool

    def within(self, span: Span) -> list[Part]:
        """Return the parts of the log that may have rows in the span."""
        return self.reader.within(self.files, self.log.timestamp, span)

    def with_scores_if_any(self, span: Span) -> "Sight":
        """Return the same look, at the scores as well if every file of the span has them."""
        return replace(
            self, scored=all(self.log.prediction in self.reader.schema(file).names for file in self.within(span))
        )


@dataclass(frozen=True, slots=True)
class Eyes:
    """Looks at a log, wherever its rows are."""

    log: PredictionLog
    source: Source

    def look(self, champion: str | None, now: datetime, read: Callable[[Sight], T]) -> T:
        """Return what `read` makes of what `champion` served, or of all rows and labels without a champion.

        Raises Unavailable when it cannot be reached, or is not steady long enough.
        """
        return self.source.look(lambda rows, listed: read(self._sight(rows, listed, champion, microseconds(now))))

    def _sight(self, rows: Rows, listed: Listed, champion: str | None, now: int) -> Sight:
        return Sight(
            reader=rows,
            log=self.log,
            files=listed[0],
            labels=listed[1],
            now=now,
            version=champion if self.log.version else None,
            scored=champion is not None,
        )
