"""Runs training as a run of a pipeline in Kubeflow Pipelines (v2). It is known by its name, inside one experiment.

Kubeflow keeps no key of its own and starts a second run for a second request, so the name is looked for first. To a
request with an unknown pipeline it answers 500, which says nothing: all that it will be asked for is looked up before.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from time import sleep
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import Field

from graph.errors import AutopilotError, Misconfigured, Refused, Unavailable
from graph.model import JobState, Json, TrainingJob, TrainingOrder
from graph.policy.outcomes import ACTIVE
from tools.pipelines.contract import parameters
from tools.pipelines.elsewhere import Elsewhere
from tools.pipelines.kubeflow_spec import unmet
from tools.pipelines.remote import Answer, Remote, Unclear, bearer
from tools.pipelines.remote_job import PAUSES_S, Deadlines, RemotePipeline, Seen, between
from tools.plugins import Finding, PipelinePlugin, Site
from tools.skew import clock

KIND = "kubeflow"
KEY = "AUTOPILOT_KEY"

_API = "/apis/v2beta1"
_PAGE = 200
_MOST_PAGES = 25
_STATES: dict[str, JobState] = {
    "RUNTIME_STATE_UNSPECIFIED": "queued",
    "PENDING": "queued",
    "RUNNING": "running",
    # It goes on when a person says so, or its deadline ends it.
    "PAUSED": "running",
    "CANCELING": "running",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    # Nothing in it ran.
    "SKIPPED": "failed",
    "CANCELED": "cancelled",
}
_NOTES = {"CANCELING": "; it was told to stop", "PAUSED": "; somebody paused it", "SKIPPED": "; nothing in it ran"}
_RIGHTS = "docs/pipelines.md lists the rights that its service account needs in the namespace"


@dataclass(frozen=True, slots=True)
class Place:
    """What is run and where, by the names that Kubeflow shows. Without a version it is the newest one."""

    experiment: str
    pipeline: str
    version: str | None = None
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class _Target:
    """The same by Kubeflow's ids."""

    experiment: str
    pipeline: str
    version: str


