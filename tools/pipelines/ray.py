"""Runs training as a job of a Ray cluster, through its Jobs API. A job is known by its submission id, made of the key.

Ray itself refuses a second job of one id, also after the first has ended. What a job is told stands in its environment:
the command, which goes to a shell, is the owner's and nothing is ever written into it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from time import sleep
from typing import Annotated, Any, Literal

from pydantic import Field

from graph.errors import AutopilotError, Misconfigured, Refused
from graph.model import JobState, Json, TrainingJob, TrainingOrder
from graph.policy.outcomes import ACTIVE
from tools.pipelines.contract import parameters
from tools.pipelines.elsewhere import Elsewhere
from tools.pipelines.remote import Answer, Remote, Unclear, bearer
from tools.pipelines.remote_job import PAUSES_S, Deadlines, RemotePipeline, Seen, between
from tools.plugins import Finding, PipelinePlugin, Site
from tools.skew import clock

KIND = "ray"
KEY = "autopilot.key"
"""In the metadata of a job."""

_STATES: dict[str, JobState] = {
    "PENDING": "queued",
    "RUNNING": "running",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "STOPPED": "cancelled",
}
# Its own message ends with what the job wrote, or with a traceback: neither is for our rows.
_ERRORS = {
    "RUNTIME_ENV_SETUP_FAILURE": "its runtime_env could not be set up",
    "JOB_SUPERVISOR_ACTOR_START_TIMEOUT": "it never got its turn, and Ray gave it up",
    "JOB_SUPERVISOR_ACTOR_START_FAILURE": "Ray could not start it: is its runtime_env right?",
    "JOB_SUPERVISOR_ACTOR_UNSCHEDULABLE": "no node can give it what it asks for",
    "JOB_SUPERVISOR_ACTOR_DIED": "its node or its supervisor died",
    "JOB_ENTRYPOINT_COMMAND_START_ERROR": "its entrypoint could not be started",
}
_TOKEN = "set AUTOPILOT_RAY_TOKEN to the cluster's RAY_AUTH_TOKEN"  # noqa: S105 - a variable's name
_NO_ENTRY = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


def submission_id(key: str) -> str:
    """Return the id of the job of this key: fit for an address and the name of a file, and another for every key."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", key).strip("-")[:80]
    return f"autopilot-{readable}-{sha256(key.encode()).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class Entrypoint:
    """The owner's shell command, the environment it is run in, and what the cluster reserves for it."""

    command: str
    runtime_env: Mapping[str, Any] = field(default_factory=dict)
    num_cpus: float | None = None
    num_gpus: float | None = None
    resources: Mapping[str, float] = field(default_factory=dict)


