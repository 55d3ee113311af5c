"""What upkeep may fold and drop: nothing that somebody may still ask for, and never two kinds of rows into one sum."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

Span = tuple[datetime, datetime]
"""Half-open."""

NEWEST = 400
"""Closed windows of a kind that stay as they are whatever their age: what a check follows, and looks back over."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is kept."""

    detail: timedelta = timedelta(days=14)
    """What checks that changed nothing measured, and windows shorter than a day."""
    counts: timedelta = timedelta(days=400)
    decisions: timedelta = timedelta(days=400)
    """Checks that did nothing; what acted is never dropped. Also granted slots and closed incidents."""
    threads: timedelta = timedelta(days=30)
    files: timedelta = timedelta(days=1)
    jobs: timedelta = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Check:
    """One ended check, as far as it matters for keeping it."""

    run: str
    at: datetime
    verdict: str | None
    action: str | None
    acted: bool = False
    """It trained, asked for an approval or moved something; in shadow mode nothing does."""
    referred: bool = False
    """A question, a validation, an approval or an effect names it."""
    newest: bool = False
    """What is known of the model now."""


@dataclass(frozen=True, slots=True)
class Window:
    """One stored window of a kind: of one model, version, profile and source."""

    start: datetime
    end: datetime
    revision: int
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Folded:
    """One stored sum, and the windows in it."""

    start: datetime
    end: datetime
    parts: frozenset[Span]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What may not be touched, or not be crossed, among a model's windows."""

    flags: tuple[Span, ...] = ()
    """Every interval that was ever set aside, also those that were taken back."""
    open_since: datetime | None = None
    """From here on an open question or a run under way may still need every window."""
    referred: frozenset[Span] = frozenset()
    """Windows that a decision which still has its evidence names."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Windows to be summed, oldest first: to a new sum over `[start, end)`, or onto the one that starts there."""

    start: datetime
    end: datetime
    windows: tuple[Window, ...]
    onto: bool = False


def whole(check: Check, before: Check | None) -> bool:
    """Tell whether a decision keeps its evidence: the first, one that acted or is named, one with news."""
    if before is None or check.acted or check.referred:
        return True
    return (check.verdict, check.action) != (before.verdict, before.action)


def forgotten(check: Check, keep: Retention, now: datetime) -> bool:
    """Tell whether a check is dropped altogether."""
    return check.at <= now - keep.decisions and not (check.acted or check.referred or check.newest)


def outlived(span: Span, version: str, bounds: Bounds, standing: frozenset[str], before: datetime) -> bool:
    """Tell whether counts over a span are dropped. Those of versions that serve, or may serve again, stay."""
    if version in standing or span in bounds.referred:
        return False
    return span[1] <= before and not _open(span[1], bounds)


def folds(
    windows: Sequence[Window], folded: Iterable[Folded], bounds: Bounds, before: datetime
) -> tuple[list[Fold], list[Window]]:
    """Return what to sum among the windows of one kind, oldest first, and which are counted in a sum already.

    Whole days only, that ended by `before`; never across the edge of a flag.
    """
    sums = list(folded)
    made: list[Fold] = []
    twice: list[Window] = []
    for day in _days(windows, bounds, before):
        fresh = [each for each in day if (each.start, each.end) not in bounds.referred]
        twice += [each for each in fresh if any((each.start, each.end) in one.parts for one in sums)]
        made += _segments([each for each in fresh if each not in twice], sums, bounds.flags)
    return made, twice


def _days(windows: Sequence[Window], bounds: Bounds, before: datetime) -> Iterator[list[Window]]:
    """Yield the days of which every window may go."""
    closed = [each for each in windows if each.closed and not _flags(each.start, each.end, bounds.flags)]
    stays = {each.start for each in closed[-NEWEST:]} | {each.start for each in windows if not each.closed}
    for start, found in groupby(windows, lambda each: midnight(each.start)):
        day, end = list(found), start + _DAY
        if end <= before and not _open(end, bounds) and not any(each.start in stays for each in day):
            short = [each for each in day if each.end - each.start < _DAY]
            if short:
                yield short


def _segments(day: Sequence[Window], sums: Sequence[Folded], flags: Sequence[Span]) -> Iterator[Fold]:
    def place(window: Window) -> tuple[frozenset[Span], Folded | None]:
        around = (one for one in sums if one.start <= window.start and window.end <= one.end)
        return _flags(window.start, window.end, flags), next(around, None)

    for (lying, one), found in groupby(day, place):
        some = tuple(found)
        if one is None:
            yield Fold(some[0].start, some[-1].end, some)
        elif _flags(one.start, one.end, flags) == lying:
            yield Fold(one.start, one.end, some, onto=True)


def _flags(start: datetime, end: datetime, flags: Iterable[Span]) -> frozenset[Span]:
    return frozenset(flag for flag in flags if flag[0] < end and flag[1] > start)


def _open(end: datetime, bounds: Bounds) -> bool:
    return bounds.open_since is not None and end > bounds.open_since


def midnight(time: datetime) -> datetime:
    """Return the beginning of a moment's day, in UTC."""
    return time.replace(hour=0, minute=0, second=0, microsecond=0)
