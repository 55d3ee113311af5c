"""Records as the ledger would tell them, of decisions that the real policy made; no database."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from autopilot.backtest.document import document
from autopilot.backtest.history import Past, history
from autopilot.backtest.line import Seen
from autopilot.backtest.record import Asked, Check, Course, Moved, Record
from autopilot.backtest.replay import replay
from graph.evidence import Evidence, HarmWindow, Interval
from graph.model import Json, Question
from graph.spec import ModelSpec
from tests.unit.graph.policy.builders import AMOUNT, DAY, HOUR, LABELS, MERCHANT, NOW, QUIET, SPEC

DRIFTED = replace(QUIET, features=(replace(AMOUNT, psi=0.2), MERCHANT))
HARMED = replace(
    QUIET, labels=replace(LABELS, realised=Interval(0.80, 0.77, 0.83), brier_excess=Interval(0.02, 0.015, 0.025))
)
BROKEN = replace(QUIET, future_rows=400)


def under(**policy: object) -> ModelSpec:
    return replace(SPEC, policy=replace(SPEC.policy, **policy))  # type: ignore[arg-type]


def harm(day: int, excess: float) -> HarmWindow:
    """One window of a thousand rows, `day` days from now on."""
    return HarmWindow(NOW + day * DAY, NOW + (day + 1) * DAY, 1000, excess / 10, 40.0, 90, excess, 50.0)


class World:
    """A model that is checked once a day under SPEC; its first retrain may have been promoted.

    What its owner is asked is answered within two hours: nothing is broken.
    """

    def __init__(self, seen: Sequence[Evidence], promoted: bool = False) -> None:
        self.evidence: dict[str, Evidence] = {}
        self.checks: list[Check] = []
        self.asked: list[Asked] = []
        self.moved: list[Moved] = []
        for day, each in enumerate(seen):
            self._check(f"run-{day}", NOW + day * DAY, each, promoted)

    def _check(self, run: str, at: datetime, seen: Evidence, promoted: bool) -> None:
        champion = self.moved[-1].version if self.moved else seen.champion
        evidence = self.evidence[run] = replace(seen, as_of=at, champion=champion)
        past = Past([each.course for each in self.checks if each.course], self.asked, self.moved)
        decision = Seen(evidence).decision(SPEC, history(past, at, run), at)
        if decision.quarantine:
            self.asked.append(Asked(run, Question("data", at, (), at + 2 * HOUR, genuine=True)))
        course = None
        if decision.action == "retrain":
            moves = promoted and not self.moved
            course = Course(
                run,
                at,
                at,
                ended_at=at + HOUR,
                outcome="promoted" if moves else "denied",
                trained_at=at,
                promoted="4" if moves else None,
            )
            self.moved += [Moved(run, at + HOUR, "4", None)] if moves else []
        self.checks.append(Check(run, at, decision, SPEC, course, measured=True))

    def record(self) -> Record:
        return Record("fraud", tuple(self.checks), asked=tuple(self.asked), moved=tuple(self.moved))

    def shown(self, **specs: ModelSpec) -> Json:
        """Return the document of a backtest under these policies."""
        asked: Mapping[str, ModelSpec] = specs or {"present": SPEC}
        sources = {name: f"{name}.yaml" for name in asked}
        return document("fraud", replay(self.record(), asked, self.evidence.__getitem__), sources)
