"""Which times a file, or a part of one, can hold rows of."""

from collections.abc import Iterable
from dataclasses import dataclass

from tools.monitors.spans import Span


@dataclass(frozen=True, slots=True)
class Extent:
    """Rows, the first and the last time among them (None when no row has one), and how many rows have none."""

    rows: int
    first: int | None
    last: int | None
    untimed: int
    naive: bool = False
    """Whether the times say no zone."""


def joined(parts: Iterable[Extent]) -> Extent:
    """Return the extent of several parts together."""
    held = list(parts)
    return Extent(
        sum(part.rows for part in held),
        min((part.first for part in held if part.first is not None), default=None),
        max((part.last for part in held if part.last is not None), default=None),
        sum(part.untimed for part in held),
        any(part.naive for part in held),
    )


def may_hold(extent: Extent | None, span: Span) -> bool:
    """Tell whether there can be rows in the span; an unknown extent can hold anything."""
    if extent is None:
        return True
    return extent.first is not None and extent.last is not None and span.meets(extent.first, extent.last)
