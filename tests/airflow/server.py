"""A real Airflow on loopback, wholly inside one folder, with its metadata in a real Postgres."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / ".venv-airflow" / "bin" / "airflow"
DAG = "train_for_autopilot"
ROLES = ("viewer", "user", "op", "admin")
TRAINING = """
import json, os, pathlib, sys, time
root = pathlib.Path({root!r})
own = root / f"command {{os.environ['AUTOPILOT_MODEL']}}"
if own.exists():
    os.execvp("sh", ["sh", "-c", own.read_text()])
key = os.environ["AUTOPILOT_KEY"]
with (root / "said").open("a") as said:
    print(json.dumps({{"pid": os.getpid(), **os.environ}}), file=said)
end = root / f"end {{key}}"
while not end.exists():
    if not root.exists():
        sys.exit("the tests are over")
    time.sleep(0.05)
sys.exit(int(end.read_text()))
"""
"""Writes down what it was given, waits until the test lets it end, and ends as the test says."""


@dataclass(frozen=True)
class AirflowServer:
    """Where it is, who may do what there, and a hand on the training that its DAG runs."""

    url: str
    root: Path
    passwords: dict[str, str]
    """By role, which is also the user's name."""

    def ask(self, method: str, path: str, role: str = "admin", **body: Any) -> Any:
        """Return what the API answers to somebody of this role."""
        # Nothing here has a certificate: else each client would read those of the whole world first.
        with httpx.Client(base_url=self.url, timeout=60, trust_env=False, verify=False) as client:
            login = client.post("/auth/token", json={"username": role, "password": self.passwords[role]})
            headers = {"Authorization": f"Bearer {login.json()['access_token']}"}
            answer = client.request(method, path, headers=headers, **body)
        assert answer.is_success, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def trainings(self, key: str) -> list[dict[str, Any]]:
        """Return pid and environment of the trainings of this key that were begun, as they wrote it down themselves."""
        file = self.root / "said"
        begun = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return [training for training in begun if training["AUTOPILOT_KEY"] == key]

    @contextmanager
    def training(self, model: str, command: str) -> Iterator[None]:
        """Train a model by a shell command of its own for as long as this lasts."""
        own = self.root / f"command {model}"
        own.write_text(command)
        try:
            yield
        finally:
            own.unlink()

    def last_words(self) -> str:
        """Return how the logs of its tasks end: for a test that failed."""
        logs = sorted((self.root / "logs").rglob("task_id=*/*.log"))
        return "\n".join(f"{log}:\n{log.read_text(errors='replace')[-3000:]}" for log in logs[-3:])

    def end(self, key: str, code: int) -> None:
        """Let the training of this key end with this exit code, now or when it begins."""
        draft = self.root / f"draft {key}"
        draft.write_text(str(code))
        draft.rename(self.root / f"end {key}")


@contextmanager
def airflow_server(root: Path, database: str) -> Iterator[AirflowServer]:
    """Start Airflow below `root`, its tables in the empty Postgres database of this libpq URI."""
    port = free_port()
    passwords = {role: secrets.token_urlsafe(12) for role in ROLES}
    environment = _environment(root, database, port, passwords)
    server = AirflowServer(f"http://127.0.0.1:{port}", root, passwords)
    (root / "train.py").write_text(TRAINING.format(root=str(root)))
    (root / "dags").mkdir()
    (root / "tmp").mkdir()
    shutil.copy(ROOT / "examples" / "pipelines" / "airflow_dag.py", root / "dags")
    made = subprocess.run([PROGRAM, "db", "migrate"], env=environment, capture_output=True, text=True, timeout=300)
    assert made.returncode == 0, made.stderr[-2000:]
    with _running(root, port, environment) as minder:
        _await(server, minder)
        yield server


def free_port() -> int:
    """Return a port that nobody has now."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])


def _environment(root: Path, database: str, port: int, passwords: dict[str, str]) -> dict[str, str]:
    (root / "passwords.json").write_text(json.dumps(passwords))
    secret = secrets.token_urlsafe(32)
    settings = {
        "CORE__DAGS_FOLDER": root / "dags",
        "CORE__LOAD_EXAMPLES": False,
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": 3,
        "CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{role}:{role}" for role in passwords),
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": root / "passwords.json",
        "DATABASE__SQL_ALCHEMY_CONN": database.replace("postgresql:", "postgresql+psycopg2:", 1),
        "API__BASE_URL": f"http://127.0.0.1:{port}",
        "API__SECRET_KEY": secret,
        "API_AUTH__JWT_SECRET": secret,
        "API__WORKERS": 1,
        # On a busy machine one API server answers late, and a training that cannot say that it lives would be killed.
        "WORKERS__MAX_FAILED_HEARTBEATS": 100,
        "WORKERS__EXECUTION_API_TIMEOUT": 60,
        "LOGGING__BASE_LOG_FOLDER": root / "logs",
        "USAGE_DATA_COLLECTION__ENABLED": False,
        "DAG_PROCESSOR__REFRESH_INTERVAL": 5,
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": 3600,
    }
    return {
        "PATH": f"{PROGRAM.parent}{os.pathsep}{os.defpath}",
        "HOME": str(root),
        "TMPDIR": str(root / "tmp"),
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "AIRFLOW_HOME": str(root),
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:1",
        "TRAIN_COMMAND": f"'{sys.executable}' '{root / 'train.py'}'",
        **{f"AIRFLOW__{name}": str(value) for name, value in settings.items()},
    }


@contextmanager
def _running(root: Path, port: int, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    plan = [
        ["api-server", "--host", "127.0.0.1", "--port", str(port)],
        # Its own log server would listen on every network.
        ["scheduler", "--skip-serve-logs"],
        # Once is enough for a DAG that does not change.
        ["dag-processor", "--num-runs", "1"],
    ]
    commands = [([str(PROGRAM), *words], str(root / f"{words[0]}.log")) for words in plan]
    (root / "plan.json").write_text(json.dumps(commands))
    minder = subprocess.Popen(
        [sys.executable, "-I", Path(__file__).with_name("minder.py"), root / "plan.json"],
        env=environment,
        cwd=root,
        stdin=subprocess.PIPE,
    )
    try:
        yield minder
    finally:
        minder.communicate()


def _await(server: AirflowServer, minder: subprocess.Popen[bytes]) -> None:
    """Return once somebody may start our DAG and the scheduler would take it up."""
    give_up = time.monotonic() + 240
    while time.monotonic() < give_up and minder.poll() is None:
        time.sleep(0.5)
        try:
            health = httpx.get(f"{server.url}/api/v2/monitor/health", timeout=5, trust_env=False, verify=False).json()
            if health["scheduler"]["status"] == "healthy" and server.ask("GET", "/api/v2/dags")["total_entries"]:
                server.ask("PATCH", f"/api/v2/dags/{DAG}", json={"is_paused": False})
                return
        except httpx.HTTPError:
            continue
    logs = {log.name: log.read_text(errors="replace")[-2000:] for log in server.root.glob("*.log")}
    raise AssertionError(f"Airflow does not come up: {logs}")
