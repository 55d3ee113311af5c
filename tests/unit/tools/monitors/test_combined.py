"""Several monitors of one model: what each measured stands side by side, and one that is away hides nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from graph.errors import AutopilotError, Misconfigured, Unavailable
from graph.evidence import Evidence, LookBack, Reading, Unanswered
from graph.model import Holdout
from graph.ports import Monitor
from tests.unit.graph.policy.builders import NOW, QUIET
from tools.monitors.combined import CombinedMonitor, Part

HOUR = timedelta(hours=1)
READING = Reading("accuracy", "avg(accuracy)", "degraded", "unknown", 0.95, NOW, below=0.9)
VALUES = Evidence("fraud", None, NOW, "http://prometheus:9090", NOW - HOUR, NOW, 0, 0, 0.0, logged=False)
PROMETHEUS = replace(VALUES, readings=(READING,), queries=("avg(accuracy)",), notes=("a warning",))
TABLE = replace(
    VALUES, source="metrics", start=NOW - 2 * HOUR, readings=(replace(READING, name="drift"),), queries=("metrics",)
)
ROWS = replace(QUIET, queries=("day.parquet",), notes=("a note",))


class Says:
    """Port Monitor. Says one thing, or raises it."""

    def __init__(self, said: Evidence | AutopilotError) -> None:
        self.said = said

    def measure(self, champion: str | None, now: datetime) -> Evidence:
        if isinstance(self.said, AutopilotError):
            raise self.said
        return replace(self.said, champion=champion, as_of=now)

    def look_back(self, start: datetime, now: datetime) -> LookBack | None:
        return LookBack(start, now, 7, 0, ())

    def holdout(
        self, start: datetime, end: datetime, now: datetime, exclude: Sequence[tuple[datetime, datetime]], to: Path
    ) -> Holdout:
        return Holdout(str(to), "digest", 1, 1, start, end)


def combined(**said: Evidence | AutopilotError) -> CombinedMonitor:
    """Return a monitor of these; the one called `log` has rows."""
    return CombinedMonitor("fraud", [Part(name, _monitor(each), name == "log") for name, each in said.items()])


def _monitor(said: Evidence | AutopilotError) -> Monitor:
    return Says(said)


def test_rows_and_values_stand_side_by_side():
    found = combined(prometheus=PROMETHEUS, table=TABLE, log=ROWS).measure("3", NOW)
    assert found == replace(
        ROWS,
        source="predictions/*.parquet, http://prometheus:9090, metrics",
        queries=("day.parquet", "avg(accuracy)", "metrics"),
        notes=("a note", "a warning"),
        readings=(READING, replace(READING, name="drift")),
    )


def test_values_of_several_monitors_cover_the_widest_stretch():
    found = combined(prometheus=PROMETHEUS, table=TABLE).measure("3", NOW)
    assert (found.logged, found.start, found.end) == (False, NOW - 2 * HOUR, NOW)


def test_one_alone_is_what_it_is():
    assert combined(log=ROWS).measure("3", NOW) == ROWS


def test_one_that_does_not_answer_is_named():
    away = Unavailable("cannot be reached", "check the network")
    found = combined(prometheus=away, log=ROWS).measure("3", NOW)
    assert found == replace(ROWS, unanswered=(Unanswered("prometheus", "cannot be reached"),))
    found = combined(prometheus=PROMETHEUS, log=away).measure("3", NOW)
    assert (found.logged, found.unanswered) == (False, (Unanswered("log", "cannot be reached"),))
    assert found.readings == (READING,)


def test_when_none_answers_there_is_no_evidence():
    with pytest.raises(Unavailable, match="fraud: no monitor answered: one; two"):
        combined(prometheus=Unavailable("two"), log=Unavailable("one")).measure("3", NOW)


def test_what_a_person_must_correct_stops_the_check():
    with pytest.raises(Misconfigured, match="bad query"):
        combined(prometheus=Misconfigured("bad query"), log=ROWS).measure("3", NOW)


def test_two_values_of_one_name_are_not_told_apart():
    with pytest.raises(Misconfigured, match="accuracy is read by two monitors"):
        combined(prometheus=PROMETHEUS, other=PROMETHEUS).measure("3", NOW)


def test_two_logs_or_two_monitors_of_one_name_are_refused():
    with pytest.raises(Misconfigured, match="one and two both read rows"):
        CombinedMonitor("fraud", [Part("one", Says(ROWS), True), Part("two", Says(ROWS), True)])
    with pytest.raises(Misconfigured, match="two monitors are called one"):
        CombinedMonitor("fraud", [Part("one", Says(ROWS), True), Part("one", Says(VALUES), False)])


def test_rows_to_judge_on_come_from_the_log(tmp_path: Path):
    to = tmp_path / "holdout.parquet"
    assert combined(prometheus=PROMETHEUS, log=ROWS).holdout(NOW - HOUR, NOW, NOW, [], to).rows == 1
    with pytest.raises(Misconfigured, match="fraud: what it is watched by has no rows"):
        combined(prometheus=PROMETHEUS, table=TABLE).holdout(NOW - HOUR, NOW, NOW, [], to)
