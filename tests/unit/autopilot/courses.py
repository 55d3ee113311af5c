"""A model's course as the ledger keeps it: evidence that remembers windows, and what earlier checks measured."""

from dataclasses import replace
from datetime import datetime, timedelta

from graph.codec import dump
from graph.evidence import Evidence, HarmWindow, Interval, Learnable
from graph.model import Json
from tests.unit.autopilot.documents import DEGRADED, STRICT, Shelf, checked
from tests.unit.graph.policy.builders import DAY, NOW, QUIET, with_labels

FIRST = NOW.replace(hour=0, minute=0) - 22 * DAY
CHANGED = FIRST + 10 * DAY
"""Ten sound windows, then eight with harm."""


def harmed(wrong: float = 60.0, first: datetime = FIRST, length: timedelta = DAY) -> Evidence:
    """Ten sound windows, then eight with this many wrong decisions in 1000 rows that were not foreseen."""
    starts = [first + at * length for at in range(18)]
    excess = [0.0] * 10 + [wrong] * 8
    windows = tuple(
        HarmWindow(start, start + length, 1000, more, 20.0, 60, more, 50.0)
        for start, more in zip(starts, excess, strict=True)
    )
    labels = with_labels(
        start=windows[-1].start,
        end=windows[-1].end,
        realised=Interval(0.66, 0.61, 0.71),
        foreseen=0.88,
        brier_excess=Interval(0.04, 0.02, 0.06),
    ).labels
    return replace(
        DEGRADED,
        start=windows[-1].end + 3 * length,
        end=windows[-1].end + 4 * length,
        labels=labels,
        harm=windows,
        learnable=tuple(Learnable(each.start, each.end, 1000) for each in windows),
    )


def check(evidence: Evidence, start: datetime, champion: str = "3", length: timedelta = DAY) -> Json:
    """Return what the query tells of a check of the window that begins here; its labels are four windows older."""
    labels = replace(evidence.labels, start=start - 4 * length, end=start - 3 * length) if evidence.labels else None
    features = [{key: dump(each)[key] for key in ("name", "psi", "psi_noise")} for each in evidence.features]
    return {
        "run": "r",
        "champion": champion,
        "start": start.isoformat(),
        "end": (start + length).isoformat(),
        "labels": dump(labels) if labels else None,
        "features": features,
    }


def past(*checks: Json, aside: tuple[tuple[datetime, datetime], ...] = ()) -> Json:
    """Return the course that belongs to these checks."""
    return {
        "checks": list(checks),
        "quarantined": [{"start": a.isoformat(), "end": b.isoformat()} for a, b in aside],
        "distributions": [],
    }


def course(length: timedelta = DAY) -> Json:
    """Return a check a window: ten found all well, eight found harm."""
    well = [check(QUIET, FIRST + (at + 4) * length, length=length) for at in range(10)]
    ill = [check(DEGRADED, FIRST + (at + 14) * length, length=length) for at in range(8)]
    return past(*well, *ill, aside=((FIRST + 2 * DAY, FIRST + 3 * DAY),))


def changed(evidence: Evidence | None = None) -> Shelf:
    """Return a run that dates the harm and trains on the rows since."""
    return checked(evidence or harmed(), spec=STRICT)
