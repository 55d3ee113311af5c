"""Ray elsewhere: its adapter over its contract fake."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.conformance.remote_systems import DEADLINES, HURRIED, SECRETS, RemoteSystem
from tests.fakes.ray_server import RayServer
from tools.pipelines.ray import Entrypoint, RayPipeline
from tools.pipelines.remote import bearer

COMMAND = 'cd /work && python train.py --name "fraud; $HOME"'
ENTRYPOINT = Entrypoint(COMMAND)


class RaySystem(RemoteSystem):
    results = ("SUCCEEDED", "FAILED")
    refusal = "takes no job: 400 Bad Request"
    stops_what_waits = False

    def another(
        self,
        token: str | None = SECRETS[0],
        entrypoint: Entrypoint = ENTRYPOINT,
        pauses_s: tuple[float, ...] = HURRIED["pauses_s"],
        **options: Any,
    ) -> RayPipeline:
        remote = self._remote("Ray", bearer(token), **options)
        return RayPipeline(remote, entrypoint, DEADLINES, pauses_s)

    def put_foreign(self, key: str) -> None:
        """Submit by hand what says of itself that it is ours."""
        self.server.submit("raysubmit_1f", {"autopilot.key": key})

    def forget(self) -> None:
        self.server.jobs.clear()

    def refuse(self) -> None:
        """Let a field be unknown there, as in another release."""
        self.server.fields.pop("metadata")


@contextmanager
def ray() -> Iterator[RaySystem]:
    with RayServer(SECRETS[0]).running() as server:
        yield RaySystem(server)
