"""A pipeline in memory: jobs end when the test says so."""

from collections.abc import Callable
from dataclasses import replace

from graph.errors import AutopilotError
from graph.model import JobState, TrainingJob, TrainingOrder

LIVE = ("queued", "running")


class FakePipeline:
    """Port Pipeline. `starts` lists the jobs that were really started, oldest first."""

    kind = "fake"

    def __init__(self, on_start: Callable[[TrainingOrder], None] | None = None) -> None:
        self.starts: list[TrainingOrder] = []
        self.away: AutopilotError | None = None
        """Raised by every call while it is set."""
        self._jobs: dict[str, TrainingJob] = {}
        self._on_start = on_start

    def find(self, key: str) -> TrainingJob | None:
        self._answer()
        return self._jobs.get(key)

    def start(self, order: TrainingOrder) -> TrainingJob:
        self._answer()
        if order.key not in self._jobs:
            self.starts.append(order)
            self._jobs[order.key] = TrainingJob(f"job-{len(self.starts)}", order.key, self.kind, "running")
            if self._on_start is not None:
                self._on_start(order)
        return self._jobs[order.key]

    def cancel(self, key: str) -> TrainingJob | None:
        self._answer()
        job = self._jobs.get(key)
        if job is not None and job.state in LIVE:
            self.end(key, "cancelled", "stopped on request")
        return self._jobs.get(key)

    def end(self, key: str, state: JobState = "succeeded", detail: str = "", ran_s: float | None = 90.0) -> None:
        """Let the job of this key come to its end."""
        self._jobs[key] = replace(self._jobs[key], state=state, detail=detail, ran_s=ran_s)

    def _answer(self) -> None:
        if self.away is not None:
            raise self.away
