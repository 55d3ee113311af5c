"""Carries runs on: what was answered at once, what trains or waits now and then, and what alerts ask for."""

from collections.abc import Callable
from datetime import datetime, timedelta

from autopilot.desk import Desk
from autopilot.view import Row
from graph.errors import AutopilotError

TRAINING_EVERY = timedelta(seconds=15)
WAITING_EVERY = timedelta(seconds=60)
"""Each look at what waits reads the challenger's files again."""
ALERTS_APART = timedelta(seconds=60)
"""An alert that fires without end asks for one check a minute and no more."""
_LONGEST_PAUSE = timedelta(minutes=10)


class Carrier:
    """One of a process. Another process may carry the same runs on: the run's lock lets one at a time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._next: dict[str, datetime] = {}
        self._failures: dict[str, int] = {}

    def turn(self, ended: Callable[[], bool]) -> None:
        """Carry on what is due, stopping between two runs once `ended`."""
        self._look_at_alerts()
        ready = self._desk.office.book.runs.ready()
        self._forget({str(row["run"]) for row in ready})
        for row in ready:
            if ended():
                return
            if self._due(row):
                self._carry_on(row)

    def _due(self, row: Row) -> bool:
        due = self._next.get(str(row["run"]))
        return due is None or self._desk.clock.now() >= due

    def _carry_on(self, row: Row) -> None:
        """Carry one run on. Its error is the run's, in its row; it is tried again, less and less often."""
        run = str(row["run"])
        try:
            self._desk.office.engine.carry_on(run)
        except AutopilotError:
            self._failures[run] = self._failures.get(run, 0) + 1
            pause = min(timedelta(seconds=15.0 * 2 ** min(self._failures[run], 8)), _LONGEST_PAUSE)
        else:
            self._failures.pop(run, None)
            pause = self._pause(run)
        self._next[run] = self._desk.clock.now() + pause

    def _pause(self, run: str) -> timedelta:
        status = self._desk.office.book.runs.row(run)["status"]
        return TRAINING_EVERY if status == "training" else WAITING_EVERY

    def wake(self) -> None:
        """Look at every run that somebody may have answered, without waiting for its turn."""
        for row in self._desk.office.book.runs.ready():
            if row["approval"] not in (None, "pending"):
                self._next.pop(str(row["run"]), None)
                self._failures.pop(str(row["run"]), None)

    def _forget(self, open_runs: set[str]) -> None:
        for run in {*self._next, *self._failures} - open_runs:
            self._next.pop(run, None)
            self._failures.pop(run, None)

    def _look_at_alerts(self) -> None:
        """Have each model checked that an alert names, once for all of its alerts."""
        book, now = self._desk.office.book, self._desk.clock.now()
        for row in book.alerts.waiting():
            model, latest = row["model"], book.runs.latest(row["model"])
            if model not in self._desk.office.file.models or (latest and now - latest["started_at"] < ALERTS_APART):
                continue
            book.alerts.taken(model, self._desk.office.engine.request(model), now)
