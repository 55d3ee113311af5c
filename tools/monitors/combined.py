"""Several monitors of one model: what each of them measured, side by side. Which of it counts is for policy to say."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from graph.errors import Misconfigured, Unavailable
from graph.evidence import Evidence, LookBack, Unanswered
from graph.model import Holdout
from graph.ports import Monitor
from tools.monitors.no_rows import no_holdout


@dataclass(frozen=True, slots=True)
class Part:
    """One of the monitors, under the name by which decisions speak of it: letters, digits and _."""

    name: str
    monitor: Monitor
    has_rows: bool
    """Whether it reads a log: then its rows are the model's, and holdouts are cut from them."""


class CombinedMonitor:
    """Implements port Monitor on several of them, of which one at most has rows.

    One that does not answer hides nothing that the others say, and is named in the evidence: it is no measurement. When
    none answers there is no evidence. A monitor that is Misconfigured stops the check: a person must act.
    """

    def __init__(self, model: str, parts: Sequence[Part]) -> None:
        names = [part.name for part in parts]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise Misconfigured(f"{model}: two monitors are called {', '.join(twice)}", "give each its own name")
        logs = [part for part in parts if part.has_rows]
        if len(logs) > 1:
            both = " and ".join(part.name for part in logs)
            raise Misconfigured(f"{model}: {both} both read rows", "a model has one prediction log; keep one of them")
        self._model = model
        # The log first: what it says of rows and windows is the model's.
        self._parts = [*logs, *(part for part in parts if not part.has_rows)]

    def measure(self, champion: str | None, now: datetime) -> Evidence:
        """Return what all of them measured as of `now`.

        Raises Unavailable when none answers, Misconfigured when one of them is.
        """
        found: list[Evidence] = []
        silent: list[Unanswered] = []
        for part in self._parts:
            try:
                found.append(part.monitor.measure(champion, now))
            except Unavailable as problem:
                silent.append(Unanswered(part.name, problem.message))
        if not found:
            said = "; ".join(each.problem for each in silent)
            raise Unavailable(f"{self._model}: no monitor answered: {said}", "check again")
        return self._together(found, silent)

    def look_back(self, start: datetime, now: datetime) -> LookBack | None:
        """Ask the monitor that has rows. None where none has."""
        first = self._parts[0] if self._parts else None
        return first.monitor.look_back(start, now) if first and first.has_rows else None

    def holdout(
        self, start: datetime, end: datetime, now: datetime, exclude: Sequence[tuple[datetime, datetime]], to: Path
    ) -> Holdout:
        """Cut the rows from the monitor that has them. Misconfigured where none has."""
        if not self._parts or not self._parts[0].has_rows:
            raise no_holdout(self._model, "what it is watched by")
        return self._parts[0].monitor.holdout(start, end, now, exclude, to)

    def _together(self, found: Sequence[Evidence], silent: Sequence[Unanswered]) -> Evidence:
        names = [reading.name for each in found for reading in each.readings]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise Misconfigured(f"{self._model}: {', '.join(twice)} is read by two monitors", "give each its own name")
        starts, ends = [e.start for e in found if e.start], [e.end for e in found if e.end]
        first = found[0]
        return replace(
            first,
            source=", ".join(each.source for each in found),
            # A log has windows of its own; values are of the widest stretch that one of them looked over.
            start=first.start if first.logged else min(starts, default=None),
            end=first.end if first.logged else max(ends, default=None),
            queries=tuple(query for each in found for query in each.queries),
            notes=tuple(note for each in found for note in each.notes),
            readings=tuple(reading for each in found for reading in each.readings),
            unanswered=tuple(silent),
        )