class KubeflowPipeline(RemotePipeline):
    """Runs of one pipeline in one experiment. The pipeline must declare the six inputs of the training contract."""

    kind = KIND

    def __init__(
        self,
        remote: Remote,
        place: Place,
        deadlines: Deadlines,
        pauses_s: Sequence[float] = PAUSES_S,
        sleep: Callable[[float], None] = sleep,
    ) -> None:
        super().__init__(remote, deadlines, pauses_s, sleep)
        self._place = place
        self._target: _Target | None = None

    def examine(self, now: datetime) -> list[Finding]:
        """Return what `doctor` shows of server, token, rights and pipeline. Nothing is changed there."""
        try:
            with self._known_form():
                answer = self._remote.get(f"{_API}/healthz")
                release = self._remote.one_line(str(answer.document().get("tag_name", "it does not tell its release")))
                found = [Finding("ok", f"reached; {release}"), self._guarded(answer), clock(answer.at, now)]
        except AutopilotError as error:
            return [Finding("failed", error.message, error.hint)]
        try:
            with self._known_form():
                self._named_runs(self._resolved().experiment, "autopilot")
        except AutopilotError as error:
            return [*found, Finding("failed", error.message, error.hint)]
        said = f"{self._place.pipeline} is there with the six inputs, and runs in {self._place.experiment} can be seen"
        return [*found, Finding("ok", f"{said}; whether they can be started and stopped shows when it is done")]

    def _guarded(self, answer: Answer) -> Finding:
        """Tell whether the installation knows rights at all."""
        if answer.document().get("multi_user"):
            return Finding("ok", "is for several users: the token counts, and its rights")
        return Finding(
            "warning",
            "is for a single user and asks for no right: whoever reaches it can run any code there",
            "keep it behind a network policy or a proxy that asks for a login, and for training only",
        )

    def _look(self, key: str) -> Seen | None:
        experiment = self._id_of("experiments", self._place.experiment, "experiment_id", self._in_namespace())
        if experiment is None:
            return None
        answer, runs = self._named_runs(experiment, key)
        if not runs:
            return None
        return self._seen(min(runs, key=lambda run: (run["created_at"], run["run_id"])), key, answer)

    def _named_runs(self, experiment: str, key: str) -> tuple[Answer, list[Json]]:
        wanted = {"experiment_id": experiment, "sort_by": "created_at asc", "filter": _named(key)}
        answer, runs = self._listed("runs", wanted)
        return answer, [run for run in runs if _is_named(run, key) and run.get("experiment_id") == experiment]

    def _listed(self, what: str, wanted: dict[str, str]) -> tuple[Answer, list[Json]]:
        """Return all pages, and the answer that brought the last one."""
        found: list[Json] = []
        for answer in self._pages(what, {**wanted, "page_size": str(_PAGE)}):
            found += answer.document().get(what.rpartition("/")[2].replace("versions", "pipeline_versions"), [])
        return answer, found

    def _pages(self, what: str, wanted: dict[str, str]) -> Iterator[Answer]:
        token = ""
        for _ in range(_MOST_PAGES):
            answer = self._remote.get(f"{_API}/{what}", {**wanted, "page_token": token} if token else wanted)
            yield answer
            token = answer.document().get("next_page_token", "")
            if not token:
                return
        raise Unavailable(self._remote.words(f"never comes to an end of its {what}"), "check pipeline.url")

    def _id_of(self, what: str, name: str, field: str, wanted: dict[str, str]) -> str | None:
        """Return the id of what has exactly this name, None when there is none."""
        _, found = self._listed(what, {**wanted, "filter": _named(name)})
        return next((str(each[field]) for each in found if each.get("display_name") == name), None)

    def _in_namespace(self) -> dict[str, str]:
        return {"namespace": self._place.namespace} if self._place.namespace else {}

    def _seen(self, run: Json, key: str, answer: Answer) -> Seen:
        job = self._job(run, key)
        created, begun = _moment(run["created_at"]), _begun(run)
        last = answer.at if job.state in ACTIVE else _moment(run.get("finished_at"))
        if begun is None and job.state in ("queued", "cancelled"):
            return Seen(job, queued=between(created, last))
        return Seen(job, ran=between(begun or created, last))

    def _job(self, run: Json, key: str) -> TrainingJob:
        number, status = run["run_id"], run.get("state", "RUNTIME_STATE_UNSPECIFIED")
        said = self._remote.one_line(str((run.get("error") or {}).get("message", "")))
        # A status that is not known here is no end: the run ends, or its deadline ends it.
        state: JobState = _STATES.get(status, "running")
        detail = f"run {number} is {status}{_NOTES.get(status, '')}" + (f"; {said}" if said else "")
        return TrainingJob(str(number), key, KIND, state, detail, f"{self._remote.url}/#/runs/details/{number}")

    def _require_ready(self, order: TrainingOrder) -> None:
        self._target = self._resolved()

    def _resolved(self) -> _Target:
        """Return the ids of what is named. Refused when something is not there or takes other inputs."""
        place, within = self._place, self._in_namespace()
        experiment = self._id_of("experiments", place.experiment, "experiment_id", within)
        if experiment is None:
            raise self._unknown(f"experiment {place.experiment}", "create it there, or correct pipeline.experiment")
        # One that all may use is in no namespace.
        pipeline = self._id_of("pipelines", place.pipeline, "pipeline_id", within)
        if pipeline is None and within:
            pipeline = self._id_of("pipelines", place.pipeline, "pipeline_id", {})
        if pipeline is None:
            raise self._unknown(f"pipeline {place.pipeline}", "upload it there, or correct pipeline.pipeline")
        version = self._version_of(pipeline)
        problem = unmet(version)
        if problem:
            raise Refused(
                self._remote.words(f"runs {place.pipeline} with other inputs than ours: {problem}"),
                "declare the six inputs as text: examples/pipelines/kubeflow_pipeline.py has them",
            )
        return _Target(experiment, pipeline, str(version["pipeline_version_id"]))

    def _version_of(self, pipeline: str) -> Json:
        path, name = f"pipelines/{quote(pipeline, safe='')}/versions", self._place.version
        if name is None:
            wanted = {"sort_by": "created_at desc", "page_size": "1"}
            found = self._remote.get(f"{_API}/{path}", wanted).document().get("pipeline_versions", [])
        else:
            found = [v for v in self._listed(path, {"filter": _named(name)})[1] if v.get("display_name") == name]
        if not found:
            raise self._unknown(f"version {name or 'at all'} of {self._place.pipeline}", "correct pipeline.version")
        return dict(found[0])

    def _unknown(self, what: str, hint: str) -> Refused:
        where = f" in namespace {self._place.namespace}" if self._place.namespace else ""
        return Refused(self._remote.words(f"has no {what}{where}"), hint)

    def _send(self, order: TrainingOrder) -> TrainingJob:
        target = self._target or self._resolved()
        reference = {"pipeline_id": target.pipeline, "pipeline_version_id": target.version}
        document = {
            "display_name": order.key,
            "experiment_id": target.experiment,
            "pipeline_version_reference": reference,
            "runtime_config": {"parameters": parameters(order)},
        }
        answer = self._remote.post(f"{_API}/runs", document=document)
        if answer.is_success:
            run = answer.document()
            if not isinstance(run, dict) or not run.get("run_id"):
                raise Unclear(self._remote.words(f"answers {answer.status} without the run that it made"))
            return self._job(run, order.key)
        said = self._remote.words(f"starts no run of {self._place.pipeline}: {self._remote.said(answer)}")
        if answer.status == HTTPStatus.FORBIDDEN:
            raise Refused(said, f"give the token's service account the right to create runs; {_RIGHTS}")
        if HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Refused(said, "see to the pipeline there: does it run with the six inputs by hand?")
        raise Unclear(self._remote.words(f"answers {answer.status} where it should say what it started"))

    def _stop(self, job: TrainingJob) -> None:
        answer = self._remote.post(f"{_API}/runs/{job.id}:terminate", document={})
        # 400 is the answer for one that has ended meanwhile. What became of it is looked for.
        if answer.status == HTTPStatus.FORBIDDEN:
            raise Misconfigured(
                self._remote.words(f"does not let us stop {job.key} ({job.detail}): {self._remote.said(answer)}"),
                f"give the token's service account the right to terminate runs, or stop it by hand: {job.log}",
            )


