"""The pipelines elsewhere, each over the contract fake of its system, with one hand on both."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Protocol

from graph.model import TrainingJob
from tests.fakes.faulty_server import FaultyServer
from tests.fakes.gitlab_server import PROJECT, GitLabServer
from tests.fakes.jenkins_server import JOB, JenkinsServer
from tools.pipelines.gitlab import GitLabPipeline, Tokens
from tools.pipelines.gitlab import login as gitlab_login
from tools.pipelines.jenkins import JenkinsPipeline
from tools.pipelines.jenkins import login as jenkins_login
from tools.pipelines.remote import Limiter, Remote
from tools.pipelines.remote_job import Deadlines, RemotePipeline

KINDS = ("jenkins", "gitlab")
SECRETS = ("planted-0-reads", "planted-1-starts", "planted-2-stops")
DEADLINES = Deadlines(timedelta(hours=4), timedelta(hours=2))
HURRIED = {"pauses_s": (0.01, 0.05)}
"""What to do about a system that answers at once or not at all."""
SLOW = {"timeout_s": 0.5, "pauses_s": (0.1, 0.3, 0.6, 0.8)}
"""What to do about one that does it a second later."""


class Patience:
    """Stands for the clock and the sleep of the limiter: waiting is noted and costs nothing."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def clock(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class RemoteSystem(Protocol):
    """A pipeline elsewhere and a hand on the system behind it."""

    pipeline: RemotePipeline
    patience: Patience
    failure: str
    refusal: str

    @property
    def server(self) -> FaultyServer: ...

    def end(self, key: str, well: bool) -> TrainingJob: ...

    def starts(self, key: str) -> int: ...

    def hold_back(self, busy: bool = True) -> None: ...

    def be_stubborn(self) -> None: ...

    def grow_older(self, key: str, by: timedelta) -> None: ...

    def put_foreign(self, key: str) -> None: ...

    def forget(self) -> None: ...

    def refuse(self) -> None: ...


def _remote(system: str, server: FaultyServer, login: dict[str, str], patience: Patience, **options: Any) -> Remote:
    limiter = Limiter(patience.clock, patience.sleep)
    values: dict[str, Any] = {"url": server.url, **options}
    return Remote("fraud-v1", system, login=login, secrets=SECRETS, limiter=limiter, **values)


class JenkinsSystem:
    failure = "FAILURE"
    refusal = "it is disabled"

    def __init__(self, server: JenkinsServer, **options: Any) -> None:
        self.server = server
        self.patience = Patience()
        self.pipeline = self.another(**options)

    def another(self, **options: Any) -> RemotePipeline:
        """Return what another process would make of the same configuration."""
        token = options.pop("token", SECRETS[0])
        pauses_s = options.pop("pauses_s", HURRIED["pauses_s"])
        remote = _remote("Jenkins", self.server, jenkins_login("robot", token), self.patience, **options)
        return JenkinsPipeline(remote, JOB, DEADLINES, pauses_s)

    def end(self, key: str, well: bool) -> TrainingJob:
        self.server.end(key, "SUCCESS" if well else "FAILURE")
        return found(self.pipeline, key)

    def starts(self, key: str) -> int:
        return len(self.server.of(key))

    def hold_back(self, busy: bool = True) -> None:
        self.server.busy = busy

    def be_stubborn(self) -> None:
        self.server.stubborn = True

    def grow_older(self, key: str, by: timedelta) -> None:
        self.server.grow_older(key, by)

    def forget(self) -> None:
        self.server.items.clear()

    def refuse(self) -> None:
        self.server.enabled = False

    def put_foreign(self, key: str) -> None:
        """A job that was started in turn, with our parameters handed on."""
        self.server.order({"AUTOPILOT_KEY": key}, "/job/other/job/downstream")


class GitLabSystem:
    failure = "failed"
    refusal = "Given unknown input arguments"

    def __init__(self, server: GitLabServer, **options: Any) -> None:
        self.server = server
        self.patience = Patience()
        self.pipeline = self.another(**options)

    def another(self, **options: Any) -> RemotePipeline:
        """Return what another process would make of the same configuration."""
        tokens = options.pop("tokens", Tokens(SECRETS[1], SECRETS[2]))
        pauses_s = options.pop("pauses_s", HURRIED["pauses_s"])
        ref, given = options.pop("ref", "main"), options.pop("given", "inputs")
        remote = _remote(
            "GitLab", self.server, gitlab_login(options.pop("token", SECRETS[0])), self.patience, **options
        )
        return GitLabPipeline(remote, PROJECT, ref, tokens, DEADLINES, given, pauses_s)

    def end(self, key: str, well: bool) -> TrainingJob:
        self.server.end(key, "success" if well else "failed")
        return found(self.pipeline, key)

    def starts(self, key: str) -> int:
        return len(self.server.of(key))

    def hold_back(self, busy: bool = True) -> None:
        self.server.busy = busy

    def be_stubborn(self) -> None:
        self.server.stubborn = True

    def grow_older(self, key: str, by: timedelta) -> None:
        self.server.grow_older(key, by)

    def forget(self) -> None:
        self.server.pipelines.clear()

    def refuse(self) -> None:
        self.server.inputs.clear()

    def put_foreign(self, key: str) -> None:
        """A pipeline of that name which a person started, and one with a longer name."""
        self.server.create({"AUTOPILOT_KEY": key}, source="web")
        self.server.create({"AUTOPILOT_KEY": f"{key}.more"})


@contextmanager
def jenkins(**options: Any) -> Iterator[JenkinsSystem]:
    with JenkinsServer("robot", SECRETS[0]).running() as server:
        yield JenkinsSystem(server, **options)


@contextmanager
def gitlab(**options: Any) -> Iterator[GitLabSystem]:
    with GitLabServer(*SECRETS).running() as server:
        yield GitLabSystem(server, **options)


SYSTEMS: dict[str, Callable[..., Any]] = {"jenkins": jenkins, "gitlab": gitlab}


def found(pipeline: RemotePipeline, key: str) -> TrainingJob:
    job = pipeline.find(key)
    assert job is not None
    return job
