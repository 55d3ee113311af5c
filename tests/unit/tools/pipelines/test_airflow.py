"""What is Airflow's own: a DAG that may be paused, ids that are taken once, tokens that expire, nothing for stopped."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from graph.errors import Misconfigured, Refused, Unavailable
from tests.conformance.remote_systems import DEADLINES, SECRETS, AirflowSystem, airflow, found
from tests.conformance.test_remote_faults import WRONG, texts
from tests.fakes.airflow_server import DAG
from tests.local_jobs import order
from tools.limiter import Limiter
from tools.pipelines.airflow import AirflowPipeline
from tools.pipelines.airflow_login import AirflowRemote, Password, Token
from tools.pipelines.contract import parameters

KEY = "run-1:retrain"
ROBOT = Password("robot", SECRETS[1])


@pytest.fixture
def system() -> Iterator[AirflowSystem]:
    with airflow() as remote:
        yield remote


def posts(system, path="/dagRuns"):
    return [request for request in system.server.asked if request.method == "POST" and request.path.endswith(path)]


def test_the_training_contract_is_the_conf_and_the_key_the_id(system):
    system.pipeline.start(order(KEY))
    (run,) = system.server.runs
    assert (run.id, run.conf) == (KEY, parameters(order(KEY)))
    (sent,) = posts(system)
    assert sent.form["logical_date"] == "None"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("queued", "queued"),
        ("running", "running"),
        ("success", "succeeded"),
        ("failed", "failed"),
        ("brand_new", "running"),
    ],
)
def test_each_state_is_one_of_ours(system, status, state):
    system.pipeline.start(order(KEY))
    system.server.busy = True
    system.server.of(KEY)[0].state = status
    job = found(system.pipeline, KEY)
    assert (job.state, job.id) == (state, KEY)
    assert f"run {KEY} of train fraud is {status}" in job.detail
    assert job.log == f"{system.server.url}/dags/train%20fraud/runs/run-1%3Aretrain"


@pytest.mark.parametrize(("may", "said"), [(True, "; task train failed"), (False, "")])
def test_a_failure_names_the_task_where_we_may_see_it(system, may, said):
    system.pipeline.start(order(KEY))
    system.server.rights.tasks = may
    assert system.end(KEY, well=False).detail == f"run {KEY} of train fraud is failed{said}"


@pytest.mark.parametrize(
    ("flag", "said", "hint"),
    [
        ("is_paused", "has paused DAG train fraud", "unpause"),
        ("has_import_errors", "cannot read the file of DAG train fraud", "correct /dags/train.py"),
        ("is_stale", "no longer finds the file of DAG train fraud", "bring back /dags/train.py"),
        ("missing", "knows no DAG train fraud: 404 Not Found: The Dag with ID: `train fraud`", "pipeline.dag"),
    ],
)
def test_a_dag_that_would_not_run_is_refused_before_anything_is_sent(system, flag, said, hint):
    setattr(system.server.dag, flag, True)
    with pytest.raises(Refused, match=said) as refusal:
        system.pipeline.start(order(KEY))
    assert hint in refusal.value.hint
    assert posts(system) == []


def test_params_that_do_not_take_the_contract_are_refused(system):
    system.server.dag.params.append("TEAM")
    with pytest.raises(Refused, match="400 Bad Request: Invalid input for param TEAM") as refusal:
        system.pipeline.start(order(KEY))
    assert "examples/pipelines/airflow_dag.py" in refusal.value.hint
    assert system.server.runs == []


def test_a_login_that_may_not_start_is_refused(system):
    system.server.rights.edit = False
    with pytest.raises(Refused, match="starts no run of train fraud: 403 Forbidden") as refusal:
        system.pipeline.start(order(KEY))
    assert "role user" in refusal.value.hint


def test_a_login_that_may_not_see_the_dag_is_refused(system):
    system.server.rights.see = False
    with pytest.raises(Misconfigured, match="answers 403 Forbidden"):
        system.pipeline.start(order(KEY))


def test_a_run_that_was_made_between_the_look_and_the_request_is_adopted(system):
    system.server.before_start = lambda: system.server.make(KEY, parameters(order(KEY)))
    assert system.pipeline.start(order(KEY)).state == "running"
    assert (len(system.server.runs), len(posts(system))) == (1, 1)


def test_a_run_of_our_id_that_stands_for_something_else_is_refused(system):
    system.server.make(KEY, {"AUTOPILOT_KEY": "another"})
    assert system.pipeline.find(KEY) is None
    with pytest.raises(Refused, match=f"has a run {KEY} of train fraud that was started for something else") as refusal:
        system.pipeline.start(order(KEY))
    assert "delete that run" in refusal.value.hint
    assert len(system.server.runs) == 1


def test_what_we_stopped_says_so_and_keeps_what_others_wrote(system):
    system.pipeline.start(order(KEY))
    (run,) = system.server.of(KEY)
    run.note = "ask Ana\n" + "x" * 1000
    assert system.pipeline.cancel(KEY).state == "cancelled"
    assert run.note.startswith("Stopped by Autopilot.\nask Ana\nxxx")
    assert len(run.note) == 1000
    assert found(system.another(), KEY).detail.endswith("is failed; it was told to stop")


def test_what_was_stopped_before_its_task_began_is_cancelled_though_it_ends_as_a_success(system):
    system.pipeline.start(order(KEY))
    system.pipeline.cancel(KEY)
    system.server.end(KEY, "success")
    assert found(system.another(), KEY).state == "cancelled"


def test_what_a_person_marked_as_failed_has_failed(system):
    system.pipeline.start(order(KEY))
    system.server.of(KEY)[0].note = "stopped it: Ana"
    system.end(KEY, well=False)
    assert found(system.pipeline, KEY).state == "failed"
    assert system.pipeline.cancel(KEY).state == "failed"
    assert system.server.of(KEY)[0].note == "stopped it: Ana"


def test_what_succeeded_just_before_it_was_to_be_stopped_is_left_so(system):
    job = system.pipeline.start(order(KEY))
    system.end(KEY, well=True)
    system.pipeline._stop(job)
    assert found(system.pipeline, KEY).state == "succeeded"


def test_a_login_that_may_not_stop_is_named(system):
    system.pipeline.start(order(KEY))
    system.server.rights.edit = False
    with pytest.raises(Misconfigured, match=r"does not let us stop run-1:retrain .*403 Forbidden") as refusal:
        system.pipeline.cancel(KEY)
    assert "role user" in refusal.value.hint
    assert f"{system.server.url}/dags/" in refusal.value.hint


def test_a_404_that_is_not_airflows_own_says_nothing_about_runs(system):
    remote = AirflowRemote("fraud-v1", f"{system.server.url}/elsewhere", Token(SECRETS[0]), Limiter())
    with pytest.raises(Misconfigured, match="404 Not Found: API route not found") as refusal:
        AirflowPipeline(remote, DAG, DEADLINES).find(KEY)
    assert "pipeline.url" in refusal.value.hint


@pytest.mark.parametrize("document", [{}, "text", [7], {"dag_run_id": KEY}, {"conf": 7}])
def test_an_answer_of_another_form_is_unclear(system, document):
    system.server.instead = document
    with pytest.raises(Unavailable, match="fraud-v1: Airflow at"):
        system.pipeline.find(KEY)


def test_a_password_is_exchanged_once_and_again_when_the_token_has_expired(system):
    pipeline = system.another(credential=ROBOT)
    pipeline.start(order(KEY))
    pipeline.find(KEY)
    assert len(posts(system, "/auth/token")) == 1
    system.server.expire()
    assert found(pipeline, KEY).state == "running"
    assert len(posts(system, "/auth/token")) == 2


def test_a_token_that_expires_just_before_the_start_starts_one_run(system):
    expiring = [system.server.expire]
    system.server.before_start = lambda: expiring.pop()() if expiring else None
    assert system.another(credential=ROBOT).start(order(KEY)).state == "queued"
    assert [run.id for run in system.server.runs] == [KEY]


def test_a_ready_token_that_expired_is_for_a_person_to_change(system):
    system.server.expire()
    with pytest.raises(Misconfigured, match="401 Unauthorized: Token Expired") as refusal:
        system.pipeline.find(KEY)
    assert "AUTOPILOT_AIRFLOW_" in refusal.value.hint
    assert posts(system, "/auth/token") == []


def test_a_token_that_is_turned_away_at_once_is_not_asked_for_for_ever(system):
    system.server.tokens = Taken()
    with pytest.raises(Misconfigured, match="401 Unauthorized: Invalid JWT token"):
        system.another(credential=ROBOT).find(KEY)
    assert len(posts(system, "/auth/token")) == 2


class Taken(list[str]):
    """Tokens of an Airflow that does not take what it has just given."""

    def __contains__(self, token: object) -> bool:
        return False


def test_a_wrong_password_is_for_a_person_to_change_and_is_not_shown(system):
    with pytest.raises(Misconfigured, match="does not know user robot with our password") as refusal:
        system.another(credential=Password("robot", WRONG)).find(KEY)
    assert "AUTOPILOT_AIRFLOW_PASSWORD" in refusal.value.hint
    assert WRONG not in texts([refusal.value])


@pytest.mark.parametrize("fault", ["reply lost", "500 before", "half a body", "503 before"])
def test_a_sign_in_that_got_no_answer_started_nothing_and_is_no_question(system, fault):
    system.server.fail(fault)
    with pytest.raises(Unavailable, match="when we sign in") as refusal:
        system.another(credential=ROBOT).start(order(KEY))
    assert type(refusal.value) is Unavailable
    assert SECRETS[1] not in texts([refusal.value])
    assert system.server.runs == []


@pytest.mark.parametrize("fault", ["malformed", "a page instead", "sent elsewhere"])
def test_a_sign_in_without_a_token_points_at_the_other_way_in(system, fault):
    system.server.fail(fault)
    with pytest.raises(Misconfigured, match="gives no token for a user and a password") as refusal:
        system.another(credential=ROBOT).find(KEY)
    assert "AUTOPILOT_AIRFLOW_TOKEN" in refusal.value.hint


def test_a_token_that_came_only_now_is_shown_to_nobody(system):
    pipeline = system.another(credential=ROBOT)
    pipeline.find(KEY)
    given = system.server.tokens[-1]
    system.server.fail("500 after")
    with pytest.raises(Unavailable) as refusal:
        system.server.busy = True
        system.server.dag.allows = False
        pipeline.start(order(KEY))
    assert given not in texts([refusal.value]) + repr(pipeline) + repr(vars(pipeline))
    assert pipeline._remote.one_line(f"it was {given}") == "it was ***"


def test_credentials_are_no_part_of_what_represents_them():
    assert repr(ROBOT) == "Password(user='robot')"
    assert repr(Token(SECRETS[0])) == "Token()"


def findings(system, skew=timedelta(0), **options):
    return {(f.state, f.detail): f.hint for f in system.another(**options).examine(datetime.now(UTC) + skew)}


def test_what_is_as_it_should_be_is_said_so(system):
    assert {state for state, _ in findings(system)} == {"ok"}
    assert ("ok", f"Airflow 3.3.2 at {system.server.url}") in findings(system)
    assert system.server.runs == []


@pytest.mark.parametrize(
    ("heartbeat", "said"),
    [
        (timedelta(minutes=5), "its scheduler is unhealthy, last heard of "),
        (None, "no scheduler has ever run"),
    ],
)
def test_a_scheduler_that_does_not_live_is_found(system, heartbeat, said):
    system.server.heartbeat = heartbeat
    assert any(state == "failed" and detail.startswith(said) for state, detail in findings(system))


@pytest.mark.parametrize(("skew", "said"), [(90, "90 s behind ours"), (-90, "90 s ahead of ours")])
def test_clocks_that_differ_are_found(system, skew, said):
    (odd,) = [detail for state, detail in findings(system, timedelta(seconds=skew)) if state == "warning"]
    assert odd.replace("89", "90").replace("91", "90") == f"its clock is {said}"


@pytest.mark.parametrize("flag", ["is_paused", "has_import_errors", "is_stale", "missing"])
def test_a_dag_that_would_not_run_is_found(system, flag):
    setattr(system.server.dag, flag, True)
    bad = [(detail, hint) for (state, detail), hint in findings(system).items() if state == "failed"]
    assert len(bad) == 1
    assert all("train fraud" in detail and hint for detail, hint in bad)


def test_rights_that_are_lacking_are_found(system):
    system.server.rights.edit = False
    bad = [detail for state, detail in findings(system) if state == "failed"]
    assert bad == ["our login may not start runs of train fraud", "our login may not stop runs of train fraud"]


def test_rights_that_nobody_needs_are_found(system):
    system.server.rights.secrets = True
    (odd,) = [(detail, hint) for (state, detail), hint in findings(system).items() if state == "warning"]
    assert "variables and connections" in odd[0]
    assert "not op or admin" in odd[1]


def test_what_is_no_airflow_is_said_so(system):
    system.server.instead = {"well": True}
    with pytest.raises(Unavailable, match="in a form that is not known"):
        findings(system)


def test_a_login_that_is_not_taken_is_said_by_the_first_question(system):
    with pytest.raises(Misconfigured, match="answers 401"):
        findings(system, token=WRONG)
