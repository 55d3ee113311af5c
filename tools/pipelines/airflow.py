"""Runs training as an Airflow DAG, over REST API v2 (Airflow 3). The key is the id of the run of the DAG.

Airflow refuses a second run of an id (409), so that the key is unique there, too.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from http import HTTPStatus
from time import sleep
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import Field

from graph.errors import Misconfigured, Refused
from graph.model import JobState, Json, TrainingJob, TrainingOrder
from graph.policy.outcomes import ACTIVE
from tools.pipelines import airflow_rights
from tools.pipelines.airflow_login import AirflowRemote, Password, Token
from tools.pipelines.contract import parameters
from tools.pipelines.elsewhere import Elsewhere
from tools.pipelines.remote import Answer, Unclear
from tools.pipelines.remote_job import PAUSES_S, Deadlines, RemotePipeline, Seen, between
from tools.plugins import Finding, PipelinePlugin, Site

KIND = "airflow"
KEY = "AUTOPILOT_KEY"
STOPPED = "Stopped by Autopilot."
"""A line of a run's note. Airflow has no state for it: what was stopped has failed there."""

_LONGEST_NOTE = 1000
_STATES: dict[str, JobState] = {
    "queued": "queued",
    "running": "running",
    "success": "succeeded",
    "failed": "failed",
}
_EXAMPLE = "examples/pipelines/airflow_dag.py"


class AirflowPipeline(RemotePipeline):
    """A DAG, by its id. It must take the parameters of the training contract as the conf of its runs."""

    kind = KIND

    def __init__(
        self,
        remote: AirflowRemote,
        dag: str,
        deadlines: Deadlines,
        pauses_s: Sequence[float] = PAUSES_S,
        sleep: Callable[[float], None] = sleep,
    ) -> None:
        super().__init__(remote, deadlines, pauses_s, sleep)
        self._dag = dag
        self._path = f"/api/v2/dags/{quote(dag, safe='')}"

    def examine(self, now: datetime) -> Iterator[Finding]:
        """Yield what is right and wrong there: scheduler, DAG, rights, clock. Starts nothing.

        `now` is our clock. Raises what any request raises: nobody there, a login that is not taken.
        """
        with self._known_form():
            yield from airflow_rights.examine(self._remote, self._dag, now)

    def _look(self, key: str) -> Seen | None:
        answer = self._run(key)
        return None if answer is None or not _is_ours(answer.document(), key) else self._seen(answer, key)

    def _run(self, key: str) -> Answer | None:
        """Return Airflow's answer about the run of this id, None when it says that there is none."""
        answer = self._remote.get(self._of(key), known=(HTTPStatus.NOT_FOUND,))
        if answer.status != HTTPStatus.NOT_FOUND:
            return answer
        document = answer.document()
        if isinstance(document, dict) and key in str(document.get("detail")):
            return None
        raise Misconfigured(
            self._remote.words(f"answers {self._remote.said(answer)} where it should know its runs"),
            "check pipeline.url: is it Airflow 3?",
        )

    def _of(self, key: str) -> str:
        return f"{self._path}/dagRuns/{quote(key, safe='')}"

    def _seen(self, answer: Answer, key: str) -> Seen:
        run = answer.document()
        job = self._job(run, key)
        begun, queued = _moment(run["start_date"]), _moment(run["queued_at"] or run["run_after"])
        last = answer.at if job.state in ACTIVE else _moment(run["end_date"])
        if begun is None:
            return Seen(job, queued=between(queued, last))
        return Seen(job, ran=between(begun, last))

    def _job(self, run: Json, key: str) -> TrainingJob:
        # A state that is not known here is no end: the run ends, or its deadline ends it.
        state = _STATES.get(run["state"], "running")
        detail = f"run {key} of {self._dag} is {self._remote.one_line(run['state'])}"
        # One that is stopped before its task began may end as a success there: all of its tasks were skipped.
        if state in ("succeeded", "failed") and STOPPED in (run["note"] or ""):
            state, detail = "cancelled", f"{detail}; it was told to stop"
        elif state == "failed":
            detail += self._which_tasks(key)
        log = f"{self._remote.url}/dags/{quote(self._dag, safe='')}/runs/{quote(key, safe='')}"
        return TrainingJob(key, key, KIND, state, detail, log)

    def _which_tasks(self, key: str) -> str:
        """Name the tasks that failed, where we may see tasks."""
        lacking = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
        answer = self._remote.get(f"{self._of(key)}/taskInstances", {"state": "failed"}, known=lacking)
        tasks = answer.document()["task_instances"] if answer.is_success else []
        named = ", ".join(sorted({self._remote.one_line(task["task_id"]) for task in tasks}))
        return f"; task {named} failed" if named else ""

    def _require_ready(self, order: TrainingOrder) -> None:
        answer = self._remote.get(self._path, known=(HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND))
        problem = airflow_rights.problem_of(self._remote, answer, self._dag)
        if problem is not None:
            raise Refused(problem.detail, problem.hint)

    def _send(self, order: TrainingOrder) -> TrainingJob:
        # It may be null, not absent; and null is the only one that two runs of a DAG may share.
        sent = {"dag_run_id": order.key, "logical_date": None, "conf": parameters(order)}
        answer = self._remote.post(f"{self._path}/dagRuns", document=sent)
        if HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            self._raise_refusal(answer, order.key)
        if not answer.is_success:
            raise Unclear(self._remote.words(f"answers {answer.status} where it should show what it started"))
        return self._job(answer.document(), order.key)

    def _raise_refusal(self, answer: Answer, key: str) -> None:
        said = self._remote.words(f"starts no run of {self._dag}: {self._remote.said(answer)}")
        if answer.status == HTTPStatus.FORBIDDEN:
            raise Refused(said, airflow_rights.TO_START)
        if answer.status == HTTPStatus.NOT_FOUND:
            raise Refused(said, "correct pipeline.dag, or bring the DAG back")
        if answer.status == HTTPStatus.CONFLICT:
            # What is ours is adopted, whatever refuses it.
            theirs = self._remote.words(f"has a run {key} of {self._dag} that was started for something else")
            raise Refused(theirs, "delete that run there, or keep people from naming runs so")
        raise Refused(said, f"correct the params of {self._dag}: {_EXAMPLE} has the six, all of them text")

    def _stop(self, job: TrainingJob) -> None:
        answer = self._run(job.key)
        # What has ended meanwhile would be turned into a failure.
        if answer is None or _STATES.get(answer.document()["state"]) in ("succeeded", "failed"):
            return
        document = {"state": "failed", "note": _stopped(answer.document()["note"])}
        answer = self._remote.post(self._of(job.key), document=document, method="PATCH")
        if answer.status in (HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY):
            raise Misconfigured(
                self._remote.words(f"does not let us stop {job.key} ({job.detail}): {self._remote.said(answer)}"),
                f"{airflow_rights.TO_STOP}, or mark it failed by hand: {job.log}",
            )


