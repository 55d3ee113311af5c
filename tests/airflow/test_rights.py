"""What a real Airflow refuses, and what is found out about it beforehand."""

from datetime import UTC, datetime

import pytest

from graph.errors import Misconfigured, Refused
from tests.airflow.server import DAG
from tests.airflow.system import RealAirflow
from tests.local_jobs import order
from tools.pipelines.airflow_login import Password, Token


def findings(system: RealAirflow, role: str) -> list[tuple[str, str]]:
    return [(found.state, found.detail) for found in system.another(role).examine(datetime.now(UTC))]


def test_a_paused_dag_is_refused_and_found(system: RealAirflow) -> None:
    system.server.ask("PATCH", f"/api/v2/dags/{DAG}", json={"is_paused": True})
    try:
        with pytest.raises(Refused, match=f"has paused DAG {DAG}"):
            system.another().start(order(system.key()))
        seen = findings(system, "user")
    finally:
        system.server.ask("PATCH", f"/api/v2/dags/{DAG}", json={"is_paused": False})
    assert [state for state, detail in seen if "has paused" in detail] == ["failed"]
    assert system.another().find(system.key()) is None


def test_an_unknown_dag_is_refused(system: RealAirflow) -> None:
    pipeline = system.another(dag="nowhere")
    assert pipeline.find(system.key()) is None
    with pytest.raises(Refused, match="knows no DAG nowhere"):
        pipeline.start(order(system.key()))


def test_a_value_that_the_params_do_not_take_is_refused(system: RealAirflow) -> None:
    with pytest.raises(Refused, match="400 Bad Request: Invalid input for param AUTOPILOT_MODEL"):
        system.another().start(order(system.key(), model=""))
    assert system.another().find(system.key()) is None


def test_a_run_of_our_id_that_a_person_started_is_not_ours(system: RealAirflow) -> None:
    conf = {name: "x" for name in ("MODEL", "RUN", "KEY", "TRAIN_FROM", "TRAIN_UNTIL")}
    made = {"dag_run_id": system.key(), "logical_date": None, "conf": {f"AUTOPILOT_{n}": v for n, v in conf.items()}}
    run = system.server.ask("POST", f"/api/v2/dags/{DAG}/dagRuns", json=made)
    try:
        assert system.another().find(system.key()) is None
        with pytest.raises(Refused, match="started for something else"):
            system.another().start(order(system.key()))
    finally:
        system.server.ask("PATCH", f"/api/v2/dags/{DAG}/dagRuns/{run['dag_run_id']}", json={"state": "failed"})


def test_who_may_only_look_may_not_start(system: RealAirflow) -> None:
    with pytest.raises(Refused, match="403 Forbidden") as refusal:
        system.another("viewer").start(order(system.key()))
    assert "role user" in refusal.value.hint


@pytest.mark.parametrize("credential", [Password("user", "wrong-0-planted"), Token("wrong-0-planted")])
def test_a_login_that_is_not_taken_is_for_a_person_to_change(system: RealAirflow, credential: Password | Token) -> None:
    with pytest.raises(Misconfigured, match="answers 401") as refusal:
        system.another(credential=credential).find(system.key())
    assert "AUTOPILOT_AIRFLOW_" in refusal.value.hint
    assert "planted" not in refusal.value.message + refusal.value.hint


def test_a_token_that_is_no_longer_taken_is_had_anew(system: RealAirflow) -> None:
    pipeline = system.another()
    pipeline._remote._bearer = "of-an-airflow-that-was-made-anew"  # type: ignore[attr-defined]
    assert pipeline.find(system.key()) is None


def test_the_right_login_has_all_that_is_needed_and_no_more(system: RealAirflow) -> None:
    seen = findings(system, "user")
    assert {state for state, _ in seen} == {"ok"}
    assert ("ok", f"Airflow 3.3.2 at {system.server.url}") in seen
    assert ("ok", f"our login may start and stop runs of {DAG}") in seen


@pytest.mark.parametrize("role", ["op", "admin"])
def test_more_than_is_needed_is_found(system: RealAirflow, role: str) -> None:
    odd = [detail for state, detail in findings(system, role) if state == "warning"]
    assert odd == ["our login sees variables and connections, which hold passwords of others"]


def test_less_than_is_needed_is_found(system: RealAirflow) -> None:
    bad = [detail for state, detail in findings(system, "viewer") if state == "failed"]
    assert bad == [f"our login may not start runs of {DAG}", f"our login may not stop runs of {DAG}"]
