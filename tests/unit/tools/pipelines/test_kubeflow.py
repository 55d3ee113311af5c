"""What is Kubeflow's own: runs known by a name in one experiment, names that become ids, inputs read beforehand."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from graph.errors import Misconfigured, Refused, Unavailable
from tests.conformance.kubeflow_system import PLACE, KubeflowSystem, kubeflow
from tests.conformance.remote_systems import SECRETS, found
from tests.fakes.kubeflow_server import Version, text_inputs
from tests.local_jobs import order
from tools.pipelines.contract import parameters

KEY = "run-1:retrain"
NOW = datetime.now(UTC)


@pytest.fixture
def system() -> Iterator[KubeflowSystem]:
    with kubeflow() as remote:
        yield remote


def test_a_run_is_made_with_the_contract_of_the_newest_version_in_the_experiment(system):
    system.pipeline.start(order(KEY))
    (sent,) = (request.document for request in system.server.asked if request.method == "POST")
    assert sent == {
        "display_name": KEY,
        "experiment_id": "e-1",
        "pipeline_version_reference": {"pipeline_id": "p-1", "pipeline_version_id": "v-2"},
        "runtime_config": {"parameters": parameters(order(KEY))},
    }


def test_a_version_that_is_named_is_run_also_where_a_newer_one_is_there(system):
    system.server.versions.append(Version("v-3", "third", text_inputs(), NOW))
    system.another(place=replace(PLACE, version="second")).start(order(KEY))
    assert system.server.runs[0].reference == {"pipeline_id": "p-1", "pipeline_version_id": "v-2"}


def test_a_pipeline_that_all_share_is_found_too(system):
    system.server.shared = True
    assert system.pipeline.start(order(KEY)).state == "queued"


def test_an_installation_for_a_single_user_needs_no_namespace_and_no_token(system):
    system.server.multi_user = False
    pipeline = system.another(token=None, place=replace(PLACE, namespace=None))
    system.server.shared = True
    assert pipeline.start(order(KEY)).state == "queued"
    assert [finding.state for finding in pipeline.examine(datetime.now(UTC))] == ["ok", "warning", "ok", "ok"]


@pytest.mark.parametrize(
    ("change", "said", "field"),
    [
        ({"experiment": "nowhere"}, "has no experiment nowhere in namespace ml-fraud", "pipeline.experiment"),
        ({"pipeline": "nothing"}, "has no pipeline nothing in namespace ml-fraud", "pipeline.pipeline"),
        ({"version": "tenth"}, "has no version tenth of train-fraud", "pipeline.version"),
    ],
)
def test_what_is_not_there_is_refused_and_nothing_is_sent(system, change, said, field):
    pipeline = system.another(place=replace(PLACE, **change))
    with pytest.raises(Refused, match=said) as refusal:
        pipeline.start(order(KEY))
    assert field in refusal.value.hint
    assert [request for request in system.server.asked if request.method == "POST"] == []
    assert pipeline.examine(datetime.now(UTC))[-1].state == "failed"


@pytest.mark.parametrize("with_platform", [True, False])
@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({}, "it lacks AUTOPILOT_MODEL, AUTOPILOT_RUN, AUTOPILOT_KEY"),
        ({**text_inputs(), "AUTOPILOT_RUN": {"parameterType": "NUMBER_INTEGER"}}, "no text is AUTOPILOT_RUN"),
        ({**text_inputs(), "rate": {"parameterType": "NUMBER_DOUBLE"}}, "it also demands rate"),
    ],
)
def test_a_pipeline_with_other_inputs_is_refused(system, inputs, said, with_platform):
    system.server.versions[1].inputs, system.server.with_platform = inputs, with_platform
    with pytest.raises(Refused, match=said) as refusal:
        system.pipeline.start(order(KEY))
    assert "kubeflow_pipeline.py" in refusal.value.hint
    assert system.server.runs == []


def test_inputs_with_a_default_may_be_there_beside_ours(system):
    system.server.versions[1].inputs |= {
        "rate": {"parameterType": "NUMBER_DOUBLE", "defaultValue": 0.1},
        "note": {"parameterType": "STRING", "isOptional": True},
    }
    assert system.pipeline.start(order(KEY)).state == "queued"


@pytest.mark.parametrize(
    ("status", "state", "note"),
    [
        ("RUNTIME_STATE_UNSPECIFIED", "queued", ""),
        ("PENDING", "queued", ""),
        ("RUNNING", "running", ""),
        ("PAUSED", "running", "somebody paused it"),
        ("CANCELING", "running", "told to stop"),
        ("SUCCEEDED", "succeeded", ""),
        ("FAILED", "failed", ""),
        ("SKIPPED", "failed", "nothing in it ran"),
        ("CANCELED", "cancelled", ""),
        ("BRAND_NEW", "running", ""),
    ],
)
def test_each_state_is_ours(system, status, state, note):
    system.pipeline.start(order(KEY))
    system.server.busy = True
    run = system.server.runs[0]
    run.state, run.problem = status, f"pod\nfailed {SECRETS[0]}"
    job = found(system.pipeline, KEY)
    assert (job.state, job.log) == (state, f"{system.server.url}/#/runs/details/{run.id}")
    assert f"run {run.id} is {status}" in job.detail
    assert note in job.detail
    assert job.detail.endswith("; pod failed ***")


def test_of_two_runs_with_a_key_the_oldest_counts_on_whatever_page_it_is(system):
    system.server.page = 1
    for age in (1, 3, 2):
        system.server.create(KEY, {"AUTOPILOT_KEY": KEY}).created -= timedelta(hours=age)
    assert found(system.pipeline, KEY).id == system.server.runs[1].id
    assert [request.query.get("page_token") for request in system.server.asked if request.path.endswith("/runs")] == [
        None,
        "1",
        "2",
    ]


def test_a_database_that_compares_without_case_does_not_decide(system):
    system.server.compares_loosely = True
    system.server.create(KEY.upper(), {"AUTOPILOT_KEY": KEY.upper()})
    system.server.experiments = {PLACE.experiment.upper(): "e-9", **system.server.experiments}
    assert system.pipeline.find(KEY) is None
    system.pipeline.start(order(KEY))
    assert system.server.runs[-1].experiment == "e-1"


@pytest.mark.parametrize("key", ["a+b", "50%41", 'say "x" & y=z', "ü/#"])
def test_a_name_is_the_same_after_all_decoding(system, key):
    job = system.pipeline.start(order(key))
    assert found(system.pipeline, key).id == job.id


def test_without_the_right_to_create_a_start_is_refused(system):
    system.server.rights.discard("create")
    with pytest.raises(Refused, match="403 Forbidden: is not authorized to create runs") as refusal:
        system.pipeline.start(order(KEY))
    assert "service account" in refusal.value.hint


def test_without_the_right_to_terminate_a_person_is_told_where(system):
    system.pipeline.start(order(KEY))
    system.server.rights.discard("terminate")
    with pytest.raises(Misconfigured, match="does not let us stop") as refusal:
        system.pipeline.cancel(KEY)
    assert "/#/runs/details/" in refusal.value.hint


def test_without_the_right_to_see_a_person_must_act_and_doctor_says_so(system):
    system.server.rights.clear()
    with pytest.raises(Misconfigured, match="403"):
        system.pipeline.find(KEY)
    findings = system.pipeline.examine(datetime.now(UTC))
    assert [finding.state for finding in findings] == ["ok", "ok", "ok", "failed"]


def test_a_run_that_ended_while_it_was_told_to_stop_keeps_its_end(system):
    system.pipeline.start(order(KEY))
    ended = system.end(KEY, well=True)
    system.server.fail("reply lost", "POST")
    assert system.pipeline.cancel(KEY) == ended


def test_a_wrong_token_is_one_finding(system):
    (finding,) = system.another(token="wrong-0-planted").examine(datetime.now(UTC))
    assert finding.state == "failed"
    assert re.search("401", finding.detail)


def test_pages_without_end_are_given_up(system):
    system.server.page = 0
    system.server.create(KEY, {})
    with pytest.raises(Unavailable, match="never comes to an end of its experiments"):
        system.pipeline.find(KEY)


def test_doctor_sees_server_rights_and_pipeline(system):
    findings = system.pipeline.examine(datetime.now(UTC))
    assert [finding.state for finding in findings] == ["ok", "ok", "ok", "ok"]
    assert "train-fraud is there with the six inputs" in findings[-1].detail


@pytest.mark.parametrize("instead", [[], {"ray_version": 3, "multi_user": []}, "ok"])
def test_an_answer_of_another_system_is_a_finding(system, instead):
    system.server.instead = instead
    findings = system.pipeline.examine(datetime.now(UTC))
    assert findings[-1].state == "failed"
