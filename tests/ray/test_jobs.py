"""Ray 2.60.0 itself: what every Pipeline promises, a lost answer, a crash, eight at once, and its own ways."""

import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from graph.errors import Misconfigured, Refused, Unavailable
from graph.model import TrainingJob, TrainingOrder
from tests.conformance import test_pipeline as suite
from tests.conftest import ROOT
from tests.fakes.faulty_proxy import FaultyProxy
from tests.local_jobs import lives, order, until
from tests.ray.cluster import Cluster
from tools.limiter import Limiter
from tools.pipelines.contract import parameters
from tools.pipelines.ray import Entrypoint, RayPipeline, submission_id
from tools.pipelines.remote import Remote, bearer
from tools.pipelines.remote_job import Deadlines

globals().update({name: test for name, test in vars(suite).items() if name.startswith("test_")})

KEY = "run-1:retrain"
EXAMPLE = ROOT / "examples" / "pipelines" / "ray_entrypoint.py"
TRAIN = """
import os, sys, time

place, key = os.environ["WORKSHOP"], os.environ["AUTOPILOT_KEY"]
with open(f"{place}/given {key}", "w") as given:
    print(*(f"{n}={v}" for n, v in sorted(os.environ.items()) if n.startswith("AUTOPILOT_")), sep="\\n", file=given)
with open(f"{place}/pid {key}", "w") as pid:
    print(os.getpid(), file=pid)
with open(f"{place}/said", "a") as said:
    print(key, file=said)
while not os.path.exists(f"{place}/end {key}"):
    time.sleep(0.05)
sys.exit(int(open(f"{place}/end {key}").read()))
"""
PLAIN, IN_A_WORKER = "python train.py", "python ray_entrypoint.py"
LIMIT_S = 300
PAUSES_S = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
LONG = Deadlines(timedelta(hours=4), timedelta(hours=2))


class OwnKeys:
    """Implements graph.ports.Pipeline over another, with keys of a test's own: a cluster keeps them for good."""

    def __init__(self, pipeline: RayPipeline, prefix: str) -> None:
        self.kind = pipeline.kind
        self.examine = pipeline.examine
        self._pipeline = pipeline
        self._prefix = prefix

    def find(self, key: str) -> TrainingJob | None:
        return self._without(self._pipeline.find(self._prefix + key))

    def start(self, wanted: TrainingOrder) -> TrainingJob:
        job = self._without(self._pipeline.start(replace(wanted, key=self._prefix + wanted.key)))
        assert job is not None
        return job

    def cancel(self, key: str) -> TrainingJob | None:
        return self._without(self._pipeline.cancel(self._prefix + key))

    def _without(self, job: TrainingJob | None) -> TrainingJob | None:
        if job is None:
            return None
        assert job.key.startswith(self._prefix)
        return replace(job, key=job.key.removeprefix(self._prefix))


class RealRay:
    """The pipeline on the cluster, and a hand on what its jobs do: what they write and when they end."""

    failure = "exit code 3"

    def __init__(self, cluster: Cluster, place: Path, package: Path) -> None:
        self.cluster = cluster
        self._place = place
        self._prefix = f"{uuid4().hex[:8]}."
        self._entrypoint = Entrypoint(PLAIN, {"working_dir": package.as_uri(), "env_vars": {"WORKSHOP": str(place)}})
        self.pipeline = self.another()

    def another(
        self,
        url: str = "",
        token: str | None = "",
        deadlines: Deadlines = LONG,
        pauses_s: tuple[float, ...] = PAUSES_S,
        **entry: Any,
    ) -> OwnKeys:
        token = self.cluster.token if token == "" else token
        remote = Remote("fraud-v1", "Ray", url or self.cluster.url, bearer(token), (self.cluster.token,), Limiter())
        given = {"command": self._entrypoint.command, "runtime_env": self._entrypoint.runtime_env, **entry}
        return OwnKeys(RayPipeline(remote, Entrypoint(**given), deadlines, pauses_s), self._prefix)

    def id_of(self, key: str) -> str:
        return submission_id(self._prefix + key)

    def end(self, key: str, well: bool) -> TrainingJob:
        draft = self._place / "draft"
        draft.write_text("0" if well else "3")
        draft.rename(self._place / f"end {self._prefix}{key}")
        return self.when(key, lambda job: job.state not in ("queued", "running"))

    def when(self, key: str, ready: Callable[[TrainingJob], bool]) -> TrainingJob:
        def look() -> TrainingJob | None:
            job = self.pipeline.find(key)
            return job if job is not None and ready(job) else None

        found: TrainingJob = until(look, f"job {key}", LIMIT_S)
        return found

    def said(self) -> list[str]:
        said = self._place / "said"
        return said.read_text().splitlines() if said.exists() else []

    def starts(self, key: str) -> int:
        return self.said().count(self._prefix + key)

    def given(self, key: str) -> list[str]:
        """Return what the job's training was told, as soon as it has begun."""
        until(lambda: self.starts(key), f"the start of {key}", LIMIT_S)
        return (self._place / f"given {self._prefix}{key}").read_text().replace(self._prefix, "").splitlines()

    def pid(self, key: str) -> int:
        return int((self._place / f"pid {self._prefix}{key}").read_text())

    def stop_all(self) -> None:
        """Leave nothing running that holds a processor of the cluster."""
        with self.cluster.api() as api:
            for job in api.get("/api/jobs/").json():
                if job["status"] in ("PENDING", "RUNNING"):
                    api.post(f"/api/jobs/{job['submission_id']}/stop")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a team puts where its cluster can read it: the example as it is, and the team's own training."""
    file = tmp_path_factory.mktemp("package") / "training.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.write(EXAMPLE, f"training/{EXAMPLE.name}")
        archive.writestr("training/train.py", TRAIN)
    return file


