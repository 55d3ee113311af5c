"""What is Jenkins' own: parameters that it drops, builds in pages, a crumb for passwords, rights one by one."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from graph.errors import Misconfigured, Refused, Unavailable
from tests.conformance.remote_systems import SECRETS, JenkinsSystem, found, jenkins
from tests.local_jobs import order
from tools.pipelines.contract import parameters

KEY = "run-1:retrain"


@pytest.fixture
def system() -> Iterator[JenkinsSystem]:
    with jenkins() as remote:
        yield remote


def test_the_training_contract_is_handed_over_in_the_body(system):
    system.pipeline.start(order(KEY))
    assert system.server.items[0].parameters == parameters(order(KEY))
    assert all(KEY not in request.line for request in system.server.asked)


@pytest.mark.parametrize(
    ("result", "state"),
    [
        ("SUCCESS", "succeeded"),
        ("UNSTABLE", "failed"),
        ("FAILURE", "failed"),
        ("NOT_BUILT", "failed"),
        ("ABORTED", "cancelled"),
    ],
)
def test_each_result_is_a_state(system, result, state):
    system.pipeline.start(order(KEY))
    system.server.end(KEY, result)
    job = found(system.pipeline, KEY)
    assert (job.state, job.detail) == (state, f"build 1 ended {result}")
    assert job.log == f"{system.server.url}/job/ml/job/train%20fraud/1/console"


def test_a_result_that_is_not_known_is_no_end(system):
    system.pipeline.start(order(KEY))
    system.server.end(KEY, "PAUSED")
    assert found(system.pipeline, KEY).state == "running"


def test_a_disabled_job_is_refused_before_anything_is_sent(system):
    system.server.enabled = False
    with pytest.raises(Refused, match="will not build ml/train fraud: it is disabled"):
        system.pipeline.start(order(KEY))
    assert all(request.method == "GET" for request in system.server.asked)


def test_a_parameter_that_jenkins_would_drop_is_refused_before_anything_is_sent(system):
    system.server.declared.remove("AUTOPILOT_KEY")
    with pytest.raises(Refused, match="would drop AUTOPILOT_KEY") as refusal:
        system.pipeline.start(order(KEY))
    assert "examples/pipelines/Jenkinsfile" in refusal.value.hint
    assert system.server.items == []


def test_a_missing_right_to_build_is_refused(system):
    system.server.rights.build = False
    with pytest.raises(Refused, match="403 Forbidden: robot is missing the Job/Build permission") as refusal:
        system.pipeline.start(order(KEY))
    assert "Job/Build" in refusal.value.hint


def test_a_missing_right_to_read_stops_without_ending_anything(system):
    system.server.rights.read = False
    with pytest.raises(Misconfigured, match="answers 404"):
        system.pipeline.find(KEY)


@pytest.mark.parametrize("busy", [True, False])
def test_a_missing_right_to_cancel_says_which(system, busy):
    system.server.busy = busy
    system.pipeline.start(order(KEY))
    system.server.rights.cancel = False
    with pytest.raises(Misconfigured, match="does not let us stop run-1:retrain") as refusal:
        system.pipeline.cancel(KEY)
    assert "Job/Cancel" in refusal.value.hint


def test_a_build_is_found_behind_hundreds_of_others(system):
    job = system.pipeline.start(order(KEY))
    for number in range(250):
        system.server.order({"AUTOPILOT_KEY": f"other-{number}"})
    assert found(system.pipeline, KEY).id == job.id


def test_builds_of_long_ago_are_not_searched(system):
    for number in range(250):
        system.server.order({"AUTOPILOT_KEY": f"other-{number}"}).since -= timedelta(days=90)
    assert system.pipeline.find(KEY) is None
    pages = [request for request in system.server.asked if request.query["tree"].startswith("allBuilds")]
    assert len(pages) == 1


def test_among_too_many_builds_nothing_is_called_absent(system):
    for number in range(5001):
        system.server.order({"AUTOPILOT_KEY": f"other-{number}"})
    with pytest.raises(Unavailable, match="more than 5,000 builds of ml/train fraud"):
        system.pipeline.find(KEY)


def test_equal_parameters_that_wait_already_are_adopted(system):
    system.server.busy = True
    job = system.pipeline.start(order(KEY))
    # As after a look that came too early.
    again = system.pipeline._send(order(KEY))
    assert again.id == job.id
    assert system.starts(KEY) == 1


def test_a_password_needs_a_crumb_and_a_token_none(system):
    system.pipeline.start(order(KEY))
    assert all("crumb" not in request.path for request in system.server.asked)
    system.server.wants_crumb = True
    assert system.pipeline.cancel(KEY).state == "cancelled"
    assert [request.path for request in system.server.asked if "crumb" in request.path] == ["/crumbIssuer/api/json"]


@pytest.mark.parametrize("document", [{}, {"items": None}, {"items": [{"actions": 7}]}, [], "text", {"items": [7]}])
def test_an_answer_of_another_form_is_unclear(system, document):
    system.server.instead = document
    with pytest.raises(Unavailable, match="fraud-v1: Jenkins at"):
        system.pipeline.find(KEY)


@pytest.mark.parametrize("document", [{"property": 7}, {"property": [{"parameterDefinitions": [{}]}]}])
def test_a_job_of_another_form_is_unclear_and_nothing_is_sent(system, document):
    system.server.instead = {"items": [], "allBuilds": [], **document}
    with pytest.raises(Unavailable, match="in a form that is not known"):
        system.pipeline.start(order(KEY))
    assert all(request.method == "GET" for request in system.server.asked)


def test_what_the_server_shows_of_a_token_is_masked(system):
    system.server.rights.build = False
    system.server.complaint = f"{SECRETS[0]} may not build"
    with pytest.raises(Refused, match=r"\*\*\* may not build"):
        system.pipeline.start(order(KEY))


def test_who_looks_it_over_sees_a_job_that_is_ready_and_a_user_with_no_more_than_it_needs(system):
    seen, clock = system.pipeline.examine(datetime.now(UTC))
    assert (seen.state, "2.541.2" in seen.detail, clock.state) == ("ok", True, "ok")
    assert {request.method for request in system.server.asked} == {"GET"}


@pytest.mark.parametrize(("right", "name"), [("configure", "Job/Configure"), ("administer", "Overall/Administer")])
def test_a_right_that_is_not_needed_is_a_finding(system, right, name):
    setattr(system.server.rights, right, True)
    *_, more = system.pipeline.examine(datetime.now(UTC))
    assert (more.state, name in more.detail, "Job/Build" in more.hint) == ("warning", True, True)


def test_clocks_that_differ_are_a_finding(system):
    _, skew = system.pipeline.examine(datetime.now(UTC) - timedelta(minutes=5))
    assert skew.state == "warning"
    assert "ahead of ours" in skew.detail


def test_a_job_that_would_not_start_is_refused_when_looked_over(system):
    system.server.enabled = False
    with pytest.raises(Refused, match="disabled"):
        list(system.pipeline.examine(datetime.now(UTC)))
