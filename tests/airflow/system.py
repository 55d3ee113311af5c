"""The pipeline over a real Airflow, and a hand on the training that it runs."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from graph.model import TrainingJob, TrainingOrder
from graph.policy.outcomes import ACTIVE
from tests.airflow.server import DAG, AirflowServer
from tools.limiter import Limiter
from tools.pipelines.airflow import AirflowPipeline
from tools.pipelines.airflow_login import AirflowRemote, Password, Token
from tools.pipelines.remote_job import Deadlines

DEADLINES = Deadlines(timedelta(hours=4), timedelta(hours=2))


def until(ready: Callable[[], Any], what: str) -> Any:
    """Return the first truthy answer. The limit is there for a broken product, also on a machine that is busy."""
    give_up = time.monotonic() + 240
    while time.monotonic() < give_up:
        if found := ready():
            return found
        time.sleep(0.2)
    raise AssertionError(f"never came: {what}")


class OwnKeys:
    """The pipeline, with a prefix on every key: one Airflow serves all tests, and it forgets none of them."""

    def __init__(self, pipeline: AirflowPipeline, prefix: str) -> None:
        self._pipeline = pipeline
        self._prefix = prefix
        self.kind = pipeline.kind
        self.asked_for: set[str] = set()

    def find(self, key: str) -> TrainingJob | None:
        return self._named(self._pipeline.find(self._prefix + key), key)

    def start(self, order: TrainingOrder) -> TrainingJob:
        self.asked_for.add(order.key)
        started = self._named(self._pipeline.start(replace(order, key=self._prefix + order.key)), order.key)
        assert started is not None
        return started

    def cancel(self, key: str) -> TrainingJob | None:
        return self._named(self._pipeline.cancel(self._prefix + key), key)

    def _named(self, job: TrainingJob | None, key: str) -> TrainingJob | None:
        assert job is None or job.key == self._prefix + key
        return None if job is None else replace(job, key=key)


class RealAirflow:
    failure = "task train failed"

    def __init__(self, server: AirflowServer) -> None:
        self.server = server
        self.prefix = f"{uuid4().hex}."
        self.pipeline = OwnKeys(self.another(), self.prefix)

    def another(
        self,
        role: str = "user",
        credential: Password | Token | None = None,
        url: str | None = None,
        dag: str = DAG,
        deadlines: Deadlines = DEADLINES,
    ) -> AirflowPipeline:
        """Return what another process would make of the same configuration, or of one that differs by these options."""
        given = credential or Password(role, self.server.passwords[role])
        return AirflowPipeline(
            AirflowRemote("fraud-v1", url or self.server.url, given, Limiter(), timeout_s=60), dag, deadlines
        )

    def key(self, name: str = "run-1:retrain") -> str:
        """Return a key that no other test has, as Airflow knows it."""
        self.pipeline.asked_for.add(name)
        return self.prefix + name

    def end(self, key: str, well: bool) -> TrainingJob:
        # 99: Airflow's own sign for a task that is to be skipped. It is a failure like any other.
        self.server.end(self.prefix + key, 0 if well else 99)
        job: TrainingJob = until(lambda: self._ended(key), f"the end of {key}")
        return job

    def starts(self, key: str) -> int:
        return len(self.server.trainings(self.prefix + key))

    def _ended(self, key: str) -> TrainingJob | None:
        job = self.pipeline.find(key)
        assert job is not None
        return job if job.state not in ACTIVE else None

    def tidy(self) -> None:
        for key in self.pipeline.asked_for:
            self.pipeline.cancel(key)
