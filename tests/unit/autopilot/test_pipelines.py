"""`pipeline:` in autopilot.yaml: one shape per system, no secret in it, and the adapter that comes of it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from autopilot import settings as reading
from autopilot.bootstrap import workshop
from autopilot.spec import File, parse
from graph.errors import Misconfigured
from graph.ports import Deps
from tests.conformance.remote_systems import SECRETS, gitlab, jenkins
from tests.fakes.gitlab_server import PROJECT
from tests.fakes.jenkins_server import JOB
from tests.local_jobs import order

ENTRY: dict[str, Any] = {
    "task": "binary_classification",
    "registry": {"model": "fraud"},
    "monitor": {
        "kind": "predictions",
        "source": "log.csv",
        "timestamp": "at",
        "prediction": "score",
        "features": ["amount"],
        "reference": {"from": "2026-01-01", "until": "2026-02-01"},
    },
    "approval": {"approvers": ["ana"]},
}
JENKINS = {"kind": "jenkins", "url": "https://ci.example", "job": "ml/train"}
GITLAB = {"kind": "gitlab", "url": "https://gitlab.example", "project": "ml/fraud"}
LOGINS = {
    "AUTOPILOT_JENKINS_USER": "robot",
    "AUTOPILOT_JENKINS_TOKEN": SECRETS[0],
    "AUTOPILOT_GITLAB_TOKEN": SECRETS[0],
    "AUTOPILOT_GITLAB_TRIGGER_TOKEN": SECRETS[1],
    "AUTOPILOT_GITLAB_CANCEL_TOKEN": SECRETS[2],
}


def read(*pipelines: dict[str, Any], defaults: dict[str, Any] | None = None) -> File:
    models = {f"m{number}": {**ENTRY, "pipeline": pipeline} for number, pipeline in enumerate(pipelines)}
    document = {"people": {"ana": {}}, "defaults": defaults or {}, "models": models}
    return parse(yaml.safe_dump(document, sort_keys=False), "autopilot.yaml")


def part(pipeline: dict[str, Any], **more: Any) -> Any:
    return read(pipeline, **more).model("m0").pipeline


def parts(home: Path, pipeline: dict[str, Any], **environment: str) -> Deps:
    known = reading.load({**environment, "AUTOPILOT_HOME": str(home), "AUTOPILOT_CONFIG": str(home / "a.yaml")})
    found: Any = SimpleNamespace(registry="sqlite://", trainer="sqlite://", artifacts=None, cluster=None)
    book: Any = SimpleNamespace(windows=None)
    return workshop(known, read(pipeline), found, book)("m0")


@pytest.mark.parametrize(
    ("pipeline", "words"),
    [
        ({**JENKINS, "url": "ci.example"}, r"pipeline\.url: an address is written like https://ci.example"),
        ({**JENKINS, "url": "https://robot:hush@ci.example"}, "an address holds no login"),
        ({**JENKINS, "url": "https://ci.example/?token=1"}, "ends before"),
        ({**JENKINS, "url": "http://ci.example"}, "tokens would be sent in the clear"),
        ({**JENKINS, "job": "/ml//train"}, r"pipeline\.job: "),
        ({**JENKINS, "token": "hush"}, r"pipeline\.token: "),
        ({**GITLAB, "parameters": "files"}, r"pipeline\.parameters: "),
        ({**GITLAB, "deadline": "soon"}, r"pipeline\.deadline: a duration is written like"),
        ({"kind": "gitlab", "url": "https://gitlab.example"}, r"pipeline\.project: Field required"),
        ({"kind": "airport"}, "there is no pipeline kind 'airport'"),
        ({**JENKINS, "cost": {"per_run": 2}}, r"pipeline\.cost\.currency: Field required"),
    ],
)
def test_what_cannot_be_meant_is_named_with_its_line(pipeline, words):
    with pytest.raises(Misconfigured, match=rf"^autopilot\.yaml:\d+: models\.m0\..*{words}") as error:
        read(pipeline)
    assert "hush" not in error.value.message


def test_the_line_is_that_of_the_field():
    with pytest.raises(Misconfigured) as error:
        read({**JENKINS, "deadline": "soon"})
    text = yaml.safe_dump({"models": {"m0": {**ENTRY, "pipeline": {**JENKINS, "deadline": "soon"}}}}, sort_keys=False)
    within = next(n for n, line in enumerate(text.splitlines(), 1) if "deadline" in line)
    # `people` and `defaults` stand above.
    assert error.value.message.startswith(f"autopilot.yaml:{within + 3}: ")


@pytest.mark.parametrize("url", ["http://localhost:8080", "http://127.0.0.1:8080/jenkins/", "http://[::1]:80"])
def test_this_machine_may_be_asked_in_the_clear(url):
    assert part({**JENKINS, "url": url}).url == url.rstrip("/")


def test_another_may_when_its_owner_says_so():
    assert part({**JENKINS, "url": "http://ci.internal", "plain_http": True}).plain_http


def test_a_login_is_not_shared_between_two_servers():
    read(JENKINS, GITLAB, JENKINS)
    with pytest.raises(Misconfigured, match="share a login, so also the server"):
        read(JENKINS, {**JENKINS, "url": "https://another.example"})


def test_defaults_of_another_kind_do_not_leak_in():
    defaults = {"pipeline": {"kind": "local", "command": ["train"], "deadline": "9h"}}
    theirs, local = part(JENKINS, defaults=defaults), part({"cwd": "x"}, defaults=defaults)
    assert (theirs.kind, theirs.deadline.total_seconds()) == ("jenkins", 7200)
    assert (local.kind, local.command, local.cwd) == ("local", ["train"], "x")


@pytest.mark.parametrize(
    ("pipeline", "missing"),
    [
        (JENKINS, "AUTOPILOT_JENKINS_USER"),
        (JENKINS, "AUTOPILOT_JENKINS_TOKEN"),
        (GITLAB, "AUTOPILOT_GITLAB_TOKEN"),
        (GITLAB, "AUTOPILOT_GITLAB_TRIGGER_TOKEN"),
    ],
)
def test_a_login_is_missed_when_it_is_used_and_not_before(tmp_path, pipeline, missing):
    deps = parts(tmp_path, pipeline, **{name: value for name, value in LOGINS.items() if name != missing})
    assert deps.pipeline.kind == pipeline["kind"]
    with pytest.raises(Misconfigured, match=f"m0: {missing} is not set"):
        deps.pipeline.find("key")


def test_what_the_file_and_the_environment_say_starts_a_build(tmp_path):
    with jenkins() as system:
        deps = parts(tmp_path, {**JENKINS, "url": system.server.url, "job": JOB}, **LOGINS)
        job = deps.pipeline.start(order("m0.run"))
        assert (job.pipeline, system.starts("m0.run")) == ("jenkins", 1)
        cancelled = deps.pipeline.cancel("m0.run")
        assert cancelled is not None
        assert cancelled.state == "cancelled"


def test_what_the_file_and_the_environment_say_starts_a_pipeline(tmp_path):
    with gitlab() as system:
        deps = parts(tmp_path, {**GITLAB, "url": system.server.url, "project": PROJECT}, **LOGINS)
        job = deps.pipeline.start(order("m0.run"))
        assert (job.pipeline, system.starts("m0.run")) == ("gitlab", 1)
        cancelled = deps.pipeline.cancel("m0.run")
        assert cancelled is not None
        assert cancelled.state == "cancelled"


def test_a_token_is_a_secret_of_the_process():
    known = reading.load(LOGINS)
    assert set(SECRETS) <= set(known.secrets)
    assert [secret for secret in SECRETS if secret in repr(known)] == []
