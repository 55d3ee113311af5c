"""What is GitLab's own: pipelines known by a name that their file gives, three tokens, states that wait for people."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from graph.errors import Misconfigured, Refused, Unavailable
from tests.conformance.remote_systems import SECRETS, GitLabSystem, found, gitlab
from tests.local_jobs import order
from tools.pipelines.contract import parameters
from tools.pipelines.gitlab import Tokens

KEY = "run-1:retrain"


@pytest.fixture
def system() -> Iterator[GitLabSystem]:
    with gitlab() as remote:
        yield remote


@pytest.mark.parametrize("given", ["inputs", "variables"])
def test_the_training_contract_is_handed_over_in_the_body(system, given):
    system.another(given=given).start(order(KEY))
    assert system.server.pipelines[0].given == parameters(order(KEY))
    (sent,) = (request for request in system.server.asked if request.method == "POST")
    assert set(sent.form) == {"token", "ref", *(f"{given}[{name}]" for name in parameters(order(KEY)))}


def test_each_token_is_sent_for_its_own_duty_only(system):
    system.pipeline.start(order(KEY))
    system.pipeline.cancel(KEY)
    sent = {
        (r.path.rpartition("/")[2], r.headers.get("private-token"), r.form.get("token")) for r in system.server.asked
    }
    reads, starts, stops = SECRETS
    assert ("pipeline", None, starts) in sent
    assert ("cancel", stops, None) in sent
    assert {login for path, login, _ in sent if path not in ("pipeline", "cancel")} == {reads}


@pytest.mark.parametrize(
    ("status", "state", "note"),
    [
        ("created", "queued", ""),
        ("waiting_for_resource", "queued", ""),
        ("preparing", "queued", ""),
        ("pending", "queued", ""),
        ("scheduled", "queued", ""),
        ("manual", "queued", "waits for a person"),
        ("running", "running", ""),
        ("canceling", "running", "told to stop"),
        ("success", "succeeded", ""),
        ("failed", "failed", ""),
        ("skipped", "failed", "nothing in it ran"),
        ("canceled", "cancelled", ""),
        ("brand_new", "running", ""),
    ],
)
def test_each_status_is_a_state(system, status, state, note):
    system.pipeline.start(order(KEY))
    system.server.busy = True
    system.server.of(KEY)[0].status = status
    job = found(system.pipeline, KEY)
    assert (job.state, job.log) == (state, "https://gitlab.example/ml/fraud/-/pipelines/501")
    assert f"pipeline 501 is {status}" in job.detail
    assert note in job.detail


def test_a_file_that_gitlab_cannot_read_is_shown(system):
    system.pipeline.start(order(KEY))
    system.server.end(KEY, "failed")
    system.server.of(KEY)[0].problem = f"jobs:train config\nshould contain a script; {SECRETS[1]}"
    assert found(system.pipeline, KEY).detail.endswith("; jobs:train config should contain a script; ***")


def test_an_unknown_branch_is_refused(system):
    with pytest.raises(Refused, match="on nowhere: 400 Bad Request: Reference not found") as refusal:
        system.another(ref="nowhere").start(order(KEY))
    assert "pipeline.ref" in refusal.value.hint


def test_inputs_that_the_file_does_not_declare_are_refused(system):
    system.server.inputs.remove("AUTOPILOT_EXCLUDE")
    with pytest.raises(Refused, match="unknown input arguments: AUTOPILOT_EXCLUDE"):
        system.pipeline.start(order(KEY))
    assert system.server.pipelines == []


def test_a_trigger_token_of_another_project_is_refused(system):
    with pytest.raises(Refused, match="404 Not Found") as refusal:
        system.another(tokens=Tokens("another-token")).start(order(KEY))
    assert "AUTOPILOT_GITLAB_TRIGGER_TOKEN" in refusal.value.hint


def test_whoever_may_not_run_pipelines_is_refused(system):
    system.server.may_run = False
    with pytest.raises(Refused, match="403 Forbidden") as refusal:
        system.pipeline.start(order(KEY))
    assert "right to run pipelines" in refusal.value.hint


def test_a_pipeline_that_is_not_named_by_the_key_is_refused_since_nobody_could_follow_it(system):
    system.server.names_by_key = False
    with pytest.raises(Refused, match=f"started pipeline 501 of .* under another name than {KEY}") as refusal:
        system.pipeline.start(order(KEY))
    assert "workflow: name:" in refusal.value.hint


def test_an_old_gitlab_that_lists_them_all_is_not_believed(system):
    system.server.create({"AUTOPILOT_KEY": "another"})
    system.server.knows_names = False
    with pytest.raises(Misconfigured, match="shows no names") as refusal:
        system.pipeline.find(KEY)
    assert "16.9" in refusal.value.hint


def test_a_name_that_only_begins_with_the_key_is_another(system):
    system.server.searches_loosely = True
    system.server.create({"AUTOPILOT_KEY": f"{KEY}.more"})
    assert system.pipeline.find(KEY) is None


def test_without_a_token_that_stops_a_person_is_told_where(system):
    pipeline = system.another(tokens=Tokens(SECRETS[1]))
    pipeline.start(order(KEY))
    with pytest.raises(Misconfigured, match="no token of ours may") as refusal:
        pipeline.cancel(KEY)
    assert "pipelines/501" in refusal.value.hint
    assert found(pipeline, KEY).state == "running"
    # Past its deadline it costs money: nobody may take that for an end.
    system.grow_older(KEY, timedelta(hours=3))
    with pytest.raises(Misconfigured, match="no token of ours may"):
        pipeline.find(KEY)


def test_a_token_that_may_not_stop_is_named(system):
    pipeline = system.another(tokens=Tokens(SECRETS[1], SECRETS[0]))
    pipeline.start(order(KEY))
    with pytest.raises(Misconfigured, match="403 Forbidden") as refusal:
        pipeline.cancel(KEY)
    assert "AUTOPILOT_GITLAB_CANCEL_TOKEN" in refusal.value.hint


def test_of_two_pipelines_with_a_key_the_first_counts(system):
    first = system.pipeline.start(order(KEY))
    system.server.create({"AUTOPILOT_KEY": KEY})
    assert found(system.pipeline, KEY).id == first.id


@pytest.mark.parametrize("document", [{}, "text", [7], [{"name": KEY}], [{"name": KEY, "id": "x"}]])
def test_an_answer_of_another_form_is_unclear(system, document):
    system.server.instead = document
    with pytest.raises(Unavailable, match="fraud-v1: GitLab at"):
        system.pipeline.find(KEY)


def test_tokens_are_no_part_of_what_represents_them():
    assert repr(Tokens(SECRETS[1], SECRETS[2])) == "Tokens()"


def test_who_looks_it_over_sees_each_token_with_what_it_needs(system):
    assert [seen.state for seen in system.pipeline.examine(datetime.now(UTC))] == ["ok"] * 4
    assert {request.method for request in system.server.asked} == {"GET"}


@pytest.mark.parametrize(
    ("scopes", "state"), [(["read_api"], "ok"), (["api"], "warning"), (["api", "read_api"], "warning"), ([], "failed")]
)
def test_a_token_has_its_scope_and_no_other(system, scopes, state):
    system.server.scopes[SECRETS[0]] = scopes
    assert [seen.state for seen in system.pipeline.examine(datetime.now(UTC))] == ["ok", "ok", state, "ok"]


def test_a_token_that_soon_expires_is_a_finding(system):
    system.server.expires = "2026-03-01"
    seen = [found for found in system.another(tokens=Tokens("x")).examine(datetime(2026, 2, 20, tzinfo=UTC))]
    assert [found.state for found in seen] == ["ok", "warning", "ok", "warning"]
    assert seen[-1].detail == "AUTOPILOT_GITLAB_TOKEN expires on 2026-03-01"
