"""What goes wrong in the world and when, and what a good engineer would say about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Literal

from examples.fraud_detector.payments import ConceptName, Traffic

Labels = Literal["complete", "lost", "stopped"]

FIRST_DAY = date(2026, 1, 1)
REFERENCE_UNTIL = date(2026, 2, 1)


@dataclass(frozen=True, slots=True)
class Episode:
    """What is different from `start` until, not including, `until`; the defaults are an ordinary day.

    `labels` goes by the day on which a label is written, everything else by the day of the payment.
    """

    start: date
    until: date = date.max
    concept: ConceptName = "cards"
    traffic: Traffic = "usual"
    amount_factor: float = 1.0
    labels: Labels = "complete"


@dataclass(frozen=True, slots=True)
class Check:
    """A moment to look at the model, and what ought to be said then. A cause of None is left to the policy."""

    day: date
    verdict: str
    cause: str | None
    action: str
    answer: Literal["approve", "deny"] | None = None

    @property
    def now(self) -> datetime:
        """Midnight at which `day` begins, UTC: the log ends just before."""
        return datetime.combine(self.day, time(), UTC)


@dataclass(frozen=True, slots=True)
class Timeline:
    """One world: its episodes and the checks to make, in the order of time."""

    name: str
    summary: str
    episodes: tuple[Episode, ...]
    checks: tuple[Check, ...]

    def on(self, day: date) -> Episode:
        """Return the episode that `day` lies in, or an ordinary day."""
        return next((e for e in self.episodes if e.start <= day < e.until), Episode(day))


STORY = Timeline(
    "story",
    "the demo's: quiet, a unit bug, fraudsters who change twice",
    (
        Episode(date(2026, 2, 9), date(2026, 2, 10), amount_factor=100.0),
        Episode(date(2026, 2, 15), date(2026, 3, 22), concept="wallets"),
        Episode(date(2026, 3, 22), concept="takeovers"),
    ),
    (
        Check(date(2026, 2, 8), "healthy", "none", "none"),
        Check(date(2026, 2, 10), "broken_data", "data_quality", "fix_data"),
        Check(date(2026, 2, 11), "healthy", "none", "none"),
        # Three weeks into a change, 14 days of training, 4 of holdout and 3 of waiting for labels all lie after it.
        Check(date(2026, 3, 8), "degraded", "concept_drift", "retrain", answer="approve"),
        Check(date(2026, 3, 20), "healthy", "none", "none"),
        Check(date(2026, 4, 12), "degraded", "concept_drift", "retrain", answer="deny"),
    ),
)

_INCIDENTS = (
    Timeline(
        "quiet",
        "nothing happens",
        (),
        (Check(date(2026, 2, 15), "healthy", "none", "none"),),
    ),
    Timeline(
        "unit_bug",
        "for one day `amount` arrives in cents",
        (Episode(date(2026, 2, 14), date(2026, 2, 15), amount_factor=100.0),),
        (Check(date(2026, 2, 15), "broken_data", "data_quality", "fix_data"),),
    ),
    Timeline(
        "lost_labels",
        "four of five frauds are labelled as honest, while the scores stay where they were",
        (Episode(date(2026, 2, 5), labels="lost"),),
        (Check(date(2026, 2, 15), "broken_data", "label_quality", "fix_data"),),
    ),
    Timeline(
        "concept_change",
        "fraudsters move from stolen cards to hijacked wallets; the payments as a whole look as before",
        (Episode(date(2026, 2, 8), concept="wallets"),),
        (Check(date(2026, 3, 1), "degraded", "concept_drift", "retrain"),),
    ),
    Timeline(
        "harder_traffic",
        "more payments of middling risk, which no model ranks well; fraud works as before",
        (Episode(date(2026, 2, 8), traffic="hard"),),
        (Check(date(2026, 2, 22), "healthy", "covariate_shift", "none"),),
    ),
    Timeline(
        "late_labels",
        "labels stop arriving",
        (Episode(date(2026, 2, 8), labels="stopped"),),
        (Check(date(2026, 2, 15), "insufficient", None, "wait"),),
    ),
)

INCIDENTS: Mapping[str, Timeline] = {timeline.name: timeline for timeline in _INCIDENTS}
TIMELINES: Mapping[str, Timeline] = {STORY.name: STORY, **INCIDENTS}
