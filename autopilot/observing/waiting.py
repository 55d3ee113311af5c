"""What waits, and for how long: runs, approvals, alerts, questions, what channels have still to be told."""

from collections.abc import Iterator
from typing import get_args

from prometheus_client.metrics_core import Metric

from autopilot.observing.families import gauge, gauges
from autopilot.observing.scene import NEVER, Scene
from graph.model import QuestionKind, RunStatus

_OPEN = tuple(each for each in get_args(RunStatus) if each not in ("done", "failed"))
_KINDS = get_args(QuestionKind)


def runs(scene: Scene) -> Iterator[Metric]:
    """Yield the runs without an outcome, by what they wait for."""
    rows = {row["status"]: row for row in scene.book.tallies.open_runs(scene.held, scene.all_held)}
    counts = {each: float(rows[each]["runs"]) if each in rows else 0.0 for each in _OPEN}
    paused = {each: float(rows[each]["paused"]) if each in rows else 0.0 for each in _OPEN}
    oldest = {each: scene.age(rows[each]["started_at"], 0.0) if each in rows else 0.0 for each in _OPEN}
    idle = {each: scene.age(rows[each]["seen_at"], 0.0) if each in rows else 0.0 for each in _OPEN}
    yield gauges("runs_open", "Runs without an outcome, by status.", "status", counts)
    yield gauges("runs_paused", "Those of them whose model a person has paused.", "status", paused)
    about = "Age of the oldest run of a status whose model is not paused; 0 without one."
    yield gauges("runs_oldest_age_seconds", about, "status", oldest)
    about = "Time since the run of a status that nobody touched for longest was touched, of models not paused; or 0."
    yield gauges("runs_idle_seconds", about, "status", idle)


def people_and_alerts(scene: Scene) -> Iterator[Metric]:
    """Yield the approvals that wait for a person and the alerts that wait for a check."""
    found = scene.book.tallies.waiting(scene.held, scene.all_held, scene.running)
    yield gauge("approvals_waiting", "Requests for approval that nobody has settled.", found["approvals"])
    asked = scene.age(found["asked_at"], never=0.0)
    about = "Age of the oldest of them whose model is not paused; 0 without one."
    yield gauge("approvals_oldest_age_seconds", about, asked)
    left = NEVER if found["expires_at"] is None else -scene.age(found["expires_at"])
    about = "Time until the first of them expires whose model is not paused; +Inf without one."
    yield gauge("approvals_expire_seconds", about, left)
    yield gauge("alerts_waiting", "Alerts that no check has looked at.", found["alerts"])
    alerted = scene.age(found["alerted_at"], never=0.0)
    about = "Age of the oldest of them that names a model of the file that is not paused; 0 without one."
    yield gauge("alerts_oldest_age_seconds", about, alerted)


def owners(scene: Scene) -> Iterator[Metric]:
    """Yield the questions about broken data and labels that no owner has answered."""
    rows = {row["kind"]: row for row in scene.book.tallies.questions()}
    counts = {each: float(rows[each]["questions"]) if each in rows else 0.0 for each in _KINDS}
    yield gauges("questions_open", "Questions to owners about broken data or labels.", "kind", counts)


def channels(scene: Scene) -> Iterator[Metric]:
    """Yield what Slack, Jira and the like have still to be told, of those that autopilot.yaml names."""
    rows = {row["channel"]: row for row in scene.book.tallies.untold()}
    names = sorted(scene.file.channels)
    waiting = {each: float(rows[each]["waiting"]) if each in rows else 0.0 for each in names}
    tries = {each: float(rows[each]["tries"]) if each in rows else 0.0 for each in names}
    yield gauges("channel_untold", "What a channel has still to be told.", "channel", waiting)
    yield gauges("channel_tries", "Most attempts in vain to tell a channel one of them.", "channel", tries)
