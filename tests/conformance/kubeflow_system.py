"""Kubeflow elsewhere: its adapter over its contract fake."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.conformance.remote_systems import DEADLINES, HURRIED, SECRETS, RemoteSystem
from tests.fakes.kubeflow_server import EXPERIMENT, NAMESPACE, PIPELINE, KubeflowServer
from tools.pipelines.kubeflow import KubeflowPipeline, Place
from tools.pipelines.remote import bearer

PLACE = Place(EXPERIMENT, PIPELINE, namespace=NAMESPACE)


class KubeflowSystem(RemoteSystem):
    results = ("SUCCEEDED", "FAILED")
    refusal = f"has no pipeline {PIPELINE}"

    def another(
        self,
        token: str | None = SECRETS[0],
        place: Place = PLACE,
        pauses_s: tuple[float, ...] = HURRIED["pauses_s"],
        **options: Any,
    ) -> KubeflowPipeline:
        return KubeflowPipeline(self._remote("Kubeflow", bearer(token), **options), place, DEADLINES, pauses_s)

    def put_foreign(self, key: str) -> None:
        """Create a run of that name in the experiment of others, one with a longer name, one for another key."""
        self.server.create(key, {"AUTOPILOT_KEY": key}, experiment="e-2")
        self.server.create(f"{key}.more", {"AUTOPILOT_KEY": f"{key}.more"})
        self.server.create(key, {"AUTOPILOT_KEY": "another"})

    def forget(self) -> None:
        self.server.runs.clear()

    def refuse(self) -> None:
        self.server.pipelines.clear()


@contextmanager
def kubeflow() -> Iterator[KubeflowSystem]:
    with KubeflowServer(SECRETS[0]).running() as server:
        yield KubeflowSystem(server)
