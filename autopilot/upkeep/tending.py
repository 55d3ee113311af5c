"""The one way in: a bounded piece of upkeep per call, safe to repeat, by any process and beside any other."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from autopilot.defects import defect
from autopilot.upkeep import files
from autopilot.upkeep.amounts import Amounts, What
from autopilot.upkeep.lock import upkeep_of
from autopilot.upkeep.of_model import Merge, ModelUpkeep
from checkpoints.database import Occupied
from checkpoints.ledger.book import PostgresLedger
from graph.errors import AutopilotError, Unavailable
from graph.model import Json
from graph.policy.retention import Retention
from graph.policy.slots import REMEMBERED

MODELS = 300
"""Tended by one call: called hourly, it comes round 7,200 models in a day."""
THREADS = 500
FOLDERS = 200
EVERY = timedelta(hours=23)
"""Between two visits to one model: its days fold one by one."""
AGAIN = timedelta(minutes=30)
"""A model that could not be tended has its next turn then, behind those that wait for longer."""
_PATIENCE_S = 0.001
_log = logging.getLogger("autopilot.upkeep")
_log.addHandler(logging.NullHandler())


def tend(
    book: PostgresLedger,
    keep: Retention,
    now: datetime,
    home: Path,
    *,
    merge: Merge | None = None,
    every: timedelta = EVERY,
    dry: bool = False,
) -> Amounts:
    """Fold and drop what is old, as far as one call goes. Return what was done, or with `dry` what would be.

    `home` is where runs and jobs have their folders. Models whose past is being read are left for the next call. What
    could not be tended holds up nothing else, and stands under `failed`: `require_tended` raises it. Unavailable where
    the database is away.
    """
    done = Amounts()
    work = Upkeep(book, keep, now, home, merge or _usual(), done, dry)
    # First what may keep a check.
    work.apart("granted slots", work.slots)
    work.models(every)
    work.apart("closed incidents", work.incidents)
    work.apart("threads of ended runs", work.threads)
    work.apart("sent messages", work.lines)
    work.apart("folders of ended runs", work.folders)
    return done


def require_tended(done: Amounts) -> None:
    """Raise what could not be tended, as one error that names it all."""
    if done.failed:
        said = "; ".join(f"{what}: {error['message']}" for what, error in done.failed.items())
        hints = dict.fromkeys(error["hint"] for error in done.failed.values() if error["hint"])
        raise AutopilotError(f"upkeep failed: {said}", "; ".join([*hints, "then: autopilot db prune"]))


def _words(error: Exception) -> Json:
    if isinstance(error, AutopilotError):
        return {"kind": error.kind, "message": error.message, "hint": error.hint}
    return defect(error)


def _usual() -> Merge:
    from tools.profile.folding import folded

    return folded


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What one call of `tend` works with."""

    book: PostgresLedger
    keep: Retention
    now: datetime
    home: Path
    merge: Merge
    done: Amounts
    dry: bool

    def models(self, every: timedelta) -> None:
        """Tend the models whose turn it is."""
        due = self.book.upkeep.due(self.now - every, self.now, 10**9 if self.dry else MODELS)
        self.done.more |= len(due) == MODELS and not self.dry
        for model in due:
            try:
                self._model(model)
            except Exception as error:
                if self.dry and isinstance(error, Unavailable):
                    raise
                # Where this cannot be written either, the database is away, and no model is to blame.
                self._later(model, every)
                self._failed(f"model {model}", error)

    def apart(self, what: str, part: Callable[[], None]) -> None:
        """Tend what is no model's. Its error holds up nothing else, unless the database is away."""
        try:
            part()
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - not hidden: it is noted, and raised once all else is tended
            self._failed(what, error)

    def _failed(self, what: str, error: Exception) -> None:
        self.done.failed[what] = found = _words(error)
        _log.error("upkeep of %s failed: %s; %s", what, found["message"], found["hint"], extra={"event": found["kind"]})

    def _later(self, model: str, every: timedelta) -> None:
        """Let a model that could not be tended not take the turns of others for ever."""
        if not self.dry:
            self.book.upkeep.tended(model, min(self.now, self.now - every + AGAIN))

    def _model(self, model: str) -> None:
        upkeep = ModelUpkeep(self.book, self.keep, model, self.now, self.merge, self.done, self.dry)
        try:
            with self.book.database.locked(upkeep_of(model), _PATIENCE_S):
                if upkeep.tend() and not self.dry:
                    self.book.upkeep.tended(model, self.now)
                else:
                    self.done.more |= not self.dry
        except Occupied:
            self.done.left.append(model)
        else:
            self.done.models += 1

    def slots(self) -> None:
        """Drop what says that a run which ended long ago was given a slot."""
        # Whatever the retention is, those of the last days count for what part of all retrains may be for nothing.
        before = self.now - max(self.keep.decisions, REMEMBERED)
        runs = self.book.upkeep.old_grants(before)
        if runs and not self.dry:
            self.book.upkeep.forget_grants(runs)
        self.done.add("slots_dropped", len(runs))

    def incidents(self) -> None:
        """Drop incidents that were over long ago."""
        over = self.book.upkeep.old_incidents(self.now - self.keep.decisions)
        if over and not self.dry:
            self.book.upkeep.forget_incidents(over)
        self.done.add("incidents_dropped", len(over))

    def threads(self) -> None:
        """Delete the checkpoints of runs that ended long ago."""
        from graph.thread import thread_id

        ended = self.book.upkeep.ended_threads(self.now - self.keep.threads, 10**9 if self.dry else THREADS)
        names = [thread_id(model, run) for run, model in ended]
        self.done.add("threads_dropped", len(names), self.book.upkeep.size_of_threads(names))
        if ended and not self.dry:
            self.book.upkeep.drop_threads([run for run, _ in ended], names, self.now)
            self.done.more |= len(ended) == THREADS

    def lines(self) -> None:
        """Drop what was said by itself long ago."""
        before = self.now - self.keep.decisions
        self.done.add("lines_dropped", *self.book.upkeep.old_lines(before))
        if not self.dry:
            self.book.upkeep.forget_lines(before)

    def folders(self) -> None:
        """Remove the folders of runs and jobs that ended, and scratch that a killed process left."""
        work, jobs = self.home / "work", self.home / "jobs"
        if work.is_dir():
            self._remove("folders_removed", self._ended(work, self.keep.files))
            self._remove("folders_removed", files.abandoned(work, self.keep.files))
        if jobs.is_dir():
            self._remove("jobs_removed", self._ended(jobs, self.keep.jobs))

    def _ended(self, room: Path, after: timedelta) -> list[Path]:
        """Return the folders of runs that the ledger knows to have ended so long ago."""
        known = files.run_folders(room)
        ended = self.book.upkeep.ended([*known], self.now - after)
        return [folder for run, folder in known.items() if run in ended]

    def _remove(self, what: What, folders: Sequence[Path]) -> None:
        gone = 0
        self.done.add(what, 0)
        for folder in folders:
            if gone == FOLDERS and not self.dry:
                self.done.more = True
                break
            size = files.size(folder)
            # One that stays, as another account's may, keeps none behind it, and is not told as gone.
            if self.dry or files.remove(folder):
                gone += 1
                self.done.add(what, 1, size)