class RayPipeline(RemotePipeline):
    """Jobs of one entrypoint on one cluster."""

    kind = KIND

    def __init__(
        self,
        remote: Remote,
        entrypoint: Entrypoint,
        deadlines: Deadlines,
        pauses_s: Sequence[float] = PAUSES_S,
        sleep: Callable[[float], None] = sleep,
    ) -> None:
        super().__init__(remote, deadlines, pauses_s, sleep)
        self._entrypoint = entrypoint

    def examine(self, now: datetime) -> list[Finding]:
        """Return what `doctor` shows of cluster and token. Nothing is changed there."""
        try:
            with self._known_form():
                answer = self._remote.get("/api/version", known=_NO_ENTRY)
                if answer.status in _NO_ENTRY:
                    return [Finding("failed", f"answers {self._remote.said(answer)}", _TOKEN)]
                version = self._remote.one_line(answer.document()["ray_version"])
                return [Finding("ok", f"reached, Ray {version}"), self._guarded(), clock(answer.at, now)]
        except AutopilotError as error:
            return [Finding("failed", error.message, error.hint)]

    def _guarded(self) -> Finding:
        """Tell whether the cluster lets in who has no token. Ray knows no lesser right than to run anything."""
        if self._remote.get("/api/version", login={}, known=_NO_ENTRY).is_success:
            return Finding(
                "warning",
                "asks nobody for a token: whoever reaches it can run any code there",
                "start it with RAY_AUTH_MODE=token, and let nothing but training run on it",
            )
        return Finding("ok", "the token is valid; it allows everything there, so the cluster must be for training only")

    def _look(self, key: str) -> Seen | None:
        number = submission_id(key)
        answer = self._remote.get(f"/api/jobs/{number}", known=(HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN))
        if answer.status == HTTPStatus.NOT_FOUND and f"{number} does not exist".encode() in answer.body:
            return None
        if not answer.is_success:
            raise self._shut_out(answer)
        return self._seen(answer, key)

    def _seen(self, answer: Answer, key: str) -> Seen:
        document = answer.document()
        if (document["metadata"] or {}).get(KEY) != key:
            raise Misconfigured(
                self._remote.words(f"has a job {submission_id(key)} that does not name {key} as its {KEY}"),
                "somebody else started it: delete it there, then repeat the command",
            )
        job = self._job(document, key)
        # There is one time for both: when it was submitted. What it waited counts as if it had run.
        last = answer.at if job.state in ACTIVE else _moment(document["end_time"])
        age = between(_moment(document["start_time"]), last)
        return Seen(job, queued=age) if job.state == "queued" else Seen(job, ran=age)

    def _job(self, document: Json, key: str) -> TrainingJob:
        number, status = submission_id(key), str(document["status"])
        # A status that is not known here is no end: the job ends, or its deadline ends it.
        state = _STATES.get(status, "running")
        return self._described(number, key, state, f"job {number} is {status}{_note(document)}")

    def _described(self, number: str, key: str, state: JobState, detail: str) -> TrainingJob:
        return TrainingJob(number, key, KIND, state, detail, f"{self._remote.url}/#/jobs/{number}")

    def _require_ready(self, order: TrainingOrder) -> None:
        """What no node can give is waited for, since one may join; what Ray would change on the way is not sent."""
        changed = [name for name, value in parameters(order).items() if "$" in value]
        if changed:
            raise Refused(
                self._remote.words(f"replaces what begins with $ in {', '.join(changed)}"), "take $ out of the name"
            )

    def _send(self, order: TrainingOrder) -> TrainingJob:
        number = submission_id(order.key)
        answer = self._remote.post("/api/jobs/", document=self._request(order))
        if answer.is_success and (answer.document() or {}).get("submission_id") == number:
            return self._described(number, order.key, "queued", f"job {number} was just submitted")
        if answer.status == HTTPStatus.FORBIDDEN:
            raise self._shut_out(answer)
        if HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Refused(
                self._remote.words(f"takes no job: {self._remote.said(answer)}"),
                "correct pipeline.runtime_env, num_cpus, num_gpus or resources; is it Ray 2 with its Jobs API?",
            )
        raise Unclear(self._remote.words(f"answers {answer.status} without the job that it made"))

    def _request(self, order: TrainingOrder) -> Json:
        entry = self._entrypoint
        variables = {**(entry.runtime_env.get("env_vars") or {}), **parameters(order)}
        reserved = {"entrypoint_num_cpus": entry.num_cpus, "entrypoint_num_gpus": entry.num_gpus}
        return {
            "submission_id": submission_id(order.key),
            "entrypoint": entry.command,
            "metadata": {KEY: order.key},
            "runtime_env": {**entry.runtime_env, "env_vars": variables},
            **{name: amount for name, amount in reserved.items() if amount is not None},
            **({"entrypoint_resources": dict(entry.resources)} if entry.resources else {}),
        }

    def _stop(self, job: TrainingJob) -> None:
        # One that waits is stopped when its turn comes, or given up by Ray itself; until then it is said to wait.
        answer = self._remote.post(f"/api/jobs/{job.id}/stop")
        if answer.status == HTTPStatus.FORBIDDEN:
            raise self._shut_out(answer)

    def _shut_out(self, answer: Answer) -> Misconfigured:
        if answer.status == HTTPStatus.FORBIDDEN:
            return Misconfigured(self._remote.words(f"answers {self._remote.said(answer)}"), _TOKEN)
        return self._remote.unreadable(answer)


def _note(document: Json) -> str:
    """Return what the state alone does not say."""
    if document["status"] == "PENDING":
        return "; it waits for its turn, and is stopped only when that comes"
    if document["status"] != "FAILED":
        return ""
    code, error = document["driver_exit_code"], document["error_type"]
    return f"; exit code {code}" if code is not None else f"; {_ERRORS.get(error, error)}"


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


class RayJob(Elsewhere):
    """A job of a Ray cluster: the command that trains, the environment it runs in, what the cluster reserves for it."""

    kind: Literal["ray"]
    entrypoint: Annotated[str, Field(min_length=1)]
    runtime_env: dict[str, Any] = Field(default_factory=dict)
    num_cpus: Annotated[float, Field(ge=0)] | None = None
    num_gpus: Annotated[float, Field(ge=0)] | None = None
    resources: dict[str, float] = Field(default_factory=dict)


LOGIN = "AUTOPILOT_RAY_TOKEN"


def make(part: RayJob, site: Site) -> RayPipeline:
    """Return the pipeline. There are clusters without a token, so none is asked for."""
    token = site.optional_token(LOGIN)
    remote = part.remote(site, "Ray", bearer(token), (token,) if token else ())
    entry = Entrypoint(part.entrypoint, part.runtime_env, part.num_cpus, part.num_gpus, part.resources)
    return RayPipeline(remote, entry, part.deadlines)


PIPELINE = PipelinePlugin(RayJob, make, lambda part, site, now: make(part, site).examine(now), (LOGIN,))
