"""Jenkins as far as a pipeline needs it, by its own source: a queue, a job with parameters, builds."""

import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.fakes.faulty_server import FaultyServer, Reply, Request

CONTRACT = ("MODEL", "RUN", "KEY", "TRAIN_FROM", "TRAIN_UNTIL", "EXCLUDE")
JOB = "ml/train fraud"
PATH = "/job/ml/job/train%20fraud"


@dataclass
class Item:
    """What was ordered: first an item of the queue, then a build."""

    id: int
    parameters: dict[str, str]
    since: datetime
    path: str = PATH
    number: int | None = None
    result: str | None = None
    duration: timedelta = timedelta(0)
    taken_out: bool = False

    @property
    def actions(self) -> list[Any]:
        given = [{"name": name, "value": value} for name, value in self.parameters.items()]
        return [{}, {"_class": "hudson.model.ParametersAction", "parameters": given}]


@dataclass
class Rights:
    read: bool = True
    build: bool = True
    cancel: bool = True
    configure: bool = False
    administer: bool = False


class JenkinsServer(FaultyServer):
    """One job. What waits becomes a build with the next request, unless `busy`."""

    def __init__(self, user: str, token: str) -> None:
        super().__init__()
        self._login = "Basic " + b64encode(f"{user}:{token}".encode()).decode()
        self.items: list[Item] = []
        self.declared = [f"AUTOPILOT_{name}" for name in CONTRACT]
        self.busy = False
        self.enabled = True
        self.stubborn = False
        self.wants_crumb = False
        self.rights = Rights()
        self.complaint = "robot is missing the Job/Build permission"
        self.root = "https://jenkins.example/other-root"
        """What Jenkins believes to be its own address."""

    def order(self, parameters: dict[str, str], path: str = PATH) -> Item:
        """Let something wait, as if somebody had ordered it."""
        item = Item(len(self.items) + 1001, parameters, self.now(), path)
        self.items.append(item)
        return item

    def of(self, key: str) -> list[Item]:
        return [item for item in self.items if item.parameters.get("AUTOPILOT_KEY") == key]

    def end(self, key: str, result: str) -> None:
        self._start_what_waits()
        for item in self.of(key):
            item.result, item.duration = result, max(self.now() - item.since, timedelta(milliseconds=1))

    def grow_older(self, key: str, by: timedelta) -> None:
        for item in self.of(key):
            item.since -= by

    def _start_what_waits(self) -> None:
        last = max((each.number or 0 for each in self.items), default=0)
        for number, item in enumerate((each for each in self.items if self._waits(each)), last + 1):
            item.number = number

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != self._login:
            return Reply(401, text="<html>Unauthorized</html>")
        reply = self._post(request) if request.method == "POST" else self._get(request)
        return reply

    def _get(self, request: Request) -> Reply:
        if not self.rights.read:
            return Reply(404, text="<html>Not found</html>")
        if not self.busy and request.path == "/queue/api/json":
            self._start_what_waits()
        tree = request.query.get("tree", "")
        if request.path == "/queue/api/json":
            return Reply(document={"items": [self._waiting(item) for item in self.items if self._waits(item)]})
        if request.path == "/crumbIssuer/api/json":
            return Reply(document={"crumb": "c0ffee", "crumbRequestField": "Jenkins-Crumb"})
        if request.path == f"{PATH}/api/json" and tree.startswith("allBuilds"):
            return Reply(document={"allBuilds": self._builds(tree)})
        if request.path == "/job/ml/api/json":
            job = {"_class": "org.jenkinsci.plugins.workflow.job.WorkflowJob", "name": JOB.partition("/")[2]}
            return Reply(document={"jobs": [{**job, "url": f"{self.root}{PATH}/"}]})
        if request.path.startswith("/queue/item/") or re.match(rf"{PATH}/\d+/", request.path):
            return self._one(request)
        if request.path == f"{PATH}/api/json":
            definitions = [{"name": name} for name in self.declared]
            document = {"buildable": self.enabled, "property": [{}, {"parameterDefinitions": definitions}]}
            return Reply(document=document)
        if request.path == "/api/json":
            return Reply(document={"mode": "NORMAL"}, headers={"X-Jenkins": "2.541.2"})
        if request.path == f"{PATH}/config.xml":
            return Reply(200 if self.rights.configure else 403, text="<flow-definition/>")
        if request.path == "/script":
            return Reply(200 if self.rights.administer else 403, text="<html></html>")
        return Reply(404, text="<html>Not found</html>")

    def _one(self, request: Request) -> Reply:
        """Show one item or one build: what clients that others wrote ask for."""
        for item in self.items:
            if request.path == f"/queue/item/{item.id}/api/json":
                started = {"executable": self._build(item)} if item.number else {}
                kind = "hudson.model.Queue$LeftItem" if item.number else "hudson.model.Queue$WaitingItem"
                shown = {**self._waiting(item), "_class": kind, "cancelled": item.taken_out, **started}
                return Reply(document=shown)
            if request.path == f"{PATH}/{item.number}/api/json":
                return Reply(document=self._build(item))
        return Reply(200 if request.path.endswith("/") else 404, text="<html></html>")

    def _waits(self, item: Item) -> bool:
        return item.number is None and not item.taken_out

    def _waiting(self, item: Item) -> Any:
        url = f"{self.root}{item.path}/"
        return {
            "id": item.id,
            "why": "Waiting for next available executor",
            "inQueueSince": int(item.since.timestamp() * 1000),
            "task": {"url": url},
            "actions": item.actions,
        }

    def _builds(self, tree: str) -> list[Any]:
        found = re.search(r"\{(\d+),(\d+)\}$", tree)
        assert found, tree
        ours = [item for item in self.items if item.number is not None and item.path == PATH]
        newest = sorted(ours, key=lambda item: -(item.number or 0))
        return [self._build(item) for item in newest[int(found[1]) : int(found[2])]]

    def _build(self, item: Item) -> Any:
        return {
            "_class": "org.jenkinsci.plugins.workflow.job.WorkflowRun",
            "number": item.number,
            "url": f"{self.root}{item.path}/{item.number}/",
            "queueId": item.id,
            "timestamp": int(item.since.timestamp() * 1000),
            "duration": int(item.duration.total_seconds() * 1000),
            "building": item.result is None,
            "result": item.result,
            "actions": item.actions,
        }

    def _post(self, request: Request) -> Reply:
        if self.wants_crumb and request.headers.get("jenkins-crumb") != "c0ffee":
            return Reply(403, text="<html>No valid crumb was included in the request</html>")
        if request.path == f"{PATH}/buildWithParameters":
            return self._ordered(request)
        if not self.rights.cancel:
            return Reply(422 if request.path == "/queue/cancelItem" else 403)
        if request.path == "/queue/cancelItem":
            return self._taken_out(int(request.query["id"]))
        number = re.fullmatch(rf"{PATH}/(\d+)/stop", request.path)
        return self._stopped(int(number[1])) if number else Reply(404)

    def _ordered(self, request: Request) -> Reply:
        if not self.rights.build:
            return Reply(403, headers={"X-Error": self.complaint})
        if not self.enabled:
            return Reply(409, headers={"X-Error": "train fraud is not buildable"})
        given = {name: value for name, value in {**request.query, **request.form}.items() if name in self.declared}
        twin = next((item for item in self.items if self._waits(item) and item.parameters == given), None)
        item = twin or self.order(given)
        where = {"Location": f"{self.root}/queue/item/{item.id}/"}
        return Reply(303 if twin else 201, headers=where)

    def _taken_out(self, number: int) -> Reply:
        item = next((each for each in self.items if each.id == number and self._waits(each)), None)
        if item is None:
            return Reply(404)
        item.taken_out = True
        return Reply(204)

    def _stopped(self, number: int) -> Reply:
        for item in self.items:
            if item.number == number and item.result is None and not self.stubborn:
                item.result, item.duration = "ABORTED", self.now() - item.since
        return Reply(302, headers={"Location": f"{self.url}{PATH}/{number}/"})
