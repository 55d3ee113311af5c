"""Runs training as a parameterised Jenkins job. A build is known by its parameter AUTOPILOT_KEY.

Jenkins keeps no key of its own: the parameter is looked for among what waits and among the job's builds.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from time import sleep
from typing import Annotated, Literal
from urllib.parse import quote, unquote, urlsplit

from pydantic import Field

from graph.errors import Misconfigured, Refused, Unavailable
from graph.model import JobState, Json, TrainingJob, TrainingOrder
from tools.pipelines.contract import NAMES, parameters
from tools.pipelines.elsewhere import Elsewhere
from tools.pipelines.remote import Answer, Remote, Unclear
from tools.pipelines.remote_job import PAUSES_S, Deadlines, RemotePipeline, Seen
from tools.plugins import Finding, PipelinePlugin, Site
from tools.skew import clock

KIND = "jenkins"
KEY = "AUTOPILOT_KEY"

_PAGE = 100
_MOST_BUILDS = 5000
_LOOK_BACK = timedelta(days=60)
"""Older builds are no run's of today."""
_QUEUE = "items[id,why,inQueueSince,task[url],actions[parameters[name,value]]]"
# `builds` ends at the newest hundred, whatever range is asked for.
_BUILDS = "allBuilds[number,url,queueId,timestamp,duration,building,result,actions[parameters[name,value]]]"
_DEFINITION = "buildable,property[parameterDefinitions[name]]"
_ITEM = re.compile(r"/queue/item/(\d+)/?$")
_RESULTS: dict[str, JobState] = {
    "SUCCESS": "succeeded",
    # Something in it failed: what it logged is nothing to show to anybody.
    "UNSTABLE": "failed",
    "FAILURE": "failed",
    "NOT_BUILT": "failed",
    "ABORTED": "cancelled",
}


def login(user: str, token: str) -> dict[str, str]:
    """Return the header of a user with an API token. With a token Jenkins asks for no crumb."""
    return {"Authorization": f"Basic {b64encode(f'{user}:{token}'.encode()).decode()}"}


