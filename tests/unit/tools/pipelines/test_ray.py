"""What is Ray's own: an id made of the key, a command that stays as it is, one token for all, no traceback shown."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from graph.errors import Misconfigured, Refused
from tests.conformance.ray_system import COMMAND, RaySystem, ray
from tests.conformance.remote_systems import SECRETS, found
from tests.local_jobs import order
from tools.pipelines.contract import parameters
from tools.pipelines.ray import Entrypoint, submission_id

KEY = "run-1:retrain"


@pytest.fixture
def system() -> Iterator[RaySystem]:
    with ray() as remote:
        yield remote


def sent(system: RaySystem) -> Any:
    (request,) = (each for each in system.server.asked if each.path == "/api/jobs/")
    return request.document


def test_the_contract_goes_into_the_environment_and_nothing_into_the_command(system):
    ordered = order("run'; rm -rf / #", model="fraud; reboot")
    system.pipeline.start(ordered)
    assert sent(system) == {
        "submission_id": submission_id(ordered.key),
        "entrypoint": COMMAND,
        "metadata": {"autopilot.key": ordered.key},
        "runtime_env": {"env_vars": parameters(ordered)},
    }


def test_what_the_owner_wrote_lies_under_what_is_ours(system):
    mine = {"working_dir": "https://files.example/t.zip", "env_vars": {"AUTOPILOT_KEY": "mine", "LEVEL": "3"}}
    entry = Entrypoint("python train.py", mine, num_cpus=1.5, num_gpus=1, resources={"trainer": 1})
    system.another(entrypoint=entry).start(order(KEY))
    document = sent(system)
    assert document["runtime_env"] == {
        "working_dir": "https://files.example/t.zip",
        "env_vars": {"LEVEL": "3", **parameters(order(KEY))},
    }
    reserved = {name: value for name, value in document.items() if name.startswith("entrypoint_")}
    assert reserved == {
        "entrypoint_num_cpus": 1.5,
        "entrypoint_num_gpus": 1,
        "entrypoint_resources": {"trainer": 1},
    }
    assert mine["env_vars"] == {"AUTOPILOT_KEY": "mine", "LEVEL": "3"}


@pytest.mark.parametrize("key", [KEY, "a/b ü?#%2F", "x" * 500, "ü"])
def test_an_id_fits_an_address_and_a_file_name(key):
    number = submission_id(key)
    assert number.replace("-", "").isalnum()
    assert number.isascii()
    assert len(number) < 120


def test_keys_that_look_alike_have_ids_of_their_own():
    keys = ["a:b", "a.b", "a-b", "a b", "A:b", "x" * 200, "x" * 201]
    assert len({submission_id(key) for key in keys}) == len(keys)


@pytest.mark.parametrize(
    ("status", "state", "note"),
    [
        ("PENDING", "queued", "waits for its turn"),
        ("RUNNING", "running", ""),
        ("SUCCEEDED", "succeeded", ""),
        ("FAILED", "failed", ""),
        ("STOPPED", "cancelled", ""),
        ("BRAND_NEW", "running", ""),
    ],
)
def test_each_status_is_a_state(system, status, state, note):
    system.pipeline.start(order(KEY))
    system.server.busy = True
    system.server.of(KEY)[0].status = status
    job = found(system.pipeline, KEY)
    number = submission_id(KEY)
    assert (job.state, job.log) == (state, f"{system.server.url}/#/jobs/{number}")
    assert f"job {number} is {status}" in job.detail
    assert note in job.detail


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("RUNTIME_ENV_SETUP_FAILURE", "its runtime_env could not be set up"),
        ("JOB_SUPERVISOR_ACTOR_START_TIMEOUT", "it never got its turn, and Ray gave it up"),
        ("SOMETHING_NEW", "SOMETHING_NEW"),
    ],
)
def test_a_failure_is_said_in_our_words_and_never_in_those_of_its_log(system, error, said):
    system.pipeline.start(order(KEY))
    system.server.end(KEY, "FAILED")
    job = system.server.of(KEY)[0]
    job.exit_code, job.error = None, error
    assert found(system.pipeline, KEY).detail == f"job {submission_id(KEY)} is FAILED; {said}"


def test_a_request_that_ray_refuses_is_refused_without_its_traceback(system):
    with pytest.raises(Refused, match=r"takes no job: 400 Bad Request$") as refusal:
        system.another(entrypoint=Entrypoint("true", num_cpus="many")).start(order(KEY))  # type: ignore[arg-type]
    assert "runtime_env" in refusal.value.hint


def test_a_value_that_ray_would_change_is_refused(system):
    with pytest.raises(Refused, match=r"replaces what begins with [$] in AUTOPILOT_MODEL"):
        system.pipeline.start(order(KEY, model="fraud-$HOME"))
    assert system.server.jobs == {}


@pytest.mark.parametrize("metadata", [{}, {"autopilot.key": "run-2:retrain"}])
def test_a_job_under_our_id_that_names_another_key_is_not_taken(system, metadata):
    system.server.submit(submission_id(KEY), metadata)
    with pytest.raises(Misconfigured, match=f"does not name {KEY}"):
        system.pipeline.find(KEY)


def test_a_404_that_is_not_ray_s_is_not_taken_for_no_job(system):
    pipeline = system.another()
    pipeline._remote._client.base_url = f"{system.server.url}/elsewhere"
    with pytest.raises(Misconfigured, match="answers 404"):
        pipeline.find(KEY)


def test_the_wait_counts_as_if_it_had_run_since_ray_keeps_one_time(system):
    system.hold_back()
    system.pipeline.start(order(KEY))
    system.grow_older(KEY, timedelta(hours=3))
    assert found(system.pipeline, KEY).state == "queued"
    system.hold_back(False)
    assert found(system.pipeline, KEY).state == "failed"


def test_a_cluster_that_asks_for_no_token_is_served_and_warned_of(system):
    system.server.token = None
    pipeline = system.another(token=None)
    assert pipeline.start(order(KEY)).state == "queued"
    assert all("authorization" not in request.headers for request in system.server.asked)
    states = [(each.state, each.hint) for each in pipeline.examine(datetime.now(UTC))]
    assert [state for state, _ in states] == ["ok", "warning", "ok"]
    assert "RAY_AUTH_MODE=token" in states[1][1]


def test_a_token_is_not_sent_where_it_is_asked_whether_any_is_needed(system):
    first, second, third = system.pipeline.examine(datetime.now(UTC))
    assert (first.state, second.state, third.state) == ("ok", "ok", "ok")
    assert "2.60.0" in first.detail
    assert ["authorization" in request.headers for request in system.server.asked] == [True, False]


@pytest.mark.parametrize(("token", "said"), [(None, "401 Unauthorized"), ("wrong-0-planted", "403 Forbidden")])
def test_without_the_right_token_there_is_one_finding(system, token, said):
    (finding,) = system.another(token=token).examine(datetime.now(UTC))
    assert (finding.state, said in finding.detail) == ("failed", True)
    assert "AUTOPILOT_RAY_TOKEN" in finding.hint
    assert SECRETS[0] not in repr(finding)


@pytest.mark.parametrize(("by", "said"), [(timedelta(minutes=5), "behind"), (timedelta(minutes=-5), "ahead of")])
def test_a_clock_that_differs_is_a_warning(system, by, said):
    finding = system.pipeline.examine(datetime.now(UTC) + by)[-1]
    assert (finding.state, said in finding.detail) == ("warning", True)


def test_a_system_that_is_away_is_one_finding(system):
    system.server.fail("503 before", "GET")
    (finding,) = system.pipeline.examine(datetime.now(UTC))
    assert replace(finding, detail="", hint="").state == "failed"


@pytest.mark.parametrize("instead", [[], {"ray_version": 3, "multi_user": []}, "ok"])
def test_an_answer_of_another_system_is_a_finding(system, instead):
    system.server.instead = instead
    findings = system.pipeline.examine(datetime.now(UTC))
    assert findings[-1].state == "failed"