def _named(name: str) -> str:
    """Return the filter for a name. Kubeflow decodes it once more than it is encoded on the way."""
    predicate = {"key": "display_name", "operation": "EQUALS", "string_value": name}
    return quote(json.dumps({"predicates": [predicate]}), safe="")


def _is_named(run: Json, key: str) -> bool:
    """Its database may compare without case; and a run that was given another key logs nothing under ours."""
    given = ((run.get("runtime_config") or {}).get("parameters") or {}).get(KEY, key)
    return run.get("display_name") == key and given == key


def _begun(run: Json) -> datetime | None:
    passed = (each for each in run.get("state_history") or [] if each.get("state") == "RUNNING")
    return next((_moment(each.get("update_time")) for each in passed), None)


def _moment(text: str | None) -> datetime | None:
    """Return a time; what has not happened yet has the year 1970 there."""
    return datetime.fromisoformat(text) if text and not text.startswith("1970-") else None


class KubeflowRun(Elsewhere):
    """A run of a pipeline of Kubeflow Pipelines in an experiment, both by the names that Kubeflow shows."""

    kind: Literal["kubeflow"]
    experiment: Annotated[str, Field(min_length=1)]
    pipeline: Annotated[str, Field(min_length=1)]
    version: str | None = None
    """Left out: the newest."""
    namespace: str | None = None


LOGIN = "AUTOPILOT_KUBEFLOW_TOKEN"


def make(part: KubeflowRun, site: Site) -> KubeflowPipeline:
    """Return the pipeline. An installation for a single user has no token, so none is asked for."""
    token = site.optional_token(LOGIN)
    remote = part.remote(site, "Kubeflow", bearer(token), (token,) if token else ())
    place = Place(part.experiment, part.pipeline, part.version, part.namespace)
    return KubeflowPipeline(remote, place, part.deadlines)


PIPELINE = PipelinePlugin(KubeflowRun, make, lambda part, site, now: make(part, site).examine(now), (LOGIN,))
