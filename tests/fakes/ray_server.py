"""Ray's Jobs API as far as a pipeline needs it, as Ray 2.60.0 was seen to answer: one cluster and its jobs."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.fakes.faulty_server import FaultyServer, Reply, Request

FIELDS = {
    "entrypoint": str,
    "submission_id": str,
    "runtime_env": dict,
    "metadata": dict,
    "entrypoint_num_cpus": (int, float),
    "entrypoint_num_gpus": (int, float),
    "entrypoint_resources": dict,
}
OVER = ("SUCCEEDED", "FAILED", "STOPPED")


@dataclass
class Job:
    asked: dict[str, Any]
    submitted: datetime
    status: str = "PENDING"
    ended: datetime | None = None
    exit_code: int | None = None
    error: str | None = None
    told_to_stop: bool = False
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        return dict((self.asked.get("runtime_env") or {}).get("env_vars") or {})


class RayServer(FaultyServer):
    """What was submitted runs with the next request, unless `busy`. A `token` of None lets in everybody."""

    def __init__(self, token: str | None) -> None:
        super().__init__()
        self.token = token
        self.jobs: dict[str, Job] = {}
        self.fields: dict[str, Any] = dict(FIELDS)
        self.busy = False
        self.stubborn = False

    def submit(self, name: str, metadata: dict[str, str], asked: dict[str, Any] | None = None) -> Job:
        """Let a job wait, as if somebody had submitted it."""
        job = Job(asked or {"entrypoint": "true"}, self.now(), metadata=metadata)
        self.jobs[name] = job
        return job

    def of(self, key: str) -> list[Job]:
        return [job for job in self.jobs.values() if job.variables.get("AUTOPILOT_KEY") == key]

    def end(self, key: str, status: str) -> None:
        self._run_what_waits()
        for job in self.of(key):
            self._ended(job, status, {"SUCCEEDED": 0, "FAILED": 3}.get(status))

    def grow_older(self, key: str, by: timedelta) -> None:
        for job in self.of(key):
            job.submitted -= by

    def _ended(self, job: Job, status: str, code: int | None = None) -> None:
        job.status, job.exit_code, job.ended = status, code, self.now()

    def _run_what_waits(self) -> None:
        for job in self.jobs.values():
            if job.status == "PENDING" and job.told_to_stop:
                self._ended(job, "STOPPED")
            elif job.status == "PENDING":
                job.status = "RUNNING"

    def answer(self, request: Request) -> Reply:
        if self.token and "authorization" not in request.headers:
            return Reply(401, text="Unauthorized: Missing authentication token")
        if self.token and request.headers["authorization"] != f"Bearer {self.token}":
            return Reply(403, text="Forbidden: Invalid authentication token")
        if not self.busy and request.method == "GET":
            self._run_what_waits()
        if request.path == "/api/version":
            return Reply(document={"version": "4", "ray_version": "2.60.0", "session_name": "session"})
        if request.path == "/api/jobs/" and request.method == "POST":
            return self._submitted(request.document)
        named = re.fullmatch(r"/api/jobs/([^/]+)(/stop)?", request.path)
        if named is None:
            return Reply(404, text="404: Not Found")
        if named[1] not in self.jobs:
            return Reply(404, text=f"Job {named[1]} does not exist")
        return self._stopped(self.jobs[named[1]]) if named[2] else Reply(document=self._shown(named[1]))

    def _submitted(self, asked: Any) -> Reply:
        if problem := self._problem(asked):
            return Reply(400, text=_traceback(asked, problem))
        name = asked["submission_id"]
        if name in self.jobs:
            return Reply(500, text=_traceback(asked, f"ValueError: Job with submission_id {name} already exists."))
        self.submit(name, asked.get("metadata") or {}, asked)
        return Reply(document={"job_id": name, "submission_id": name})

    def _problem(self, asked: Any) -> str | None:
        if "entrypoint" not in asked:
            return "TypeError: __init__() missing 1 required positional argument: 'entrypoint'"
        for name, value in asked.items():
            if name not in self.fields:
                return f"TypeError: __init__() got an unexpected keyword argument '{name}'"
            if not isinstance(value, self.fields[name]):
                return f"TypeError: {name} must be another type, got {type(value)}"
        if not all(isinstance(value, str) for value in (asked.get("metadata") or {}).values()):
            return "TypeError: metadata values must be strings"
        return None

    def _stopped(self, job: Job) -> Reply:
        if job.status in OVER:
            return Reply(document={"stopped": False})
        if job.status == "RUNNING" and not self.stubborn:
            self._ended(job, "STOPPED")
        # One that waits is stopped by what would run it, so not before it has its turn.
        job.told_to_stop = not self.stubborn
        return Reply(document={"stopped": True})

    def _shown(self, name: str) -> Any:
        job = self.jobs[name]
        return {
            "type": "SUBMISSION",
            "job_id": None,
            "submission_id": name,
            "driver_info": None,
            "status": job.status,
            "entrypoint": job.asked["entrypoint"],
            "message": f"Job entrypoint command failed, last available logs:\n{job.variables}",
            "error_type": job.error,
            "start_time": _milliseconds(job.submitted),
            "end_time": _milliseconds(job.ended),
            "metadata": job.metadata or None,
            "runtime_env": job.asked.get("runtime_env"),
            "driver_agent_http_address": None,
            "driver_node_id": None,
            "driver_exit_code": job.exit_code,
        }


def _traceback(asked: Any, problem: str) -> str:
    # As it does: the whole of it, with what was sent.
    return f"Traceback (most recent call last):\n  File 'job_head.py'\n    {asked}\n{problem}\n"


def _milliseconds(moment: datetime | None) -> int | None:
    return int(moment.timestamp() * 1000) if moment else None
