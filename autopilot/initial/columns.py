"""From a prediction log to a model's entry: what its columns mean, asked for only where that cannot be seen."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from autopilot import words
from autopilot.initial import labels, periods
from autopilot.initial.asking import Asker
from autopilot.initial.draft import Draft, Proposal
from graph.errors import Misconfigured
from tools.monitors import guesses
from tools.monitors.inspection import Inspection, inspect, reach


def propose(asker: Asker, log: str, model: str, person: str, folder: Path) -> Proposal:
    """Return the entry for the log at `log`, a file, folder or glob. `folder` is where the file will lie."""
    seen = inspect(model, (log,))
    draft = Draft(asker, log)
    draft.settle("source", written(log, folder), f"one row per prediction; {words.count(len(seen.files), 'file')} now")
    time = _columns(draft, seen)
    extent = reach(seen, time)
    if extent.first is None or extent.last is None:
        raise Misconfigured(f"{log}: no row has a time in column {time}", "write when each row was scored")
    if extent.naive:
        draft.remark("timestamp", "its times carry no zone and are taken as UTC")
    first, last = _moment(extent.first), _moment(extent.last)
    labels.settle(draft, seen, lambda path: written(path, folder))
    _features(draft, seen)
    periods.settle(draft, first, last, extent.rows)
    command = asker.tell("The command that trains, as you would type it", "python train.py")
    draft.settle("command", command.split(), "your training script", check=command == "python train.py")
    rows = f"{words.count(extent.rows, 'row')} of {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    return Proposal(model, person, f"Proposed by `autopilot init` from {rows}.", tuple(draft.choices))


def written(source: str, folder: Path) -> str:
    """Return a path as the file names it: relative to the file where it lies below it."""
    whole = Path(source).absolute()
    return os.path.relpath(whole, folder) if whole.is_relative_to(folder) else str(whole)


def _moment(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def _columns(draft: Draft, seen: Inspection) -> str:
    """Settle id, time, version and score; return the time's column."""
    columns = seen.columns
    found = guesses.identifier(columns)
    draft.column("id", found, "Which column is different in every row?")
    found = guesses.timestamp(columns)
    hint = "write when each row was scored: a timestamp, or text like 2026-01-31T12:00:00Z"
    time = draft.column("timestamp", found, "When was a row scored?", hint)
    found = guesses.version(columns)
    draft.column("version", found, "Which model version served a row?")
    found = guesses.score(columns)
    hint = "log the model's probability, a number from 0 to 1, in each row; a regression's entry is written by hand"
    draft.column("prediction", found, "Which column is the model's score?", hint)
    return str(time)


def _features(draft: Draft, seen: Inspection) -> None:
    """Take all other columns that can be features; say why the rest cannot."""
    taken = {draft.value(name) for name in ("id", "timestamp", "version", "prediction")}
    if not draft.value("labels.source"):
        taken |= {draft.value(name) for name in ("labels.label", "labels.timestamp")}
    kept, left = guesses.features(seen.columns, taken)
    if not kept:
        raise Misconfigured(
            f"{draft.source}: no column is left that could be a feature", "log the model's features too"
        )
    because = "all other columns" + (f", without {', '.join(left)}" if left else "")
    draft.settle("features", kept, because, check=True)
