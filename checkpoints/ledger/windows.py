"""Profiles, window counts and quarantines."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.types.json import Jsonb

from checkpoints.database import Database, Row
from checkpoints.queries import query
from graph.evidence import WindowRef
from graph.model import Json
from graph.ports import StoredWindow


class Windows:
    """Implements the WindowStore port, and keeps the flags that take rows out of evidence and training."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def profile(self, model: str, version: str) -> Json | None:
        """Return the sealed profile of a model version, if one was stored."""
        row = self._database.row(query("windows", "profile"), model=model, version=version)
        return row["document"] if row else None

    def save_profile(self, model: str, version: str, profile: Json) -> None:
        """Store a profile once; the first one of a version stays."""
        self._database.execute(query("windows", "save_profile"), model=model, version=version, document=Jsonb(profile))

    def windows(
        self, model: str, version: str, profile: str, source: str, start: datetime, end: datetime
    ) -> Sequence[StoredWindow]:
        """Return the stored windows inside [start, end), oldest first."""
        named = {"model": model, "version": version, "profile": profile, "source": source}
        rows = self._database.rows(query("windows", "windows"), **named, start=start, end=end)
        return [_window(row) for row in rows]

    def newest(
        self, model: str, version: str, profile: str, source: str, start: datetime, end: datetime, most: int
    ) -> Sequence[StoredWindow]:
        """Return of the closed windows inside [start, end) that are not quarantined the last `most`, oldest first."""
        named = {"model": model, "version": version, "profile": profile, "source": source}
        rows = self._database.rows(query("windows", "newest"), **named, start=start, end=end, most=most)
        return [_window(row) for row in reversed(rows)]

    def flagged(
        self, model: str, version: str, profile: str, source: str, start: datetime, end: datetime
    ) -> Sequence[tuple[datetime, datetime]]:
        """Return start and end of the quarantined windows inside [start, end), oldest first, without their counts."""
        named = {"model": model, "version": version, "profile": profile, "source": source}
        rows = self._database.rows(query("windows", "flagged"), **named, start=start, end=end)
        return [(row["starts_at"], row["ends_at"]) for row in rows]

    def save_window(self, window: StoredWindow) -> StoredWindow:
        """Insert or replace a window's counts and return it as stored."""
        self._database.execute(
            query("windows", "save_window"),
            model=window.model,
            version=window.version,
            profile=window.profile,
            source=window.source,
            start=window.start,
            end=window.end,
            closed=window.closed,
            counts=Jsonb(window.counts),
            stamp=window.stamp,
        )
        return self.windows(window.model, window.version, window.profile, window.source, window.start, window.end)[0]

    def quarantine(self, model: str, windows: Sequence[WindowRef], reason: str, by: str, now: datetime) -> None:
        """Flag the rows of windows; flagging them again changes nothing."""
        for start, end in merged([(window.start, window.end) for window in windows]):
            self._database.execute(
                query("windows", "quarantine"), model=model, start=start, end=end, reason=reason, by=by, now=now
            )

    def quarantined(self, model: str) -> Sequence[tuple[datetime, datetime]]:
        """Return the flagged intervals, merged, oldest first."""
        rows = self._database.rows(query("windows", "quarantined"), model=model)
        return merged([(row["starts_at"], row["ends_at"]) for row in rows])


def merged(intervals: Sequence[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Return the union of half-open intervals as disjoint ones, oldest first."""
    result: list[tuple[datetime, datetime]] = []
    for start, end in sorted(intervals):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def _window(row: Row) -> StoredWindow:
    return StoredWindow(
        model=row["model"],
        version=row["version"],
        profile=row["profile"],
        source=row["source"],
        start=row["starts_at"],
        end=row["ends_at"],
        counts=row["counts"],
        closed=row["closed"],
        revision=row["revision"],
        quarantined=row["quarantined"],
        stamp=row["stamp"],
    )
