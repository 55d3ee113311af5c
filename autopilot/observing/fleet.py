"""The models of autopilot.yaml as they were last checked, over all of them; and a few by name."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, get_args

from prometheus_client.metrics_core import Metric

from autopilot.fleet.planner import schedules
from autopilot.observing.families import gauge, gauges
from autopilot.observing.lateness import overdue
from autopilot.observing.scene import NEVER, Scene
from graph.model import Verdict

Row = dict[str, Any]
UNCHECKED = "unchecked"
_RECENT = timedelta(hours=1)


def models(scene: Scene) -> Iterator[Metric]:
    """Yield how the models stand; one query for all of them."""
    checks = {row["model"]: row for row in scene.book.tallies.newest_checks()}
    known = {name: checks[name] for name in scene.running if name in checks}
    verdicts = Counter(known[name]["verdict"] if name in known else UNCHECKED for name in scene.running)
    by_verdict = {each: float(verdicts[each]) for each in (*get_args(Verdict), UNCHECKED)}
    yield gauges("models", "Models that are not paused, by the verdict of their newest check.", "verdict", by_verdict)
    blocked = Counter(rule for row in known.values() for rule in row["blocked"])
    about = "Models that are not paused and whose newest check this rule stopped or decided."
    yield gauges("models_blocked", about, "rule", {each: float(blocked[each]) for each in sorted(blocked)})
    late = overdue(scene.file, {name: row["at"] for name, row in known.items()}, scene.now, scene.pauses)
    yield gauge("models_overdue", "Models that were not checked on time by their schedule.", len(late))
    yield from _paused(scene)
    yield from _ages(scene, known, [checks[name]["at"] for name in scene.file.models if name in checks])


def _paused(scene: Scene) -> Iterator[Metric]:
    """Yield what a person has stopped. By a schedule nothing is checked then, and that is no silence."""
    yield gauge("models_paused", "Models that a person has paused.", len(scene.file.models) - len(scene.running))
    watched = [*schedules(scene.file)] or [*scene.file.models]
    about = "1 while a person has paused every model with a schedule; without schedules, every model."
    stopped = bool(watched) and not set(watched) & set(scene.running)
    yield gauge("checking_paused", about, float(stopped))


def _ages(scene: Scene, known: dict[str, Row], checked: Sequence[datetime]) -> Iterator[Metric]:
    ages = {name: scene.age(_at(known, name)) for name in scene.running}
    newest = scene.age(max(checked, default=None))
    about = "Time since any model was checked, by the clock of the rules: the heartbeat; +Inf before the first check."
    yield gauge("last_check_age_seconds", about, newest)
    about = "Time since the model was checked that waits for longest, of those not paused; +Inf where one never was."
    nobody = 0.0 if scene.file.models else NEVER
    yield gauge("oldest_check_age_seconds", about, max(ages.values(), default=nobody))
    longest = sorted(ages, key=lambda name: (-ages[name], name))[: scene.own_series]
    about = "Time since a model was checked, of the AUTOPILOT_METRICS_MODELS not paused ones that wait for longest."
    yield gauges("model_check_age_seconds", about, "model", {name: ages[name] for name in longest})


def _at(known: dict[str, Row], name: str) -> datetime | None:
    return known[name]["at"] if name in known else None


def alerted(scene: Scene) -> Iterator[Metric]:
    """Yield the models that most alerts name: one that fires without end stands first."""
    rows = scene.book.tallies.alerts_by_model(scene.now - _RECENT, scene.own_series)
    about = "New alerts of an hour that name a model, of those with most; AUTOPILOT_METRICS_MODELS says how many."
    yield gauges("model_alerts", about, "model", {row["model"]: float(row["alerts"]) for row in rows})
