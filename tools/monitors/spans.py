"""Stretches of time in whole microseconds since 1970 UTC, and the buckets in which a log is counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The half-open stretch [start, end), in microseconds."""

    start: int
    end: int

    @property
    def starts_at(self) -> datetime:
        """Return the start as a time."""
        return moment(self.start)

    @property
    def ends_at(self) -> datetime:
        """Return the end as a time."""
        return moment(self.end)

    def meets(self, first: int, last: int) -> bool:
        """Tell whether a log whose rows lie in [first, last] can have rows here."""
        return first < self.end and last >= self.start

    def overlaps(self, other: "Span") -> bool:
        """Tell whether the two share any time."""
        return self.start < other.end and other.start < self.end


def microseconds(time: datetime) -> int:
    """Return an aware time as microseconds since 1970."""
    return (time - _EPOCH) // _MICROSECOND


def moment(time: int) -> datetime:
    """Return microseconds since 1970 as a time."""
    return _EPOCH + time * _MICROSECOND


def span(start: datetime, end: datetime) -> Span:
    """Return the stretch between two aware times."""
    return Span(microseconds(start), microseconds(end))


def bucket_length(window: timedelta) -> int:
    """Return the length of the buckets a log is counted in: a day, or the window itself if that is shorter."""
    return min(window, _DAY) // _MICROSECOND


def buckets(start: int, end: int, length: int) -> list[Span]:
    """Return the buckets, aligned to 1970, that [start, end) touches."""
    first = start - start % length
    return [Span(at, at + length) for at in range(first, end, length)]


def window_length(window: timedelta) -> int:
    """Return the length of a window, rounded up to whole buckets."""
    length = bucket_length(window)
    return -(-(window // _MICROSECOND) // length) * length


def newest_buckets(window: timedelta, until: datetime) -> list[Span]:
    """Return the buckets of the last window that is over by `until`."""
    length = bucket_length(window)
    end = microseconds(until) // length * length
    return buckets(end - window_length(window), end, length)


def groups(spans: Sequence[Span], rows: Sequence[int], limit: int) -> list[list[Span]]:
    """Return the spans in runs without gaps of about `limit` rows, given how many rows each may have."""
    result: list[list[Span]] = []
    held = 0
    for each, count in zip(spans, rows, strict=True):
        if result and result[-1][-1].end == each.start and held + count <= limit:
            result[-1].append(each)
            held += count
        else:
            result.append([each])
            held = count
    return result
