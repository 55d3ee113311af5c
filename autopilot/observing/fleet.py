"""The models of autopilot.yaml as they were last checked, over all of them; and a few by name."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, get_args

from prometheus_client.metrics_core import Metric

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
    known = {name: checks[name] for name in scene.file.models if name in checks}
    verdicts = Counter(known[name]["verdict"] if name in known else UNCHECKED for name in scene.file.models)
    by_verdict = {each: float(verdicts[each]) for each in (*get_args(Verdict), UNCHECKED)}
    yield gauges("models", "Models, by the verdict of their newest check.", "verdict", by_verdict)
    blocked = Counter(rule for row in known.values() for rule in row["blocked"])
    about = "Models whose newest check this rule stopped or decided."
    yield gauges("models_blocked", about, "rule", {each: float(blocked[each]) for each in sorted(blocked)})
    late = overdue(scene.file, {name: row["at"] for name, row in known.items()}, scene.now, scene.book.pauses())
    yield gauge("models_overdue", "Models that were not checked on time by their schedule.", len(late))
    yield from _ages(scene, known)


def _ages(scene: Scene, known: dict[str, Row]) -> Iterator[Metric]:
    ages = {name: scene.age(_at(known, name)) for name in scene.file.models}
    newest = scene.age(max((row["at"] for row in known.values()), default=None))
    about = "Time since any model was checked, by the clock of the rules: the heartbeat; +Inf before the first check."
    yield gauge("last_check_age_seconds", about, newest)
    about = "Time since the model was checked that waits for longest; +Inf where one never was."
    yield gauge("oldest_check_age_seconds", about, max(ages.values(), default=NEVER))
    longest = sorted(ages, key=lambda name: (-ages[name], name))[: scene.own_series]
    about = "Time since a model was checked, of those that wait for longest; AUTOPILOT_METRICS_MODELS says how many."
    yield gauges("model_check_age_seconds", about, "model", {name: ages[name] for name in longest})


def _at(known: dict[str, Row], name: str) -> datetime | None:
    return known[name]["at"] if name in known else None


def alerted(scene: Scene) -> Iterator[Metric]:
    """Yield the models that most alerts name: one that fires without end stands first."""
    rows = scene.book.tallies.alerts_by_model(scene.now - _RECENT, scene.own_series)
    about = "New alerts of an hour that name a model, of those with most; AUTOPILOT_METRICS_MODELS says how many."
    yield gauges("model_alerts", about, "model", {row["model"]: float(row["alerts"]) for row in rows})
