"""What a worker does, one turn of it, without one: the test says when."""

from collections.abc import Callable

from autopilot.desk import Desk
from autopilot.fleet.acting import carry_on
from autopilot.fleet.planner import look_at_alerts
from autopilot.fleet.queues import APPROVALS


class Carrier:
    """Carries on every open run that waits for nobody's turn."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def turn(self, ended: Callable[[], bool]) -> None:
        """Look at alerts, then at each open run once, stopping between two of them once `ended`."""
        look_at_alerts(self._desk)
        for row in self._desk.office.book.runs.ready():
            if ended():
                return
            carry_on(self._desk, APPROVALS, str(row["run"]), 0)
