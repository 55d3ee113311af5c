"""GitLab as far as a pipeline needs it, by its own documentation: one project, its triggers and pipelines."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.fakes.faulty_server import FaultyServer, Reply, Request
from tests.fakes.jenkins_server import CONTRACT

PROJECT = "ml/fraud detector"
PATH = "/api/v4/projects/ml%2Ffraud%20detector"
OVER = ("success", "failed", "canceled", "skipped")


@dataclass
class Pipeline:
    id: int
    given: dict[str, str]
    name: str | None
    status: str
    created: datetime
    source: str = "trigger"
    started: datetime | None = None
    finished: datetime | None = None
    problem: str | None = None


class GitLabServer(FaultyServer):
    """One project with a branch `main`. What was created runs with the next request, unless `busy`."""

    def __init__(self, reads: str, starts: str, stops: str) -> None:
        super().__init__()
        self._reads, self._starts, self._stops = reads, starts, stops
        self.pipelines: list[Pipeline] = []
        self.inputs = [f"AUTOPILOT_{name}" for name in CONTRACT]
        self.names_by_key = True
        self.knows_names = True
        self.searches_loosely = False
        self.busy = False
        self.stubborn = False
        self.may_run = True
        self.scopes = {reads: ["read_api"], stops: ["api"]}
        self.expires = "2099-01-01"

    def create(self, given: dict[str, str], source: str = "trigger") -> Pipeline:
        """Make a pipeline, as if somebody had asked for it."""
        name = given.get("AUTOPILOT_KEY") if self.names_by_key else None
        made = Pipeline(len(self.pipelines) + 501, given, name, "created", self.now(), source)
        self.pipelines.append(made)
        return made

    def of(self, key: str) -> list[Pipeline]:
        return [each for each in self.pipelines if each.given.get("AUTOPILOT_KEY") == key]

    def end(self, key: str, status: str) -> None:
        self._run_what_waits()
        for each in self.of(key):
            each.status, each.finished = status, self.now()

    def grow_older(self, key: str, by: timedelta) -> None:
        for each in self.of(key):
            each.created -= by
            each.started = each.started - by if each.started else None

    def _run_what_waits(self) -> None:
        for each in self.pipelines:
            if each.status == "created":
                each.status, each.started = "running", self.now()

    def answer(self, request: Request) -> Reply:
        if request.path == f"{PATH}/trigger/pipeline" and request.method == "POST":
            return self._triggered(request)
        if request.headers.get("private-token") not in (self._reads, self._stops):
            return Reply(401, {"message": "401 Unauthorized"})
        if request.method == "POST":
            return self._canceled(request)
        if request.path == "/api/v4/personal_access_tokens/self":
            scopes = self.scopes[request.headers["private-token"]]
            return Reply(document={"scopes": scopes, "expires_at": self.expires, "revoked": False})
        if request.path == "/api/v4/version":
            return Reply(document={"version": "18.9.1-ee", "revision": "0123456789a"})
        if not self.busy:
            self._run_what_waits()
        if request.path == f"{PATH}/pipelines":
            return Reply(document=self._listed(request))
        number = re.fullmatch(rf"{PATH}/pipelines/(\d+)", request.path)
        found = [each for each in self.pipelines if number and each.id == int(number[1])]
        return Reply(document=self._shown(found[0])) if found else Reply(404, {"message": "404 Not found"})

    def _triggered(self, request: Request) -> Reply:
        if request.form.get("token") != self._starts:
            return Reply(404, {"message": "404 Not Found"})
        if request.form.get("ref") != "main":
            return Reply(400, {"message": {"base": ["Reference not found"]}})
        if not self.may_run:
            return Reply(403, {"message": "403 Forbidden"})
        given = {n[7:-1]: value for n, value in request.form.items() if n.startswith("inputs[")}
        given |= {n[10:-1]: value for n, value in request.form.items() if n.startswith("variables[")}
        unknown = [name for name in given if name not in self.inputs]
        if unknown:
            return Reply(400, {"message": {"base": [f"Given unknown input arguments: {', '.join(unknown)}"]}})
        # The answer to a trigger is the short form, without the name.
        return Reply(201, {k: v for k, v in self._shown(self.create(given)).items() if k != "name"})

    def _canceled(self, request: Request) -> Reply:
        if request.headers.get("private-token") != self._stops:
            return Reply(403, {"message": "403 Forbidden"})
        number = re.fullmatch(rf"{PATH}/pipelines/(\d+)/cancel", request.path)
        found = next(each for each in self.pipelines if number and each.id == int(number[1]))
        if found.status not in OVER:
            found.status = "canceling" if self.stubborn else "canceled"
            found.finished = self.now()
        return Reply(200, self._shown(found))

    def _listed(self, request: Request) -> list[Any]:
        wanted = request.query if self.knows_names else {}
        shown = [
            self._shown(each)
            for each in reversed(self.pipelines)
            if self._matches(each.name or "", wanted.get("name")) and wanted.get("source") in (None, each.source)
        ]
        return shown if self.knows_names else [{k: v for k, v in each.items() if k != "name"} for each in shown]

    def _matches(self, name: str, wanted: str | None) -> bool:
        return wanted is None or (name.startswith(wanted) if self.searches_loosely else name == wanted)

    def _shown(self, each: Pipeline) -> Any:
        return {
            "id": each.id,
            "name": each.name,
            "status": each.status,
            "source": each.source,
            "web_url": f"https://gitlab.example/ml/fraud/-/pipelines/{each.id}",
            "created_at": _stamp(each.created),
            "started_at": _stamp(each.started),
            "finished_at": _stamp(each.finished),
            "yaml_errors": each.problem,
        }


def _stamp(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
