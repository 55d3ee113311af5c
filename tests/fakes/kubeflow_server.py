"""Kubeflow Pipelines' API v2beta1 as far as a pipeline needs it, by its own source of August 2026."""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus
from uuid import uuid4

from tests.fakes.faulty_server import FaultyServer, Reply, Request
from tests.fakes.jenkins_server import CONTRACT

API = "/apis/v2beta1"
EXPERIMENT, PIPELINE, NAMESPACE = "fraud training", "train-fraud", "ml-fraud"
OVER = ("SUCCEEDED", "FAILED", "CANCELED", "SKIPPED")
RUN_FIELDS = {"display_name", "experiment_id", "pipeline_version_reference", "runtime_config", "description"}


@dataclass
class Run:
    id: str
    name: str
    experiment: str
    parameters: dict[str, str]
    created: datetime
    state: str = "PENDING"
    started: datetime | None = None
    finished: datetime | None = None
    problem: str | None = None
    reference: dict[str, str] = field(default_factory=dict)


@dataclass
class Version:
    id: str
    name: str
    inputs: dict[str, Any]
    created: datetime


def text_inputs() -> dict[str, Any]:
    return {f"AUTOPILOT_{name}": {"parameterType": "STRING"} for name in CONTRACT}


class KubeflowServer(FaultyServer):
    """One namespace, one experiment, one pipeline. What was created runs with the next request, unless `busy`."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token
        now = self.now()
        self.runs: list[Run] = []
        self.experiments = {EXPERIMENT: "e-1", f"{EXPERIMENT} of others": "e-2"}
        self.pipelines = {PIPELINE: "p-1"}
        self.versions = [
            Version("v-1", "first", {}, now - timedelta(days=2)),
            Version("v-2", "second", text_inputs(), now - timedelta(days=1)),
        ]
        self.multi_user = True
        self.rights = {"get", "list", "create", "terminate"}
        self.shared = False
        """Whether the pipeline is in no namespace."""
        self.compares_loosely = False
        self.with_platform = False
        self.page = 200
        self.busy = False
        self.stubborn = False

    def create(self, name: str, given: dict[str, str], experiment: str = "e-1") -> Run:
        """Make a run, as if somebody had asked for it."""
        run = Run(str(uuid4()), name, experiment, given, self.now())
        self.runs.append(run)
        return run

    def of(self, key: str) -> list[Run]:
        return [run for run in self.runs if run.parameters.get("AUTOPILOT_KEY") == key and run.experiment == "e-1"]

    def end(self, key: str, state: str) -> None:
        self._run_what_waits()
        for run in self.of(key):
            run.state, run.finished = state, self.now()

    def grow_older(self, key: str, by: timedelta) -> None:
        for run in self.of(key):
            run.created -= by
            run.started = run.started - by if run.started else None

    def _run_what_waits(self) -> None:
        for run in self.runs:
            if run.state == "PENDING":
                run.state, run.started = "RUNNING", self.now()

    def answer(self, request: Request) -> Reply:
        if self.multi_user and request.headers.get("authorization") != f"Bearer {self._token}":
            return _error(401, 16, "Request header error: there is no user identity header")
        if request.path == f"{API}/healthz":
            return Reply(document={"multi_user": True} if self.multi_user else {})
        if request.method == "POST":
            return self._posted(request)
        if not self.busy:
            self._run_what_waits()
        return self._got(request)

    def _got(self, request: Request) -> Reply:
        if not {"get", "list"} <= self.rights:
            return _error(403, 7, "Unauthorized access: is not authorized to list runs")
        query = request.query
        if request.path == f"{API}/experiments":
            return self._namespaced(query, "experiments", [_experiment(*each) for each in self.experiments.items()])
        if request.path == f"{API}/pipelines":
            return self._namespaced(query, "pipelines", self._shown_pipelines(query))
        if request.path == f"{API}/pipelines/p-1/versions":
            shown = sorted((self._shown_version(each) for each in self.versions), key=lambda each: each["created_at"])
            return self._page(query, "pipeline_versions", shown)
        if request.path == f"{API}/runs":
            shown = [_shown(run) for run in self.runs if run.experiment == query.get("experiment_id", run.experiment)]
            return self._page(query, "runs", sorted(shown, key=lambda each: each["created_at"]))
        named = re.fullmatch(rf"{API}/runs/([^/:]+)", request.path)
        run = next((run for run in self.runs if named and run.id == named[1]), None)
        return Reply(document=_shown(run)) if run else _error(404, 5, "Not found")

    def _namespaced(self, query: dict[str, str], what: str, shown: list[Any]) -> Reply:
        wanted = query.get("namespace", "")
        if self.multi_user and not wanted and what == "experiments":
            return _error(400, 3, "An experiment cannot have an empty namespace in multi-user mode")
        if wanted and wanted != NAMESPACE:
            return _error(403, 7, f"is not authorized to list {what} in namespace {wanted}")
        return self._page(query, what, shown)

    def _shown_pipelines(self, query: dict[str, str]) -> list[Any]:
        here = self.shared == ("namespace" not in query)
        return [{"pipeline_id": i, "name": n, "display_name": n} for n, i in self.pipelines.items() if here]

    def _shown_version(self, version: Version) -> Any:
        spec: Any = {"root": {"inputDefinitions": {"parameters": version.inputs}}, "schemaVersion": "2.1.0"}
        if self.with_platform:
            spec = {"pipeline_spec": spec, "platform_spec": {"platforms": {"kubernetes": {}}}}
        return {
            "pipeline_id": "p-1",
            "pipeline_version_id": version.id,
            "name": version.name,
            "display_name": version.name,
            "created_at": _stamp(version.created),
            "pipeline_spec": spec,
        }

    def _page(self, query: dict[str, str], what: str, shown: list[Any]) -> Reply:
        # It decodes the filter once more than the address is.
        predicates = json.loads(unquote_plus(query.get("filter", "")) or "{}").get("predicates", [])
        for predicate in predicates:
            assert (predicate["key"], predicate["operation"]) == ("display_name", "EQUALS"), predicate
            shown = [each for each in shown if self._matches(each["display_name"], predicate["string_value"])]
        if query.get("sort_by", "").endswith("desc"):
            shown = shown[::-1]
        start = int(query.get("page_token") or "0")
        end = start + min(int(query.get("page_size", "20")), self.page)
        # What is empty is left out.
        page = {what: shown[start:end]} if shown[start:end] else {}
        return Reply(document={**page, **({"next_page_token": str(end)} if shown[end:] else {})})

    def _matches(self, name: str, wanted: str) -> bool:
        return name.lower() == wanted.lower() if self.compares_loosely else name == wanted

    def _posted(self, request: Request) -> Reply:
        if request.path == f"{API}/runs":
            return self._created(request.document)
        named = re.fullmatch(rf"{API}/runs/([^/:]+):terminate", request.path)
        run = next((run for run in self.runs if named and run.id == named[1]), None)
        if run is None:
            return _error(404, 5, "Run not found")
        if "terminate" not in self.rights:
            return _error(403, 7, "is not authorized to terminate runs")
        if run.state in OVER:
            return _error(400, 3, f"Failed to terminate a run {run.id}. Row not found")
        run.state = "CANCELING" if self.stubborn else "CANCELED"
        run.finished = None if self.stubborn else self.now()
        return Reply(document={})

    def _created(self, asked: Any) -> Reply:
        if "create" not in self.rights:
            return _error(403, 7, "is not authorized to create runs")
        if set(asked) - RUN_FIELDS:
            return _error(400, 3, f"unknown field {set(asked) - RUN_FIELDS}")
        reference = asked["pipeline_version_reference"]
        version = next((each for each in self.versions if each.id == reference.get("pipeline_version_id")), None)
        if reference.get("pipeline_id") != "p-1" or version is None:
            return _error(500, 13, "Failed to create a run due to error fetching manifest")
        given = (asked.get("runtime_config") or {}).get("parameters") or {}
        unknown = [name for name in given if name not in version.inputs]
        if unknown:
            return _error(400, 3, f"parameter {unknown[0]} is not defined in the pipeline")
        run = self.create(asked["display_name"], given, asked["experiment_id"])
        run.reference = reference
        return Reply(document=_shown(run))


def _error(status: int, code: int, message: str) -> Reply:
    return Reply(status, {"code": code, "message": message, "details": []})


def _experiment(name: str, number: str) -> Any:
    return {"experiment_id": number, "display_name": name, "namespace": NAMESPACE, "storage_state": "AVAILABLE"}


def _shown(run: Run) -> Any:
    passed = [("PENDING", run.created), ("RUNNING", run.started), (run.state, run.finished)]
    return {
        "run_id": run.id,
        "experiment_id": run.experiment,
        "display_name": run.name,
        "storage_state": "AVAILABLE",
        "state": run.state,
        "created_at": _stamp(run.created),
        "scheduled_at": _stamp(run.created),
        "finished_at": _stamp(run.finished) or "1970-01-01T00:00:00Z",
        "runtime_config": {"parameters": run.parameters},
        "pipeline_version_reference": run.reference or {"pipeline_id": "p-1", "pipeline_version_id": "v-2"},
        "state_history": [{"update_time": _stamp(at), "state": state} for state, at in passed if at],
        **({"error": {"code": 13, "message": run.problem}} if run.problem else {}),
    }


def _stamp(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None
