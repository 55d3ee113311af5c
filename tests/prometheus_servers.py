"""Real Prometheus, Alertmanager and Pushgateway for tests: on loopback, and gone with who started them."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NoReturn

import httpx
import pytest

PROGRAMS = ("prometheus", "promtool", "prometheus-alertmanager", "prometheus-pushgateway")
HOW = "apt-get install prometheus prometheus-alertmanager prometheus-pushgateway"
NOW = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
MODELS = 200
MINUTE = timedelta(minutes=1)
_DIES_WITH_PARENT = 1


@dataclass(frozen=True)
class Told:
    """One sample of the history."""

    metric: str
    labels: str
    value: str
    at: datetime


@pytest.fixture(scope="session")
def prometheus_programs(lacking: Callable[[str, str], NoReturn]) -> None:
    """Give up where one of the programs is missing."""
    if not all(map(shutil.which, PROGRAMS)):
        lacking("Prometheus with Alertmanager and Pushgateway", HOW)


@pytest.fixture(scope="session")
def prometheus_with_history(prometheus_programs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that scrapes nothing and remembers six hours of 200 models before NOW."""
    folder = tmp_path_factory.mktemp("prometheus")
    remember(folder / "data", history())
    with prometheus(folder, "") as url:
        yield url


def history() -> list[Told]:
    """Six hours of accuracy, model 7 a bad one; and everything that may be wrong with a value."""
    told = []
    for minute in range(360, -1, -1):
        at = NOW - minute * MINUTE
        for number in range(MODELS):
            labels = f'{{model_id="model-{number:03}",pod="a"}}'
            told.append(Told("model_accuracy", labels, "0.71" if number == 7 else "0.95", at))
        if minute >= 20:
            told.append(Told("stopped_accuracy", "{}", "0.93", at))
        for name, value in (("not_a_number", "NaN"), ("too_large", "+Inf"), ("too_small", "-Inf")):
            told.append(Told(name, "{}", value, at))
        if minute % 120 == 30:
            told.append(Told("batch_accuracy", "{}", "0.9", at))
        told += [Told("twice", f'{{pod="{pod}"}}', "1", at) for pod in "ab"]
        told.append(Told("push_time_seconds", '{job="fraud"}', str((NOW - timedelta(hours=5)).timestamp()), at))
    return told


def remember(data: Path, told: Sequence[Told]) -> None:
    """Write history into the folder of a Prometheus that does not run yet."""
    lines = []
    for metric in dict.fromkeys(each.metric for each in told):
        lines.append(f"# TYPE {metric} gauge")
        lines += [f"{metric}{e.labels} {e.value} {e.at.timestamp():.3f}" for e in told if e.metric == metric]
    text = data.with_name("history.txt")
    text.write_text("\n".join([*lines, "# EOF", ""]))
    done = subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(text), str(data)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@contextmanager
def prometheus(folder: Path, configuration: str) -> Iterator[str]:
    """Run a Prometheus on the folder's `data`."""
    (folder / "prometheus.yml").write_text(configuration or "global: {scrape_interval: 1h}\n")
    port = free_port()
    command = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with running(command, folder / "prometheus.log", f"http://127.0.0.1:{port}/-/ready"):
        yield f"http://127.0.0.1:{port}"


@dataclass(frozen=True)
class AlertingChain:
    """Pushgateway → Prometheus → Alertmanager → what the webhook was sent."""

    prometheus: str
    pushgateway: str
    delivered: list[bytes]

    def push(self, text: str) -> None:
        httpx.put(f"{self.pushgateway}/metrics/job/training", content=text, trust_env=False).raise_for_status()


@pytest.fixture
def alerting(prometheus_programs: None, tmp_path: Path) -> Iterator[AlertingChain]:
    """All three of them, each second."""
    with ExitStack() as stack:
        address, delivered = stack.enter_context(webhook())
        gateway = stack.enter_context(_pushgateway(tmp_path))
        manager = stack.enter_context(alertmanager(tmp_path, address))
        (tmp_path / "rules.yml").write_text(
            "groups:\n- name: models\n  rules:\n  - alert: ModelAccuracyLow\n    expr: model_accuracy < 0.9\n"
            "    for: 1s\n    labels: {model: '{{ $labels.model_id }}'}\n"
            "    annotations: {summary: 'accuracy of {{ $labels.model_id }} is {{ $value }}'}\n"
        )
        url = stack.enter_context(
            prometheus(
                tmp_path,
                "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [rules.yml]\n"
                f"scrape_configs:\n- job_name: pushed\n  honor_labels: true\n"
                f"  static_configs: [{{targets: ['{gateway}']}}]\n"
                f"alerting:\n  alertmanagers:\n  - static_configs: [{{targets: ['{manager}']}}]\n",
            )
        )
        yield AlertingChain(url, f"http://{gateway}", delivered)


@contextmanager
def _pushgateway(folder: Path) -> Iterator[str]:
    port = free_port()
    command = ["prometheus-pushgateway", f"--web.listen-address=127.0.0.1:{port}"]
    with running(command, folder / "pushgateway.log", f"http://127.0.0.1:{port}/-/ready"):
        yield f"127.0.0.1:{port}"


@contextmanager
def alertmanager(folder: Path, webhook_address: str, token: str = "not-so-secret", repeat: str = "1h") -> Iterator[str]:
    """Run an Alertmanager that tells a webhook within a second, and again after `repeat`; yields HOST:PORT."""
    (folder / "alertmanager.yml").write_text(
        f"route: {{receiver: autopilot, group_wait: 1s, group_interval: 1s, repeat_interval: {repeat}}}\n"
        "receivers:\n- name: autopilot\n  webhook_configs:\n"
        f"  - {{url: '{webhook_address}', http_config: {{authorization: {{credentials: {token}}}}}}}\n"
    )
    port = free_port()
    command = [
        "prometheus-alertmanager",
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with running(command, folder / "alertmanager.log", f"http://127.0.0.1:{port}/-/ready"):
        yield f"127.0.0.1:{port}"


@contextmanager
def webhook() -> Iterator[tuple[str, list[bytes]]]:
    """Take whatever is posted; yields the address and what came."""
    came: list[bytes] = []

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Taker) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/alerts", came
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def running(
    command: Sequence[str],
    log: Path,
    ready: str,
    environment: Mapping[str, str] | None = None,
    patience_s: int = 60,
) -> Iterator[None]:
    """Run a program beside its log until the block ends, and wait first until it says that it is ready."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=log.parent,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
    try:
        _until_ready(process, log, ready, patience_s)
        yield
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _until_ready(process: subprocess.Popen[bytes], log: Path, ready: str, patience_s: int) -> None:
    for _ in range(10 * patience_s):
        assert process.poll() is None, log.read_text()
        try:
            # Nothing here has a certificate: to read those of the whole world each time takes longest.
            if httpx.get(ready, trust_env=False, verify=False).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{ready} never became ready:\n{log.read_text()}")


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
