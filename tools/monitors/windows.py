"""Window counts in the store: recalled while what they were read from is unchanged, replaced otherwise."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from graph.codec import digest, dump, load
from graph.evidence import WindowRef
from graph.ports import StoredWindow, WindowStore
from tools.monitors.spans import Span, span

_FORMAT = 1
"""Of stored counts: part of every stamp, so that counts of another form are read again instead of misread."""


class Counted(Protocol):
    """Counts that know how many rows they were made from."""

    @property
    def rows(self) -> int:
        """Return the number of rows."""


Counts = TypeVar("Counts", bound=Counted)


@dataclass(frozen=True, slots=True)
class Key:
    """Which windows: of one model and version, counted with one profile, from one source."""

    model: str
    version: str
    profile: str
    source: str


@dataclass(frozen=True, slots=True)
class Window(Generic[Counts]):
    """One bucket's counts, and what they were read from."""

    span: Span
    counts: Counts
    stamp: str
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Kept(Generic[Counts]):
    """Counts as the store holds them."""

    span: Span
    counts: Counts
    ref: WindowRef


def stamp(*parts: Iterable[str]) -> str:
    """Return one short text that changes when any of the parts does."""
    return digest([_FORMAT, *(list(part) for part in parts)])


def recall(
    store: WindowStore, key: Key, kind: type[Counts], stamps: Mapping[Span, str], closed: Mapping[Span, bool]
) -> dict[Span, Window[Counts]]:
    """Return the stored windows of the stamped spans whose stamp is unchanged."""
    return {
        found: Window(found, load(kind, each.counts), each.stamp, each.closed)
        for each in stored(store, key, list(stamps))
        if stamps.get(found := span(each.start, each.end)) == each.stamp and closed[found] == each.closed
    }


def keep(store: WindowStore, key: Key, windows: Sequence[Window[Counts]]) -> list[Kept[Counts]]:
    """Store the windows and return them with revision and quarantine flag."""
    before = {span(each.start, each.end): each for each in stored(store, key, [window.span for window in windows])}
    result = []
    for window in windows:
        held = before.get(window.span)
        if held is None or held.stamp != window.stamp or held.closed != window.closed:
            held = store.save_window(_stored(key, window))
        result.append(Kept(window.span, window.counts, _reference(held, window.counts.rows)))
    return result


def stored(store: WindowStore, key: Key, spans: Sequence[Span]) -> Sequence[StoredWindow]:
    """Return what the store holds from the first of the spans to the last."""
    if not spans:
        return ()
    start, end = min(spans).starts_at, max(spans).ends_at
    return store.windows(key.model, key.version, key.profile, key.source, start, end)


def _stored(key: Key, window: Window[Counts]) -> StoredWindow:
    return StoredWindow(
        model=key.model,
        version=key.version,
        profile=key.profile,
        source=key.source,
        start=window.span.starts_at,
        end=window.span.ends_at,
        counts=dump(window.counts),
        closed=window.closed,
        stamp=window.stamp,
    )


def _reference(held: StoredWindow, rows: int) -> WindowRef:
    return WindowRef(held.source, held.start, held.end, held.revision, rows, held.quarantined)
