"""The window store in memory: what the ledger keeps of profiles, counts and quarantines."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from graph.evidence import WindowRef
from graph.model import Json
from graph.ports import StoredWindow


class FakeWindows:
    """Port WindowStore. `saves` counts the windows that were written, `reads` the questions asked."""

    def __init__(self) -> None:
        self.profiles: dict[tuple[str, str], Json] = {}
        self.saves = 0
        self.reads = 0
        self._windows: dict[tuple[str, str, str, str, datetime, datetime], StoredWindow] = {}
        self._flagged: list[tuple[str, datetime, datetime]] = []

    def profile(self, model: str, version: str) -> Json | None:
        return self.profiles.get((model, version))

    def save_profile(self, model: str, version: str, profile: Json) -> None:
        self.profiles.setdefault((model, version), profile)

    def windows(
        self, model: str, version: str, profile: str, source: str, start: datetime, end: datetime
    ) -> Sequence[StoredWindow]:
        self.reads += 1
        wanted = (model, version, profile, source)
        found = [each for key, each in self._windows.items() if key[:4] == wanted and start <= key[4] and key[5] <= end]
        return [self._with_flag(each) for each in sorted(found, key=lambda each: each.start)]

    def newest(
        self, model: str, version: str, profile: str, source: str, start: datetime, end: datetime, most: int
    ) -> Sequence[StoredWindow]:
        found = self.windows(model, version, profile, source, start, end)
        return [each for each in found if each.closed and not each.quarantined][-most:]

    def flagged(
        self, model: str, version: str, profile: str, source: str, start: datetime, end: datetime
    ) -> Sequence[tuple[datetime, datetime]]:
        found = self.windows(model, version, profile, source, start, end)
        return [(each.start, each.end) for each in found if each.quarantined]

    def save_window(self, window: StoredWindow) -> StoredWindow:
        self.saves += 1
        key = (window.model, window.version, window.profile, window.source, window.start, window.end)
        before = self._windows.get(key)
        revision = 1 if before is None else before.revision + (before.counts != window.counts)
        self._windows[key] = replace(window, revision=revision)
        return self._with_flag(self._windows[key])

    def quarantine(self, model: str, windows: Sequence[WindowRef]) -> None:
        """Flag the time of these windows, as the ledger does: whatever profile or source its rows are counted for."""
        self._flagged += [(model, each.start, each.end) for each in windows]

    def lift(self, model: str) -> None:
        """Take a model's flags away."""
        self._flagged = [each for each in self._flagged if each[0] != model]

    def all(self) -> list[StoredWindow]:
        """Return everything stored, oldest first."""
        return sorted((self._with_flag(each) for each in self._windows.values()), key=lambda each: each.start)

    def _with_flag(self, window: StoredWindow) -> StoredWindow:
        flagged = any(
            model == window.model and start < window.end and window.start < end for model, start, end in self._flagged
        )
        return replace(window, quarantined=flagged)
