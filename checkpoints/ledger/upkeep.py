"""What upkeep reads of the ledger, and the few statements by which it makes it smaller: each whole or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from checkpoints.database import Database, Row
from checkpoints.packing import pack, unpack
from checkpoints.queries import query
from graph.model import Json
from graph.policy.retention import Bounds, Fold, Folded, Span, Window


@dataclass(frozen=True, slots=True)
class Kind:
    """Windows that may be summed, as far as they are concerned: of one model, version, profile and source."""

    model: str
    version: str
    profile: str
    source: str

    @property
    def names(self) -> dict[str, str]:
        """Return the four as a query takes them."""
        return {"model": self.model, "version": self.version, "profile": self.profile, "source": self.source}


@dataclass(frozen=True, slots=True)
class Sum:
    """One stored sum with its counts."""

    folded: Folded
    counts: Json


class Upkeep:
    """Rows that may be folded or dropped. What may be is for graph.policy.retention to say."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, before: datetime, now: datetime, most: int) -> list[str]:
        """Return models that nobody has tended since `before`, those first that waited longest."""
        rows = self._database.rows(query("upkeep", "due"), before=before, now=now, limit=most)
        return [row["model"] for row in rows]

    def tended(self, model: str, now: datetime) -> None:
        """Say that there is nothing more to do for a model now."""
        self._database.execute(query("upkeep", "tended"), model=model, now=now)

    # --- decisions ---

    def not_sorted(self, model: str, before: datetime, most: int) -> list[Row]:
        """Return ended checks up to `before` that have all they measured, each with what the one before said."""
        return self._database.rows(query("upkeep", "not_sorted"), model=model, before=before, limit=most)

    def keep_whole(self, runs: Sequence[str]) -> None:
        """Leave these decisions as they are for good."""
        self._database.execute(query("upkeep", "keep_whole"), runs=list(runs))

    def keep_by_reference(self, runs: Sequence[str], now: datetime) -> int:
        """Leave verdict, rules and values of these decisions, without what was measured. Return how many."""
        found = self._database.rows(query("upkeep", "documents"), runs=list(runs))
        return self._database.execute(
            query("upkeep", "keep_by_reference"),
            runs=[row["run"] for row in found],
            packed=[pack(row["document"]) for row in found],
            now=now,
        )

    def old_checks(self, model: str, before: datetime, most: int) -> list[Row]:
        """Return ended checks up to `before` that did nothing."""
        return self._database.rows(query("upkeep", "old_checks"), model=model, before=before, limit=most)

    def forget(self, runs: Sequence[str]) -> int:
        """Delete these checks with all that belongs to them alone. Return how many."""
        return self._database.execute(query("upkeep", "forget"), runs=list(runs))

    # --- windows ---

    def windows(self, model: str) -> dict[Kind, list[tuple[Window, int]]]:
        """Return the stored windows of a model by kind, oldest first, each with the bytes of its counts."""
        found: dict[Kind, list[tuple[Window, int]]] = {}
        for row in self._database.rows(query("upkeep", "windows"), model=model):
            window = Window(row["starts_at"], row["ends_at"], row["revision"], row["closed"])
            found.setdefault(_kind(model, row), []).append((window, row["bytes"]))
        return found

    def sums(self, model: str, since: datetime, until: datetime) -> dict[Kind, list[Sum]]:
        """Return the sums of a model that begin in [since, until), by kind, oldest first."""
        found: dict[Kind, list[Sum]] = {}
        for row in self._database.rows(query("upkeep", "sums"), model=model, since=since, until=until):
            held = unpack(row["packed"])
            folded = Folded(row["starts_at"], row["ends_at"], frozenset(_span(part) for part in held["parts"]))
            found.setdefault(_kind(model, row), []).append(Sum(folded, held["counts"]))
        return found

    def old_sums(self, model: str, before: datetime) -> dict[Kind, list[tuple[Span, int]]]:
        """Return the sums of a model that end by `before`, by kind, oldest first, each with its bytes."""
        found: dict[Kind, list[tuple[Span, int]]] = {}
        for row in self._database.rows(query("upkeep", "old_sums"), model=model, before=before):
            found.setdefault(_kind(model, row), []).append(((row["starts_at"], row["ends_at"]), row["bytes"]))
        return found

    def bounds(self, model: str, folding: Sequence[str]) -> dict[str, Bounds]:
        """Return what may not be touched, by source; "" holds for a source that no decision names.

        `folding`: decisions that are about to lose their evidence, where that is only thought of.
        """
        flags = tuple(
            (row["starts_at"], row["ends_at"]) for row in self._database.rows(query("upkeep", "flags"), model=model)
        )
        since = self._database.row(query("upkeep", "open_since"), model=model)
        named: dict[str, set[Span]] = {"": set()}
        for row in self._database.rows(query("upkeep", "referred"), model=model, folding=list(folding)):
            named.setdefault(row["source"], set()).add((row["starts_at"], row["ends_at"]))
        open_since = since["since"] if since else None
        return {source: Bounds(flags, open_since, frozenset(spans)) for source, spans in named.items()}

    def standing(self, model: str) -> frozenset[str]:
        """Return the versions that serve, served before, or were approved first, whichever entry watches them."""
        rows = self._database.rows(query("upkeep", "standing"), model=model)
        return frozenset(row["version"] for row in rows if row["version"])

    def counts(self, kind: Kind, windows: Sequence[Window]) -> list[Json]:
        """Return the counts of windows, oldest first."""
        starts = [window.start for window in windows]
        rows = self._database.rows(query("upkeep", "counts"), **kind.names, starts=starts)
        return [row["counts"] for row in rows]

    def fold(self, kind: Kind, fold: Fold, counts: Json, parts: frozenset[Span], now: datetime) -> bool:
        """Put a sum in the place of its windows; `parts`: all that are in it. False if one changed meanwhile."""
        written = {"counts": counts, "parts": [[start.isoformat(), end.isoformat()] for start, end in sorted(parts)]}
        stored = self._database.execute(
            query("upkeep", "fold"),
            **kind.names,
            start=fold.start,
            end=fold.end,
            starts=[window.start for window in fold.windows],
            revisions=[window.revision for window in fold.windows],
            packed=pack(written),
            now=now,
        )
        return stored == 1

    def drop_windows(self, kind: Kind, starts: Sequence[datetime]) -> int:
        """Delete windows. Return how many."""
        return self._database.execute(query("upkeep", "drop_windows"), **kind.names, starts=list(starts))

    def drop_sums(self, kind: Kind, starts: Sequence[datetime]) -> int:
        """Delete sums. Return how many."""
        return self._database.execute(query("upkeep", "drop_sums"), **kind.names, starts=list(starts))

    # --- slots, incidents ---

    def old_grants(self, before: datetime) -> list[str]:
        """Return the ended runs that were given a slot by `before`."""
        return [str(row["run"]) for row in self._database.rows(query("upkeep", "old_grants"), before=before)]

    def forget_grants(self, runs: Sequence[str]) -> None:
        """Delete what says that these runs were given a slot."""
        self._database.execute(query("upkeep", "forget_grants"), runs=list(runs))

    def old_incidents(self, before: datetime) -> list[int]:
        """Return the incidents that were over by `before`."""
        return [row["id"] for row in self._database.rows(query("upkeep", "old_incidents"), before=before)]

    def forget_incidents(self, incidents: Sequence[int]) -> None:
        """Delete these incidents. Their questions and the answers to them stay."""
        self._database.execute(query("upkeep", "forget_incidents"), incidents=list(incidents))

    # --- threads, files, lines ---

    def ended_threads(self, before: datetime, most: int) -> list[tuple[str, str]]:
        """Return run and model of runs that ended by `before` and still have their thread."""
        rows = self._database.rows(query("upkeep", "ended_threads"), before=before, limit=most)
        return [(str(row["run"]), row["model"]) for row in rows]

    def size_of_threads(self, threads: Sequence[str]) -> int:
        """Return the bytes of these threads' rows."""
        row = self._database.row(query("upkeep", "size_of_threads"), threads=list(threads))
        return int(row["bytes"]) if row else 0

    def drop_threads(self, runs: Sequence[str], threads: Sequence[str], now: datetime) -> None:
        """Delete the threads of ended runs; that of a run which lives stays."""
        self._database.execute(query("upkeep", "drop_threads"), runs=list(runs), threads=list(threads), now=now)

    def ended(self, runs: Sequence[str], before: datetime) -> set[str]:
        """Return which of these runs ended by `before`."""
        rows = self._database.rows(query("upkeep", "ended"), runs=list(runs), before=before)
        return {str(row["run"]) for row in rows}

    def old_lines(self, before: datetime) -> tuple[int, int]:
        """Return number and bytes of what was said by itself, such as digests, and sent by `before`."""
        row = self._database.row(query("upkeep", "old_lines"), before=before)
        return (int(row["rows"]), int(row["bytes"])) if row else (0, 0)

    def forget_lines(self, before: datetime) -> None:
        """Delete them."""
        self._database.execute(query("upkeep", "forget_lines"), before=before)


def _kind(model: str, row: Row) -> Kind:
    return Kind(model, row["version"], row["profile"], row["source"])


def _span(part: Sequence[str]) -> Span:
    return datetime.fromisoformat(part[0]), datetime.fromisoformat(part[1])
