"""Whether Airflow would run a DAG for us, and whether our login can do what is needed there and no more."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import quote

from graph.errors import Unavailable
from tools.pipelines.remote import Answer, Remote
from tools.plugins import Finding
from tools.skew import clock

TO_START = "give its user role user, or of this DAG: read, and create and edit DAG runs"
TO_STOP = "give its user role user, or the right to edit runs of this DAG"

_ALIVE = timedelta(seconds=30)
"""Airflow's own limit for a scheduler's heartbeat."""
_NO_RUN = "autopilot.doctor"
"""No run has this id: a key ends with the id of a run of ours."""
_FOREIGN = ("variables", "connections")


def examine(remote: Remote, dag: str, now: datetime) -> Iterator[Finding]:
    """Yield one finding each; nothing is started, stopped or changed."""
    yield from _server(remote, now)
    path = f"/api/v2/dags/{quote(dag, safe='')}"
    answer = remote.get(path, known=(HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND))
    problem = problem_of(remote, answer, dag)
    yield problem or Finding("ok", f"DAG {dag} is there, active and without import errors")
    if answer.is_success:
        yield from _rights(remote, path, dag)
    yield from _more_than_needed(remote)


def problem_of(remote: Remote, answer: Answer, dag: str) -> Finding | None:
    """Return why a run of this DAG would not be made or never run, by Airflow's answer about the DAG."""
    if answer.status == HTTPStatus.FORBIDDEN:
        return Finding("failed", remote.words(f"does not let us see DAG {dag}: {remote.said(answer)}"), TO_START)
    if answer.status == HTTPStatus.NOT_FOUND:
        return Finding("failed", remote.words(f"knows no DAG {dag}: {remote.said(answer)}"), "correct pipeline.dag")
    found = answer.document()
    if found["is_stale"]:
        return Finding(
            "failed", remote.words(f"no longer finds the file of DAG {dag}"), f"bring back {found['fileloc']}"
        )
    if found["has_import_errors"]:
        hint = f"correct {found['fileloc']}: Airflow's page of DAGs shows the import error"
        return Finding("failed", remote.words(f"cannot read the file of DAG {dag}"), hint)
    if found["is_paused"]:
        return Finding(
            "failed", remote.words(f"has paused DAG {dag}: its runs would wait for ever"), "unpause it there"
        )
    return None


def _server(remote: Remote, now: datetime) -> Iterator[Finding]:
    answer = remote.get("/api/v2/version")
    yield Finding("ok", f"Airflow {remote.one_line(str(answer.document()['version']))} at {remote.url}")
    yield clock(answer.at, now)
    answer = remote.get("/api/v2/monitor/health")
    yield _scheduler(remote, answer)


def _scheduler(remote: Remote, answer: Answer) -> Finding:
    scheduler = answer.document()["scheduler"]
    heard = scheduler["latest_scheduler_heartbeat"]
    if heard is None:
        return Finding("failed", "no scheduler has ever run there", "start airflow scheduler: nothing would run")
    age = (answer.at - datetime.fromisoformat(heard)) if answer.at else timedelta(0)
    if scheduler["status"] != "healthy" or age > _ALIVE:
        status = remote.one_line(str(scheduler["status"]))
        said = f"its scheduler is {status}, last heard of {age.total_seconds():.0f} s ago"
        return Finding("failed", said, "see to airflow scheduler: what we start would stay queued")
    return Finding("ok", "its scheduler is alive")


def _rights(remote: Remote, path: str, dag: str) -> Iterator[Finding]:
    """Ask for what cannot be done: whoever lacks the right hears that first."""
    may_not = HTTPStatus.FORBIDDEN
    # No release takes this for a time; one that could do without would start a training.
    start = remote.post(f"{path}/dagRuns", document={"dag_run_id": _NO_RUN, "logical_date": "never"})
    stop = remote.post(f"{path}/dagRuns/{_NO_RUN}", document={"state": "failed"}, method="PATCH")
    if start.status not in (may_not, HTTPStatus.UNPROCESSABLE_ENTITY):
        raise Unavailable(remote.words(f"answers {start.status} to a start that cannot be"), "is it another release?")
    if start.status == may_not:
        yield Finding("failed", f"our login may not start runs of {dag}", TO_START)
    if stop.status == may_not:
        yield Finding("failed", f"our login may not stop runs of {dag}", TO_STOP)
    if may_not not in (start.status, stop.status):
        yield Finding("ok", f"our login may start and stop runs of {dag}")


def _more_than_needed(remote: Remote) -> Iterator[Finding]:
    lacking = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
    sees = [name for name in _FOREIGN if remote.get(f"/api/v2/{name}", {"limit": "1"}, known=lacking).is_success]
    if sees:
        detail = f"our login sees {' and '.join(sees)}, which hold passwords of others"
        yield Finding("warning", detail, "give it role user, not op or admin")
    else:
        yield Finding("ok", "our login sees no variables and no connections")
