"""Where the rows of a log come from: the one thing that differs between files and tables."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

import pyarrow as pa

from tools.monitors.extents import Extent
from tools.monitors.log_columns import Place, Times
from tools.monitors.spans import Span

T = TypeVar("T")


class Part(Protocol):
    """Rows that are listed together: a file, or a table's rows of some stretch of time."""

    @property
    def path(self) -> str:
        """Return where they are, for people."""

    @property
    def stamp(self) -> str:
        """Return what changes whenever they do."""


class Rows(Protocol):
    """One steady look at a log. A part is given back to the look that listed it. Times are microseconds since 1970 UTC.

    All raise Misconfigured for a column that is missing or of no use, Unavailable for rows that cannot be read.
    """

    model: str
    naive: set[str]
    """Time columns found without a zone."""

    def place(self, part: Part, column: str) -> Place:
        """Return where a column is read, for messages."""

    def schema(self, part: Part) -> pa.Schema:
        """Return the names and types of a part's columns."""

    def extent(self, part: Part, time: str) -> Extent:
        """Return which times of a column a part holds rows of."""

    def reach(self, parts: Sequence[Part], time: str) -> tuple[int, int] | None:
        """Return the first and the last time of all parts together; None where no row has one."""

    def untimed(self, parts: Sequence[Part], time: str) -> int:
        """Return how many rows have no time, of these parts or of the table they are from."""

    def within(self, parts: Sequence[Part], time: str, span: Span) -> list[Part]:
        """Return the parts that may have rows in the span."""

    def since(self, parts: Sequence[Part], time: str, start: int) -> list[Part]:
        """Return the parts that may have rows from `start` on, or rows without a time."""

    def batches(
        self,
        part: Part,
        columns: Sequence[str],
        time: str = "",
        span: Span | None = None,
        coded: Sequence[str] = (),
    ) -> Iterator[pa.RecordBatch]:
        """Yield columns of a part, where possible only of rows in the span.

        Texts among `coded` come by dictionary where the part holds one, which spares writing out every row's text.
        """

    def timed(
        self, part: Part, columns: Sequence[str], time: str, span: Span, coded: Sequence[str] = ()
    ) -> Iterator[tuple[Times, pa.RecordBatch]]:
        """Yield the rows of a part that lie in the span, with their times."""

    def future_rows(self, part: Part, time: str, now: int) -> int:
        """Count rows that claim to be from after `now` and cannot be: that they came later is no fault."""

    def newest(self, part: Part, time: str, now: int) -> int | None:
        """Return the newest time of a part that is not later than `now`."""


Listed = tuple[tuple[Part, ...], tuple[Part, ...]]
"""The parts of the log, and of labels that lie beside it."""


class Source(Protocol):
    """A log that can be looked at."""

    def look(self, read: Callable[[Rows, Listed], T]) -> T:
        """Return what `read` makes of the log as it is at one moment.

        Raises Unavailable when it cannot be reached, or changes too fast to be seen whole.
        """
