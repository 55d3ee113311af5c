"""The played systems, driven by clients that others wrote: what they need is there, and means what they take it for."""

import json
from collections.abc import Iterator
from typing import Any

import api4jenkins
import gitlab
import jenkins
import kfp_server_api as kfp
import pytest

from tests.fakes.gitlab_server import PROJECT, GitLabServer
from tests.fakes.jenkins_server import JOB, JenkinsServer
from tests.fakes.kubeflow_server import EXPERIMENT, NAMESPACE, PIPELINE, KubeflowServer
from tests.local_jobs import order
from tools.pipelines.contract import parameters

USER, TOKENS = "robot", ("planted-0-reads", "planted-1-starts", "planted-2-stops")
KEY = "run-1:retrain"
GIVEN = parameters(order(KEY))


@pytest.fixture
def jenkins_server() -> Iterator[JenkinsServer]:
    with JenkinsServer(USER, TOKENS[0]).running() as server:
        yield server


@pytest.fixture
def kubeflow_server() -> Iterator[KubeflowServer]:
    with KubeflowServer(TOKENS[0]).running() as server:
        yield server


def test_python_jenkins_triggers_waits_builds_and_stops(jenkins_server: JenkinsServer) -> None:
    client = jenkins.Jenkins(jenkins_server.url, username=USER, password=TOKENS[0])
    jenkins_server.busy = True
    number = client.build_job(JOB, GIVEN)
    assert client.get_queue_item(number)["why"]
    jenkins_server.busy = False
    assert [waiting["id"] for waiting in client.get_queue_info()] == []
    build = client.get_queue_item(number)["executable"]["number"]
    assert client.get_build_info(JOB, build)["building"]
    client.stop_build(JOB, build)
    assert client.get_build_info(JOB, build)["result"] == "ABORTED"
    assert [item.parameters for item in jenkins_server.of(KEY)] == [GIVEN]


def test_api4jenkins_triggers_waits_builds_and_stops(jenkins_server: JenkinsServer) -> None:
    jenkins_server.root = jenkins_server.url
    client = api4jenkins.Jenkins(jenkins_server.url, auth=(USER, TOKENS[0]))
    item = client.get_job(JOB).build(**GIVEN)
    assert list(client.queue) == []
    build = item.get_build()
    assert build.building
    build.stop()
    assert build.result == "ABORTED"
    assert [item.parameters for item in jenkins_server.of(KEY)] == [GIVEN]


def test_python_gitlab_triggers_finds_follows_and_cancels() -> None:
    with GitLabServer(*TOKENS).running() as server:
        client = gitlab.Gitlab(server.url, private_token=TOKENS[2])
        project = client.projects.get(PROJECT, lazy=True)
        started = project.trigger_pipeline("main", TOKENS[1], variables=GIVEN)
        (found,) = project.pipelines.list(name=KEY, source="trigger", get_all=False)
        assert found.id == started.id
        assert project.pipelines.get(started.id).status == "running"
        project.pipelines.get(started.id).cancel()
        assert project.pipelines.get(started.id).status == "canceled"
        assert [pipeline.given for pipeline in server.of(KEY)] == [GIVEN]


def filtered(name: str) -> str:
    return json.dumps({"predicates": [{"key": "display_name", "operation": "EQUALS", "string_value": name}]})


def kubeflow_client(server: KubeflowServer) -> Any:
    configuration = kfp.Configuration(host=server.url)
    return kfp.ApiClient(configuration, header_name="authorization", header_value=f"Bearer {TOKENS[0]}")


def test_kfp_server_api_finds_what_it_needs_creates_follows_and_terminates(kubeflow_server: KubeflowServer) -> None:
    kubeflow_server.shared = True
    with kubeflow_client(kubeflow_server) as client:
        experiments, pipelines = kfp.ExperimentServiceApi(client), kfp.PipelineServiceApi(client)
        runs = kfp.RunServiceApi(client)
        assert kfp.HealthzServiceApi(client).healthz_service_get_healthz().multi_user
        (experiment,) = experiments.experiment_service_list_experiments(
            namespace=NAMESPACE, filter=filtered(EXPERIMENT)
        ).experiments
        (pipeline,) = pipelines.pipeline_service_list_pipelines(filter=filtered(PIPELINE)).pipelines
        (version,) = pipelines.pipeline_service_list_pipeline_versions(
            pipeline.pipeline_id, sort_by="created_at desc", page_size=1
        ).pipeline_versions
        assert set(version.pipeline_spec["root"]["inputDefinitions"]["parameters"]) == set(GIVEN)
        reference = kfp.V2beta1PipelineVersionReference(pipeline.pipeline_id, version.pipeline_version_id)
        wanted = kfp.V2beta1Run(
            display_name=KEY,
            experiment_id=experiment.experiment_id,
            pipeline_version_reference=reference,
            runtime_config=kfp.V2beta1RuntimeConfig(parameters=GIVEN),
        )
        created = runs.run_service_create_run(wanted)
        assert created.state == "PENDING"
        (found,) = runs.run_service_list_runs(experiment_id=experiment.experiment_id, filter=filtered(KEY)).runs
        assert (found.run_id, found.state) == (created.run_id, "RUNNING")
        assert found.runtime_config.parameters == GIVEN
        runs.run_service_terminate_run(created.run_id)
        assert runs.run_service_get_run(created.run_id).state == "CANCELED"
        with pytest.raises(kfp.ApiException, match="Row not found"):
            runs.run_service_terminate_run(created.run_id)


def test_kfp_server_api_turns_pages(kubeflow_server: KubeflowServer) -> None:
    for number in range(5):
        kubeflow_server.create(f"run {number}", {})
    kubeflow_server.page = 2
    seen: list[str] = []
    token: str | None = ""
    with kubeflow_client(kubeflow_server) as client:
        for _ in range(3):
            page = kfp.RunServiceApi(client).run_service_list_runs(experiment_id="e-1", page_token=token)
            seen += [run.display_name for run in page.runs]
            token = page.next_page_token
    assert (seen, token) == ([f"run {number}" for number in range(5)], None)
