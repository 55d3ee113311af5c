"""Runs training as a GitLab pipeline. It is known by its name, which .gitlab-ci.yml makes of AUTOPILOT_KEY.

GitLab keeps no key of its own and starts a second pipeline for a second request: the name is looked for first.
Three tokens, each for one duty: one that reads, one that starts, and, where runs may be cancelled, one that stops.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from http import HTTPStatus
from time import sleep
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import Field

from graph.errors import Misconfigured, Refused, Unavailable
from graph.model import JobState, Json, TrainingJob, TrainingOrder
from graph.policy.outcomes import ACTIVE
from tools.pipelines.contract import parameters
from tools.pipelines.elsewhere import Elsewhere
from tools.pipelines.remote import Answer, Remote, Unclear
from tools.pipelines.remote_job import PAUSES_S, Deadlines, RemotePipeline, Seen, between
from tools.plugins import Finding, PipelinePlugin, Site
from tools.skew import clock

KIND = "gitlab"
Given = Literal["inputs", "variables"]
_SOON = timedelta(days=14)

_STATES: dict[str, JobState] = {
    "created": "queued",
    "waiting_for_resource": "queued",
    "waiting_for_callback": "queued",
    "preparing": "queued",
    "pending": "queued",
    "scheduled": "queued",
    # It waits for a person, for as long as the deadline lets it.
    "manual": "queued",
    "running": "running",
    "canceling": "running",
    "success": "succeeded",
    "failed": "failed",
    # Its rules left nothing to run.
    "skipped": "failed",
    "canceled": "cancelled",
}
_NOTES = {
    "manual": "; it waits for a person to start a manual job",
    "canceling": "; it was told to stop",
    "skipped": "; nothing in it ran",
}
_NAMED = (
    "its .gitlab-ci.yml must name the pipeline by the key (workflow: name:), as in examples/pipelines/gitlab-ci.yml;"
    " GitLab 16.9 or newer"
)


def login(token: str) -> dict[str, str]:
    """Return the header of a project access token."""
    return {"PRIVATE-TOKEN": token}


@dataclass(frozen=True, slots=True)
class Tokens:
    """What starts pipelines, and what stops them where anything may."""

    trigger: str = field(repr=False)
    cancel: str | None = field(default=None, repr=False)


class GitLabPipeline(RemotePipeline):
    """A project's pipeline on one branch or tag. `given` says how the training contract is handed over."""

    kind = KIND

    def __init__(
        self,
        remote: Remote,
        project: str,
        ref: str,
        tokens: Tokens,
        deadlines: Deadlines,
        given: Given = "inputs",
        pauses_s: Sequence[float] = PAUSES_S,
        sleep: Callable[[float], None] = sleep,
    ) -> None:
        super().__init__(remote, deadlines, pauses_s, sleep)
        self._project = project
        self._ref = ref
        self._tokens = tokens
        self._given = given
        self._path = f"/api/v4/projects/{quote(project.strip('/'), safe='')}"

    def examine(self, now: datetime) -> Iterator[Finding]:
        """Look at the project and at each token but the one that starts: that one is good for nothing else."""
        answer = self._remote.get(f"{self._path}/pipelines?per_page=1")
        version = self._remote.ask("/api/v4/version").document()
        named = (
            self._remote.one_line(str(version.get("version"))) if isinstance(version, dict) else "of unknown version"
        )
        yield Finding("ok", f"GitLab {named} at {self._remote.url} shows the pipelines of {self._project}")
        yield clock(answer.at, now)
        yield from self._token("AUTOPILOT_GITLAB_TOKEN", None, "read_api", now)
        if self._tokens.cancel:
            yield from self._token("AUTOPILOT_GITLAB_CANCEL_TOKEN", login(self._tokens.cancel), "api", now)

    def _token(self, variable: str, header: dict[str, str] | None, needed: str, now: datetime) -> Iterator[Finding]:
        """Ask a token what it may do, and until when."""
        answer = self._remote.ask("/api/v4/personal_access_tokens/self", header)
        known = answer.document()
        if not answer.is_success or not isinstance(known, dict):
            yield Finding("failed", f"{variable}: {self._remote.said(answer)}", "make a new project access token")
            return
        hint = f"make one with scope {needed} alone"
        scopes, until = sorted(known.get("scopes") or []), known.get("expires_at")
        if needed not in scopes and "api" not in scopes:
            yield Finding(
                "failed", f"{variable} lacks scope {needed}; it has {scopes}", f"make one with {needed} alone"
            )
        elif scopes != [needed]:
            yield Finding("warning", f"{variable} may do more than it needs: {', '.join(scopes)}", hint)
        else:
            yield Finding("ok", f"{variable} has scope {needed} and no other")
        if until and date.fromisoformat(until) - now.date() < _SOON:
            yield Finding("warning", f"{variable} expires on {until}", "make a new one before that")

    def _look(self, key: str) -> Seen | None:
        wanted = {"name": key, "source": "trigger", "per_page": "100"}
        listed = self._remote.get(f"{self._path}/pipelines", wanted).document()
        if not isinstance(listed, list):
            raise Unavailable(self._remote.words("answers without a list of pipelines"), "check pipeline.url")
        # An older GitLab knows no search by name and lists them all.
        if any("name" not in each for each in listed):
            raise Misconfigured(self._remote.words(f"shows no names of the pipelines of {self._project}"), _NAMED)
        named = [int(each["id"]) for each in listed if each["name"] == key]
        return self._seen(min(named), key) if named else None

    def _seen(self, number: int, key: str) -> Seen:
        answer = self._remote.get(f"{self._path}/pipelines/{number}")
        pipeline = answer.document()
        job = self._job(pipeline, key)
        begun = _moment(pipeline.get("started_at"))
        # One that goes on after a pause keeps the end of what went before.
        last = answer.at if job.state in ACTIVE else _moment(pipeline.get("finished_at"))
        if begun is None:
            return Seen(job, queued=between(_moment(pipeline["created_at"]), last))
        return Seen(job, ran=between(begun, last))

    def _job(self, pipeline: Json, key: str) -> TrainingJob:
        number, status = pipeline["id"], str(pipeline["status"])
        problem = f"; {self._remote.one_line(pipeline['yaml_errors'])}" if pipeline.get("yaml_errors") else ""
        # A status that is not known here is no end: the pipeline ends, or its deadline ends it.
        state = _STATES.get(status, "running")
        detail = f"pipeline {number} is {status}{_NOTES.get(status, '')}{problem}"
        return TrainingJob(str(number), key, KIND, state, detail, pipeline.get("web_url"))

    def _require_ready(self, order: TrainingOrder) -> None:
        """Nothing can be seen beforehand: GitLab reads the branch and its rules when it is asked to start."""

    def _send(self, order: TrainingOrder) -> TrainingJob:
        # In the body: an address is written into access logs.
        contract = {f"{self._given}[{name}]": value for name, value in parameters(order).items()}
        data = {"token": self._tokens.trigger, "ref": self._ref, **contract}
        answer = self._remote.post(f"{self._path}/trigger/pipeline", data, login={})
        if answer.status != HTTPStatus.CREATED:
            self._raise_refusal(answer)
        pipeline = answer.document()
        if not isinstance(pipeline, dict) or not isinstance(pipeline.get("id"), int):
            raise Unclear(self._remote.words("answers 201 without the pipeline that it made"))
        return self._named(pipeline["id"], order)

    def _named(self, number: int, order: TrainingOrder) -> TrainingJob:
        """Return the pipeline as it is kept. Refused when it cannot be found again by the key."""
        pipeline = self._remote.get(f"{self._path}/pipelines/{number}").document()
        if pipeline.get("name") != order.key:
            raise Refused(
                self._remote.words(f"started pipeline {number} of {self._project} under another name than {order.key}"),
                f"stop it by hand: {pipeline.get('web_url')}; {_NAMED}",
            )
        return self._job(pipeline, order.key)

    def _raise_refusal(self, answer: Answer) -> None:
        said = self._remote.words(f"starts no pipeline of {self._project} on {self._ref}: {self._remote.said(answer)}")
        if answer.status == HTTPStatus.NOT_FOUND:
            raise Refused(said, "correct pipeline.project, or AUTOPILOT_GITLAB_TRIGGER_TOKEN: is it this project's?")
        if answer.status == HTTPStatus.FORBIDDEN:
            raise Refused(said, f"whoever made the trigger token needs the right to run pipelines on {self._ref}")
        if HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Refused(
                said,
                "correct pipeline.ref, or in .gitlab-ci.yml the rules and the six inputs:"
                " examples/pipelines/gitlab-ci.yml has them",
            )
        raise Unclear(self._remote.words(f"answers {answer.status} where it should say what it started"))

    def _stop(self, job: TrainingJob) -> None:
        if self._tokens.cancel is None:
            raise Misconfigured(
                self._remote.words(f"must stop {job.key} ({job.detail}), and no token of ours may"),
                f"stop it by hand: {job.log}; or set AUTOPILOT_GITLAB_CANCEL_TOKEN",
            )
        path = f"{self._path}/pipelines/{job.id}/cancel"
        answer = self._remote.post(path, {}, login=login(self._tokens.cancel))
        # 200 says nothing: it is the answer for every state. What became of it is looked for.
        if answer.status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
            raise Misconfigured(
                self._remote.words(f"does not let us stop {job.key} ({job.detail}): {self._remote.said(answer)}"),
                f"AUTOPILOT_GITLAB_CANCEL_TOKEN needs scope api and role Developer; or stop it by hand: {job.log}",
            )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


class GitLabProject(Elsewhere):
    """A GitLab project, by its path or number, and the branch or tag whose .gitlab-ci.yml trains."""

    kind: Literal["gitlab"]
    project: Annotated[str, Field(min_length=1)]
    ref: Annotated[str, Field(min_length=1)] = "main"
    parameters: Given = "inputs"


_READS, _STARTS, _STOPS = LOGINS = (
    "AUTOPILOT_GITLAB_TOKEN",
    "AUTOPILOT_GITLAB_TRIGGER_TOKEN",
    "AUTOPILOT_GITLAB_CANCEL_TOKEN",
)


def make(part: GitLabProject, site: Site) -> GitLabPipeline:
    """Return the pipeline. Misconfigured without the tokens that read and start."""
    reads, starts = site.token(_READS), site.token(_STARTS)
    stops = site.optional_token(_STOPS)
    remote = part.remote(site, "GitLab", login(reads), (reads, starts, *([stops] if stops else [])))
    return GitLabPipeline(remote, part.project, part.ref, Tokens(starts, stops), part.deadlines, part.parameters)


PIPELINE = PipelinePlugin(GitLabProject, make, lambda part, site, now: make(part, site).examine(now), LOGINS)
