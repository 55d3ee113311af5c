"""The pipelines elsewhere, each over the contract fake of its system, with one hand on both."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from graph.model import TrainingJob
from tests.fakes.airflow_server import DAG, AirflowServer
from tests.fakes.gitlab_server import PROJECT, GitLabServer
from tests.fakes.jenkins_server import JOB, JenkinsServer
from tools.limiter import Limiter
from tools.pipelines.airflow import AirflowPipeline
from tools.pipelines.airflow_login import AirflowRemote, Password, Token
from tools.pipelines.gitlab import GitLabPipeline, Tokens
from tools.pipelines.gitlab import login as gitlab_login
from tools.pipelines.jenkins import JenkinsPipeline
from tools.pipelines.jenkins import login as jenkins_login
from tools.pipelines.remote import Remote
from tools.pipelines.remote_job import Deadlines, RemotePipeline

SECRETS = ("planted-0-reads", "planted-1-starts", "planted-2-stops")
TOKENS = Tokens(SECRETS[1], SECRETS[2])
DEADLINES = Deadlines(timedelta(hours=4), timedelta(hours=2))
HURRIED: dict[str, Any] = {"pauses_s": (0.01, 0.05)}
"""What to do about a system that answers at once or not at all."""
SLOW: dict[str, Any] = {"timeout_s": 0.5, "pauses_s": (0.1, 0.3, 0.6, 0.8)}
"""What to do about one that does it a second later."""


class Patience:
    """Stands for the clock and the sleep of the limiter: waiting is noted and costs nothing."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def clock(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class RemoteSystem(ABC):
    """A pipeline elsewhere and a hand on the system behind it."""

    results: tuple[str, str]
    """What the system calls a job that ended well, and one that did not."""
    refusal: str
    """What is said of a start that `refuse` forbids."""
    stops_by: Any = "POST"
    """The method of the request that stops a job."""
    stops_what_waits = True
    """Whether a job can be stopped before it has its turn."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.patience = Patience()
        self.pipeline = self.another()

    @property
    def failure(self) -> str:
        return self.results[1]

    @abstractmethod
    def another(self, **options: Any) -> RemotePipeline:
        """Return what another process would make of the same configuration, or of one that differs by these options."""

    @abstractmethod
    def put_foreign(self, key: str) -> None:
        """Let others have what is easily taken for the job of this key."""

    @abstractmethod
    def forget(self) -> None:
        """Let the system lose all its jobs."""

    @abstractmethod
    def refuse(self) -> None:
        """Let the system start nothing until somebody changes it."""

    def end(self, key: str, well: bool) -> TrainingJob:
        self.server.end(key, self.results[0 if well else 1])
        return found(self.pipeline, key)

    def starts(self, key: str) -> int:
        return len(self.server.of(key))

    def hold_back(self, busy: bool = True) -> None:
        self.server.busy = busy

    def be_stubborn(self) -> None:
        self.server.stubborn = True

    def grow_older(self, key: str, by: timedelta) -> None:
        self.server.grow_older(key, by)

    def _remote(self, system: str, login: dict[str, str], timeout_s: float = 30.0) -> Remote:
        limiter = Limiter(self.patience.clock, self.patience.sleep)
        return Remote("fraud-v1", system, self.server.url, login, SECRETS, limiter, timeout_s=timeout_s)


class JenkinsSystem(RemoteSystem):
    results = ("SUCCESS", "FAILURE")
    refusal = "it is disabled"

    def another(
        self, token: str = SECRETS[0], pauses_s: tuple[float, ...] = HURRIED["pauses_s"], **options: Any
    ) -> RemotePipeline:
        return JenkinsPipeline(
            self._remote("Jenkins", jenkins_login("robot", token), **options), JOB, DEADLINES, pauses_s
        )

    def put_foreign(self, key: str) -> None:
        """Order a job that was started in its turn, with our parameters handed on."""
        self.server.order({"AUTOPILOT_KEY": key}, "/job/other/job/downstream")

    def forget(self) -> None:
        self.server.items.clear()

    def refuse(self) -> None:
        self.server.enabled = False


class GitLabSystem(RemoteSystem):
    results = ("success", "failed")
    refusal = "Given unknown input arguments"

    def another(
        self,
        token: str = SECRETS[0],
        tokens: Tokens = TOKENS,
        ref: str = "main",
        given: Any = "inputs",
        pauses_s: tuple[float, ...] = HURRIED["pauses_s"],
        **options: Any,
    ) -> RemotePipeline:
        remote = self._remote("GitLab", gitlab_login(token), **options)
        return GitLabPipeline(remote, PROJECT, ref, tokens, DEADLINES, given, pauses_s)

    def put_foreign(self, key: str) -> None:
        """Create a pipeline of that name which a person started, and one with a longer name."""
        self.server.create({"AUTOPILOT_KEY": key}, source="web")
        self.server.create({"AUTOPILOT_KEY": f"{key}.more"})

    def forget(self) -> None:
        self.server.pipelines.clear()

    def refuse(self) -> None:
        self.server.inputs.clear()


class AirflowSystem(RemoteSystem):
    results = ("success", "failed")
    refusal = "has paused DAG"
    stops_by = "PATCH"

    def another(
        self,
        token: str = SECRETS[0],
        credential: Password | None = None,
        dag: str = DAG,
        pauses_s: tuple[float, ...] = HURRIED["pauses_s"],
        timeout_s: float = 30.0,
        **options: Any,
    ) -> AirflowPipeline:
        limiter = Limiter(self.patience.clock, self.patience.sleep)
        given = credential or Token(token)
        remote = AirflowRemote("fraud-v1", self.server.url, given, limiter, timeout_s=timeout_s, **options)
        return AirflowPipeline(remote, dag, DEADLINES, pauses_s)

    def put_foreign(self, key: str) -> None:
        """Make a run with our parameters that a person started, under the id that Airflow gives such runs."""
        self.server.make(f"manual__{key}", {"AUTOPILOT_KEY": key})

    def forget(self) -> None:
        self.server.runs.clear()

    def refuse(self) -> None:
        self.server.dag.is_paused = True


@contextmanager
def jenkins() -> Iterator[JenkinsSystem]:
    with JenkinsServer("robot", SECRETS[0]).running() as server:
        yield JenkinsSystem(server)


@contextmanager
def gitlab() -> Iterator[GitLabSystem]:
    with GitLabServer(*SECRETS).running() as server:
        yield GitLabSystem(server)


@contextmanager
def airflow() -> Iterator[AirflowSystem]:
    with AirflowServer("robot", SECRETS[1], SECRETS[0]).running() as server:
        yield AirflowSystem(server)


def found(pipeline: RemotePipeline, key: str) -> TrainingJob:
    job = pipeline.find(key)
    assert job is not None
    return job