def _is_ours(run: Json, key: str) -> bool:
    """An id can be typed in by anybody; what was ordered under it says whose it is."""
    return bool((run["conf"] or {}).get(KEY) == key)


def _stopped(note: str | None) -> str:
    """Return the note with our line first, so that what others wrote is kept as far as there is room."""
    return f"{STOPPED}\n{note or ''}".strip()[:_LONGEST_NOTE]


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


class AirflowDag(Elsewhere):
    """An Airflow DAG, by its id."""

    kind: Literal["airflow"]
    dag: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,250}$")]


_USER, _PASSWORD, _TOKEN = LOGINS = (
    "AUTOPILOT_AIRFLOW_USER",
    "AUTOPILOT_AIRFLOW_PASSWORD",
    "AUTOPILOT_AIRFLOW_TOKEN",
)


def make(part: AirflowDag, site: Site) -> AirflowPipeline:
    """Return the pipeline. Misconfigured without a login."""
    ca = site.folder / part.ca if part.ca else None
    remote = AirflowRemote(site.model, part.url, _credential(site), site.limiter, ca)
    return AirflowPipeline(remote, part.dag, part.deadlines)


def _credential(site: Site) -> Token | Password:
    token = site.optional_token(_TOKEN)
    if token:
        return Token(token)
    user, password = site.logins.get(_USER), site.logins.get(_PASSWORD)
    if user and password:
        return Password(user, password)
    raise Misconfigured(f"{site.model}: neither {_TOKEN} nor {_USER} and {_PASSWORD} are set", "set one of the two")


PIPELINE = PipelinePlugin(AirflowDag, make, lambda part, site, now: make(part, site).examine(now), LOGINS)