@pytest.fixture
def system(ray_cluster: Cluster, tmp_path: Path, package: Path) -> Iterator[RealRay]:
    real = RealRay(ray_cluster, tmp_path, package)
    yield real
    real.stop_all()


@pytest.fixture
def proxy(ray_cluster: Cluster) -> Iterator[FaultyProxy]:
    with FaultyProxy(ray_cluster.url).running() as between:
        yield between


def test_the_contract_reaches_the_worker_that_trains(system: RealRay) -> None:
    window = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC)
    ordered = order('it\'s; echo > "x"', exclude=(window,))
    system.another(command=IN_A_WORKER).start(ordered)
    given = parameters(ordered)
    assert system.given(ordered.key) == [f"{name}={given[name]}" for name in sorted(given)]
    assert system.end(ordered.key, well=True).state == "succeeded"


def test_a_lost_answer_starts_one_job(system: RealRay, proxy: FaultyProxy) -> None:
    proxy.lose["POST"] = 1
    job = system.another(proxy.url, command=IN_A_WORKER).start(order(KEY))
    assert (job.id, proxy.count("POST", "/api/jobs/")) == (system.id_of(KEY), 1)
    assert system.end(KEY, well=False).detail.endswith("exit code 3")
    assert system.starts(KEY) == 1


def test_a_job_that_nobody_noted_is_found_by_the_next_process(system: RealRay) -> None:
    with pytest.raises(ZeroDivisionError):
        crash(system.another().start(order(KEY)))
    found = system.another().find(KEY)
    assert found is not None
    assert system.another().start(order(KEY)).id == found.id
    assert system.end(KEY, well=True).state == "succeeded"
    assert system.starts(KEY) == 1


def crash(job: TrainingJob) -> None:
    raise ZeroDivisionError(job.id)


def test_eight_at_once_start_one_job(system: RealRay, proxy: FaultyProxy) -> None:
    with ThreadPoolExecutor(8) as pool:
        jobs = list(pool.map(lambda n: system.another(proxy.url).start(order(KEY)), range(8)))
    assert {job.id for job in jobs} == {system.id_of(KEY)}
    statuses = [status for method, path, status in proxy.passed if (method, path) == ("POST", "/api/jobs/")]
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 500}
    assert system.end(KEY, well=True).state == "succeeded"
    assert system.starts(KEY) == 1


def test_a_job_past_its_deadline_is_stopped_with_its_worker_and_has_failed(system: RealRay) -> None:
    system.another(command=IN_A_WORKER).start(order(KEY))
    system.given(KEY)
    late = system.another(deadlines=Deadlines(timedelta(hours=4), timedelta(milliseconds=1))).find(KEY)
    assert late is not None
    assert late.state == "failed"
    assert "stopped at its deadline" in late.detail
    until(lambda: not lives(system.pid(KEY)), "the end of the worker that trained", LIMIT_S)


def test_a_job_that_waits_is_stopped_when_its_turn_comes(system: RealRay) -> None:
    system.pipeline.start(order("run-1:first"))
    system.given("run-1:first")
    hurried = system.another(num_cpus=2.0, pauses_s=(0.1,))
    hurried.start(order(KEY))
    with pytest.raises(Unavailable, match="is stopped only when that comes"):
        hurried.cancel(KEY)
    assert system.end("run-1:first", well=True).state == "succeeded"
    assert system.when(KEY, lambda job: job.state not in ("queued", "running")).state == "cancelled"
    # Ray may begin it before it sees that it is to stop, and says so before the process has ended.
    until(lambda: not system.starts(KEY) or not lives(system.pid(KEY)), "the end of what Ray began", LIMIT_S)


def test_what_no_cluster_can_set_up_has_failed_without_a_traceback(system: RealRay) -> None:
    system.another(runtime_env={"working_dir": "/nowhere"}).start(order(KEY))
    job = system.when(KEY, lambda job: job.state == "failed")
    assert job.detail.endswith("Ray could not start it: is its runtime_env right?")


def test_the_job_of_another_under_our_id_is_not_taken(system: RealRay) -> None:
    with system.cluster.api() as api:
        api.post("/api/jobs/", json={"entrypoint": "true", "submission_id": system.id_of(KEY)}).raise_for_status()
    with pytest.raises(Misconfigured, match=f"does not name .*{KEY}"):
        system.pipeline.start(order(KEY))


def test_what_ray_refuses_is_said_without_what_was_sent(system: RealRay) -> None:
    with pytest.raises(Refused, match=r"takes no job: 400 Bad Request$"):
        system.another(num_cpus="many").start(order(KEY))


@pytest.mark.parametrize(("token", "said"), [(None, "401 Unauthorized"), ("wrong-0-planted", "403 Forbidden")])
def test_without_the_right_token_a_person_must_act(system: RealRay, token: str | None, said: str) -> None:
    pipeline = system.another(token=token)
    with pytest.raises(Misconfigured, match=said):
        pipeline.find(KEY)
    (finding,) = pipeline.examine(datetime.now(UTC))
    assert (finding.state, "AUTOPILOT_RAY_TOKEN" in finding.hint) == ("failed", True)


def test_doctor_sees_version_token_and_clock(system: RealRay) -> None:
    findings = system.pipeline.examine(datetime.now(UTC))
    assert [finding.state for finding in findings] == ["ok", "ok", "ok"]
    assert "Ray 2.60.0" in findings[0].detail
    assert "training only" in findings[1].detail
