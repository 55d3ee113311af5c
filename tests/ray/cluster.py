"""A real Ray on loopback, with a token: started once, and ended with all its processes whatever happens."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from tests.conftest import ROOT
from tests.local_jobs import until

RAY = ROOT / ".venv-ray" / "bin" / "ray"
TOKEN = "planted-of-ray-0123456789abcdef"
GUARDIAN = ROOT / "tests" / "guardian.py"
QUIET = {
    # Else Ray takes 127.0.0.1 for a mistake, and listens on the machine's own address.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_enable_worker_prestart": "0",
    "RAY_prestart_worker_first_driver": "0",
    # It waits that long for what has already ended at the first signal.
    "RAY_JOB_STOP_WAIT_TIME_S": "1",
    "OMP_NUM_THREADS": "1",
}


@dataclass(frozen=True)
class Cluster:
    url: str
    token: str = field(repr=False)

    def api(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, verify=False)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a head with two processors. It answers as soon as this returns."""
    # Short: the path of a socket in there has 107 bytes at most.
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")
    ports = free_ports(7)
    command = [sys.executable, "-I", str(GUARDIAN), folder, str(RAY), *arguments(folder, ports)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(folder, ports)
    ) as guardian:
        assert guardian.stdin and guardian.stdout
        try:
            assert guardian.stdout.readline().strip() == "0", "Ray did not start"
            found = Cluster(f"http://127.0.0.1:{ports[1]}", TOKEN)
            until(lambda: answers(found), "Ray's dashboard", 300)
            yield found
        finally:
            guardian.stdin.close()


def arguments(folder: str, ports: list[int]) -> list[str]:
    names = ("port", "dashboard-port", "dashboard-agent-listen-port", "dashboard-agent-grpc-port")
    given = [f"--{name}={port}" for name, port in zip((*names, "ray-client-server-port"), ports, strict=False)]
    return [
        "start",
        "--head",
        "--node-ip-address=127.0.0.1",
        "--dashboard-host=127.0.0.1",
        *given,
        "--num-cpus=2",
        "--object-store-memory=200000000",
        f"--temp-dir={folder}",
        "--disable-usage-stats",
        "--include-dashboard=true",
        "--include-log-monitor=false",
        "--no-monitor",
    ]


def environment(folder: str, ports: list[int]) -> dict[str, str]:
    """Return what Ray and its jobs see: its own Python first, and nothing of ours."""
    return {
        "PATH": f"{RAY.parent}:{os.defpath}",
        "HOME": folder,
        "LANG": "C.UTF-8",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": TOKEN,
        "AUTOSCALER_METRIC_PORT": str(ports[5]),
        "DASHBOARD_METRIC_PORT": str(ports[6]),
        **QUIET,
    }


def answers(found: Cluster) -> bool:
    with found.api() as api:
        try:
            return api.get("/api/jobs/").is_success
        except httpx.TransportError:
            return False


def free_ports(number: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports
