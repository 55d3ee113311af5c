"""Airflow 3.3 as far as a pipeline needs it, as a real one was seen to answer: one DAG and its runs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from tests.fakes.faulty_server import FaultyServer, Reply, Request
from tests.fakes.jenkins_server import CONTRACT

DAG = "train fraud"
PATH = "/api/v2/dags/train%20fraud"
OVER = ("success", "failed")


@dataclass
class Run:
    id: str
    conf: dict[str, str]
    queued: datetime
    state: str = "queued"
    started: datetime | None = None
    ended: datetime | None = None
    note: str | None = None


@dataclass
class Rights:
    see: bool = True
    edit: bool = True
    tasks: bool = True
    secrets: bool = False
    """Whether it may read variables and connections."""


@dataclass
class Dag:
    is_paused: bool = False
    is_stale: bool = False
    has_import_errors: bool = False
    missing: bool = False
    params: list[str] = field(default_factory=lambda: [f"AUTOPILOT_{name}" for name in CONTRACT])
    """Those it takes, all of them needed."""
    allows: bool = True
    """Whether its params take the values that they are given."""


class AirflowServer(FaultyServer):
    """One DAG. What is queued runs with the next request, unless `busy`; `tokens` are those that are taken."""

    def __init__(self, user: str, password: str, *tokens: str) -> None:
        super().__init__()
        self._login = {"username": user, "password": password}
        self.tokens = list(tokens)
        self.expired: list[str] = []
        self.runs: list[Run] = []
        self.dag = Dag()
        self.rights = Rights()
        self.heartbeat: timedelta | None = timedelta(seconds=3)
        """How long ago the scheduler was heard of."""
        self.busy = False
        self.stubborn = False
        self.before_start: Callable[[], object] = lambda: None
        """What happens just before a run is asked for."""

    def make(self, id: str, conf: dict[str, str]) -> Run:
        """Make a run, as if somebody had asked for it."""
        self.runs.append(Run(id, conf, self.now()))
        return self.runs[-1]

    def of(self, key: str) -> list[Run]:
        return [run for run in self.runs if run.id == key and run.conf.get("AUTOPILOT_KEY") == key]

    def end(self, key: str, state: str) -> None:
        self._run_what_waits()
        for run in self.of(key):
            run.state, run.ended = state, self.now()

    def grow_older(self, key: str, by: timedelta) -> None:
        for run in self.of(key):
            run.queued -= by
            run.started = run.started - by if run.started else None

    def expire(self) -> None:
        """Let no token that was given so far be taken any more."""
        self.expired, self.tokens = self.tokens, []

    def _run_what_waits(self) -> None:
        for run in self.runs:
            if run.state == "queued":
                run.state, run.started = "running", self.now()

    def answer(self, request: Request) -> Reply:
        if request.path == "/auth/token":
            return self._signed_in(request)
        if request.path == f"{PATH}/dagRuns":
            self.before_start()
        if not request.path.startswith("/api/v2/"):
            return Reply(404, {"error": "API route not found"})
        if request.path in ("/api/v2/version", "/api/v2/monitor/health"):
            return self._about(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token in self.expired or not token:
            return _detail(401, "Token Expired" if token else "Not authenticated")
        if token not in self.tokens:
            return _detail(403, "Invalid JWT token")
        if request.path in ("/api/v2/variables", "/api/v2/connections"):
            return Reply(document={"total_entries": 0}) if self.rights.secrets else _detail(403, "Forbidden")
        if not request.path.startswith(PATH) or not self._allows(request):
            return _detail(403, "Forbidden")
        if not self.busy:
            self._run_what_waits()
        return self._dag(request, unquote(request.path.removeprefix(PATH)))

    def _allows(self, request: Request) -> bool:
        if request.path.endswith("/taskInstances"):
            return self.rights.tasks
        return self.rights.see if request.method == "GET" else self.rights.edit

    def _signed_in(self, request: Request) -> Reply:
        if request.form != self._login:
            return _detail(401, "Invalid credentials")
        self.tokens.append(f"planted-token-{len(self.tokens) + len(self.expired)}")
        return Reply(201, {"access_token": self.tokens[-1]})

    def _about(self, request: Request) -> Reply:
        if request.path.endswith("version"):
            return Reply(document={"version": "3.3.2", "git_version": None})
        scheduler: dict[str, Any] = {"status": None, "latest_scheduler_heartbeat": None}
        if self.heartbeat is not None:
            heard = self.now() - self.heartbeat
            status = "healthy" if self.heartbeat < timedelta(seconds=30) else "unhealthy"
            scheduler = {"status": status, "latest_scheduler_heartbeat": heard.isoformat()}
        return Reply(document={"metadatabase": {"status": "healthy"}, "scheduler": scheduler})

    def _dag(self, request: Request, below: str) -> Reply:
        if below == "":
            return self._described()
        if below == "/dagRuns":
            return self._triggered(request)
        id, _, part = below.removeprefix("/dagRuns/").partition("/")
        run = next((run for run in self.runs if run.id == id), None)
        if run is None:
            return _detail(404, f"The DagRun with dag_id: `{DAG}` and run_id: `{id}` was not found")
        if part == "taskInstances":
            return Reply(document={"task_instances": [{"task_id": "train"}] if run.state == "failed" else []})
        return self._patched(run, request) if request.method == "PATCH" else Reply(document=_shown(run))

    def _described(self) -> Reply:
        if self.dag.missing:
            return _detail(404, f"The Dag with ID: `{DAG}` was not found")
        flags = {name: getattr(self.dag, name) for name in ("is_paused", "is_stale", "has_import_errors")}
        return Reply(document={"dag_id": DAG, "fileloc": "/dags/train.py", **flags})

    def _triggered(self, request: Request) -> Reply:
        conf = {name[5:-1]: value for name, value in request.form.items() if name.startswith("conf[")}
        if "logical_date" not in request.form:
            return _detail(422, [{"loc": ["body", "logical_date"], "msg": "Field required"}])
        if request.form["logical_date"] != "None":
            return _detail(422, [{"loc": ["body", "logical_date"], "msg": "Input should be a valid datetime"}])
        if self.dag.missing:
            return _detail(404, f"Dag with dag_id: '{DAG}' not found")
        missing = next((name for name in self.dag.params if name not in conf), None)
        if missing or not self.dag.allows:
            return _detail(400, f"Invalid input for param {missing or 'AUTOPILOT_KEY'}: it does not match")
        if any(run.id == request.form["dag_run_id"] for run in self.runs):
            return _detail(409, {"reason": "Unique constraint violation", "statement": "hidden"})
        # The answer still shows it queued.
        return Reply(document=_shown(self.make(request.form["dag_run_id"], conf)))

    def _patched(self, run: Run, request: Request) -> Reply:
        if "note" in request.form:
            run.note = request.form["note"]
        if not self.stubborn:
            run.ended = self.now() if run.state not in OVER else run.ended
            run.state = request.form["state"]
        return Reply(document=_shown(run))


def _detail(status: int, detail: Any) -> Reply:
    return Reply(status, {"detail": detail})


def _shown(run: Run) -> Any:
    return {
        "dag_run_id": run.id,
        "dag_id": DAG,
        "state": run.state,
        "conf": run.conf,
        "note": run.note,
        "queued_at": _stamp(run.queued),
        "run_after": _stamp(run.queued),
        "start_date": _stamp(run.started),
        "end_date": _stamp(run.ended),
    }


def _stamp(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
