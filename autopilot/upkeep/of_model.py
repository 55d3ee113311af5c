"""One model's rows: its decisions first, so that windows which they alone named are free; then its windows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from autopilot.upkeep.amounts import Amounts
from checkpoints.ledger.book import PostgresLedger
from checkpoints.ledger.upkeep import Kind, Sum
from graph.model import Json
from graph.policy import retention
from graph.policy.retention import Bounds, Check, Fold, Retention, Span, Window

Merge = Callable[[Sequence[Json]], Json | None]
"""Stored counts, oldest first → their sum, or None for counts that are no business of ours."""

AT_ONCE = 1000
"""Checks of a model that one call looks at."""
_DOCUMENTS = 200
"""Decisions that one statement rewrites."""
_ALL = 10**9


@dataclass(frozen=True)
class ModelUpkeep:
    """Tends one model. With `dry` it only counts, in `done`, what it would do."""

    book: PostgresLedger
    keep: Retention
    model: str
    now: datetime
    merge: Merge
    done: Amounts
    dry: bool = False

    def tend(self) -> bool:
        """Do what is due. False when there is more of it than one call does."""
        folding, all_sorted = self._sort()
        self._tend_windows(folding)
        return self._forget() and all_sorted

    @property
    def _most(self) -> int:
        return _ALL if self.dry else AT_ONCE

    # --- decisions ---

    def _sort(self) -> tuple[list[str], bool]:
        """Say which checks keep what they measured. Return those that lose it, and whether these were all."""
        rows = self.book.upkeep.not_sorted(self.model, self.now - self.keep.detail, self._most)
        lose: list[str] = []
        whole: list[str] = []
        for row in rows:
            before = Check("", row["at"], row["verdict_before"], row["action_before"]) if row["follows"] else None
            keeps = retention.whole(_check(row), before)
            (whole if keeps else lose).append(str(row["run"]))
            self.done.add("decisions_kept_whole" if keeps else "decisions_folded", 1, row["bytes"])
        if not self.dry:
            self.book.upkeep.keep_whole(whole)
            for at in range(0, len(lose), _DOCUMENTS):
                self.book.upkeep.keep_by_reference(lose[at : at + _DOCUMENTS], self.now)
        return lose, len(rows) < self._most

    def _forget(self) -> bool:
        """Drop old checks that did nothing. Return whether these were all."""
        rows = self.book.upkeep.old_checks(self.model, self.now - self.keep.decisions, self._most)
        gone = [str(row["run"]) for row in rows if retention.forgotten(_check(row), self.keep, self.now)]
        if not self.dry and gone:
            self.book.upkeep.forget(gone)
        self.done.add("checks_dropped", len(gone))
        return len(rows) < self._most or not gone

    # --- windows ---

    def _tend_windows(self, folding: Sequence[str]) -> None:
        before, dropped_before = self.now - self.keep.detail, self.now - self.keep.counts
        held = self.book.upkeep.windows(self.model)
        old = [window for found in held.values() for window, _ in found if window.end <= before]
        aged = self.book.upkeep.old_sums(self.model, dropped_before)
        if not old and not aged:
            return
        bounds = self.book.upkeep.bounds(self.model, folding)
        first = min((retention.midnight(window.start) for window in old), default=before)
        sums = self.book.upkeep.sums(self.model, first, before)
        for kind, found in held.items():
            within = bounds.get(kind.source, bounds[""])
            gone = self._drop_windows(kind, found, within, dropped_before)
            left = [(window, size) for window, size in found if window not in gone]
            self._fold(kind, left, sums.get(kind, []), within, before)
        for kind, spans in aged.items():
            self._drop_sums(kind, spans, bounds.get(kind.source, bounds[""]), dropped_before)

    @cached_property
    def _standing(self) -> frozenset[str]:
        return self.book.upkeep.standing(self.model)

    def _drop_windows(
        self, kind: Kind, found: Sequence[tuple[Window, int]], bounds: Bounds, before: datetime
    ) -> list[Window]:
        old = [each for each in found if self._outlived((each[0].start, each[0].end), kind, bounds, before)]
        if old and not self.dry:
            self.book.upkeep.drop_windows(kind, [window.start for window, _ in old])
        self.done.add("windows_dropped", len(old), sum(size for _, size in old))
        return [window for window, _ in old]

    def _drop_sums(self, kind: Kind, spans: Sequence[tuple[Span, int]], bounds: Bounds, before: datetime) -> None:
        old = [each for each in spans if self._outlived(each[0], kind, bounds, before)]
        if old and not self.dry:
            self.book.upkeep.drop_sums(kind, [span[0] for span, _ in old])
        self.done.add("windows_dropped", len(old), sum(size for _, size in old))

    def _outlived(self, span: Span, kind: Kind, bounds: Bounds, before: datetime) -> bool:
        return retention.outlived(span, kind.version, bounds, self._standing, before)

    def _fold(
        self, kind: Kind, found: Sequence[tuple[Window, int]], sums: Sequence[Sum], bounds: Bounds, before: datetime
    ) -> None:
        sizes = {window: size for window, size in found}
        folds, twice = retention.folds([*sizes], [each.folded for each in sums], bounds, before)
        for fold in folds:
            if self.dry or self._fold_one(kind, fold, sums):
                self.done.add("windows_folded", len(fold.windows), sum(sizes[each] for each in fold.windows))
        if twice and not self.dry:
            self.book.upkeep.drop_windows(kind, [window.start for window in twice])
        self.done.add("windows_folded", len(twice), sum(sizes[each] for each in twice))

    def _fold_one(self, kind: Kind, fold: Fold, sums: Sequence[Sum]) -> bool:
        """Put one sum in the place of its windows. False where their counts are not ours, or changed meanwhile."""
        onto = next((each for each in sums if fold.onto and each.folded.start == fold.start), None)
        counts = self.book.upkeep.counts(kind, fold.windows)
        merged = self.merge([*([onto.counts] if onto else []), *counts])
        if merged is None:
            return False
        parts = frozenset((window.start, window.end) for window in fold.windows)
        return self.book.upkeep.fold(kind, fold, merged, parts | (onto.folded.parts if onto else frozenset()), self.now)


def _check(row: dict[str, Any]) -> Check:
    names = ("at", "verdict", "action", "acted", "referred")
    return Check(str(row["run"]), **{name: row[name] for name in names}, newest=row.get("newest", False))