class JenkinsPipeline(RemotePipeline):
    """A Jenkins job, by its full name (`folder/job`). It must declare the parameters of the training contract."""

    kind = KIND

    def __init__(
        self,
        remote: Remote,
        job: str,
        deadlines: Deadlines,
        pauses_s: Sequence[float] = PAUSES_S,
        sleep: Callable[[float], None] = sleep,
    ) -> None:
        super().__init__(remote, deadlines, pauses_s, sleep)
        self._job = job
        self._path = "".join(f"/job/{quote(part, safe='')}" for part in job.strip("/").split("/"))

    def examine(self, now: datetime) -> Iterator[Finding]:
        """Look at the job, and at what its user may do beyond it. Job/Build is seen only when it is used."""
        with self._known_form():
            self._require_job()
        answer = self._remote.ask("/api/json?tree=mode")
        version = self._remote.one_line(answer.headers.get("X-Jenkins", "")) or "of unknown version"
        yield Finding(
            "ok", f"Jenkins {version} at {self._remote.url} shows {self._job}, enabled, with all six parameters"
        )
        yield clock(answer.at, now)
        for path, right in ((f"{self._path}/config.xml", "Job/Configure"), ("/script", "Overall/Administer")):
            if self._remote.ask(path).is_success:
                detail = f"its user may do more than start and stop builds: {right}, or reading what only that needs"
                yield Finding(
                    "warning", detail, "a user with Job/Read, Job/Build and Job/Cancel on the folder is enough"
                )

    def _look(self, key: str) -> Seen | None:
        # The queue first: what leaves it meanwhile is among the builds by then.
        return self._queued(key) or self._built(key)

    def _queued(self, key: str) -> Seen | None:
        answer = self._remote.get("/queue/api/json", {"tree": _QUEUE})
        items = [item for item in _list(answer, "items", self._remote) if _key(item) == key and self._is_ours(item)]
        if not items:
            return None
        item = min(items, key=lambda item: int(item["id"]))
        job = self._described(
            str(item["id"]), key, "queued", f"waits: {self._remote.one_line(item.get('why') or 'for its turn')}"
        )
        return Seen(job, queued=_age(item.get("inQueueSince"), answer.at))

    def _is_ours(self, item: Json) -> bool:
        """A job that our build starts in its turn may be handed our parameters."""
        url = str((item.get("task") or {}).get("url", ""))
        return unquote(urlsplit(url).path).rstrip("/").endswith(unquote(self._path))

    def _built(self, key: str) -> Seen | None:
        for answer, builds in self._pages():
            ours = [build for build in builds if _key(build) == key]
            if ours:
                return self._seen(min(ours, key=lambda build: int(build["number"])), key, answer.at)
        return None

    def _pages(self) -> Iterator[tuple[Answer, list[Json]]]:
        """Yield the job's builds, newest first, until they are too old to be meant."""
        for start in range(0, _MOST_BUILDS, _PAGE):
            tree = f"{_BUILDS}{{{start},{start + _PAGE}}}"
            answer = self._remote.get(f"{self._path}/api/json", {"tree": tree})
            builds = _list(answer, "allBuilds", self._remote)
            yield answer, builds
            if len(builds) < _PAGE or _age(builds[-1].get("timestamp"), answer.at) > _LOOK_BACK:
                return
        raise Unavailable(
            self._remote.words(f"has more than {_MOST_BUILDS:,} builds of {self._job} within {_LOOK_BACK.days} days"),
            "give training a job of its own: among so many its build is not surely found",
        )

    def _seen(self, build: Json, key: str, now: datetime | None) -> Seen:
        number, result = build["number"], build.get("result")
        # A result that is not known here is none: the build ends, or its deadline ends it.
        state: JobState = "running"
        detail = f"build {number} shows no result"
        ran: timedelta | None = _age(build.get("timestamp"), now)
        if build.get("building"):
            detail = f"build {number} is running"
        elif result in _RESULTS:
            state, detail = _RESULTS[result], f"build {number} ended {result}"
            # Jenkins writes down how long a build took when all of it is done: until then nobody knows.
            ran = timedelta(milliseconds=build["duration"]) if build.get("duration") else None
        log = f"{self._remote.url}{self._path}/{number}/console"
        return Seen(self._described(str(build["queueId"]), key, state, detail, log), ran=ran)

    def _require_ready(self, order: TrainingOrder) -> None:
        self._require_job()

    def _require_job(self) -> None:
        document = self._remote.get(f"{self._path}/api/json", {"tree": _DEFINITION}).document()
        if not document.get("buildable", True):
            raise Refused(self._remote.words(f"will not build {self._job}: it is disabled"), "enable the job there")
        definitions = (d for part in document.get("property") or [] for d in part.get("parameterDefinitions") or [])
        missing = sorted(set(NAMES) - {definition["name"] for definition in definitions})
        if missing:
            raise Refused(
                self._remote.words(f"would drop {', '.join(missing)}: {self._job} does not declare it"),
                "declare all six as string parameters, as in examples/pipelines/Jenkinsfile; those of a Jenkinsfile"
                " are known to Jenkins once it has been built by hand",
            )

    def _send(self, order: TrainingOrder) -> TrainingJob:
        answer = self._posted(f"{self._path}/buildWithParameters", parameters(order))
        # 303: an item with the very same parameters waits already. The address is read, never followed.
        item = _ITEM.search(urlsplit(answer.headers.get("Location", "")).path)
        if answer.status in (HTTPStatus.CREATED, HTTPStatus.SEE_OTHER) and item:
            return self._described(item[1], order.key, "queued", "waits: just ordered")
        if answer.status == HTTPStatus.FORBIDDEN:
            hint = f"give its user Job/Build and Job/Read on {self._job}"
        elif answer.status == HTTPStatus.CONFLICT:
            hint = f"enable {self._job}"
        elif HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            hint = f"see to {self._job} there: it must be a job with parameters"
        else:
            raise Unclear(self._remote.words(f"answers {answer.status} without naming what it queued"))
        raise Refused(self._remote.words(f"starts no build of {self._job}: {self._remote.said(answer)}"), hint)

    def _stop(self, job: TrainingJob) -> None:
        if job.state == "queued":
            answer = self._posted(f"/queue/cancelItem?id={job.id}", {})
        else:
            answer = self._posted(f"{self._build_of(job)}/stop", {})
        if answer.status in (HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY):
            raise Misconfigured(
                self._remote.words(f"does not let us stop {job.key} ({job.detail}): {self._remote.said(answer)}"),
                f"give its user Job/Cancel on {self._job}, or stop it by hand: {job.log or self._remote.url}",
            )

    def _build_of(self, job: TrainingJob) -> str:
        return (job.log or "").removeprefix(self._remote.url).removesuffix("/console")

    def _posted(self, path: str, data: dict[str, str]) -> Answer:
        answer = self._remote.post(path, data)
        if answer.status == HTTPStatus.FORBIDDEN and b"crumb" in answer.body.lower():
            # Only where the login is a password. Nothing was done yet; the client keeps the session it belongs to.
            crumb = self._remote.get("/crumbIssuer/api/json").document()
            return self._remote.post(path, data, also={str(crumb["crumbRequestField"]): str(crumb["crumb"])})
        return answer

    def _described(self, item: str, key: str, state: JobState, detail: str, log: str | None = None) -> TrainingJob:
        """Return the job. Its id is that of its queue item: the build has it too, so it never changes."""
        return TrainingJob(item, key, KIND, state, detail, log)


def _list(answer: Answer, name: str, remote: Remote) -> list[Json]:
    document = answer.document()
    found = document.get(name) if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise Unavailable(remote.words(f"answers without {name}"), "check pipeline.url: is this Jenkins?")
    return [each for each in found if each]


def _key(item: Json) -> str | None:
    """Return the key that an item or a build was started with."""
    given = (p for action in item.get("actions") or [] if action for p in action.get("parameters") or [])
    return next((p.get("value") for p in given if p.get("name") == KEY), None)


def _age(milliseconds: int | None, now: datetime | None) -> timedelta:
    if milliseconds is None or now is None:
        return timedelta(0)
    return now - datetime.fromtimestamp(milliseconds / 1000, UTC)


class JenkinsJob(Elsewhere):
    """A parameterised Jenkins job, by its full name: folder/job."""

    kind: Literal["jenkins"]
    job: Annotated[str, Field(pattern=r"^[^/\\]+(/[^/\\]+)*$")]


_USER, _TOKEN = LOGINS = ("AUTOPILOT_JENKINS_USER", "AUTOPILOT_JENKINS_TOKEN")


def make(part: JenkinsJob, site: Site) -> JenkinsPipeline:
    """Return the pipeline. Misconfigured without its login."""
    user = site.logins.get(_USER)
    if not user:
        raise Misconfigured(f"{site.model}: {_USER} is not set", "set it and its token")
    token = site.token(_TOKEN)
    remote = part.remote(site, "Jenkins", login(user, token), (token,))
    return JenkinsPipeline(remote, part.job, part.deadlines)


PIPELINE = PipelinePlugin(JenkinsJob, make, lambda part, site, now: make(part, site).examine(now), LOGINS)
