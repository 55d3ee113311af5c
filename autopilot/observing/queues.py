"""The job queue: what waits in it that could be at work, for how long, and what failed."""

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from autopilot.fleet.queues import QUEUES
from autopilot.observing.families import gauges
from autopilot.observing.scene import Scene


def queues(scene: Scene) -> Iterator[Metric]:
    """Yield how far behind the workers are; jobs whose time has not come yet do not count."""
    rows = {row["queue"]: row for row in scene.book.queue.lag()}
    waiting = {each: float(rows[each]["waiting"]) if each in rows else 0.0 for each in QUEUES}
    failed = {each: float(rows[each]["failed"]) if each in rows else 0.0 for each in QUEUES}
    oldest = {each: float(rows[each]["oldest_s"] or 0.0) if each in rows else 0.0 for each in QUEUES}
    yield gauges("queue_waiting", "Jobs that could be at work and wait for a worker.", "queue", waiting)
    yield gauges("queue_lag_seconds", "How long the first of them has waited; 0 without one.", "queue", oldest)
    yield gauges("queue_failed", "Jobs that ended by an error which no run could be blamed for.", "queue", failed)
