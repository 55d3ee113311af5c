"""A whole run as LangSmith sees it: its first trace carries the run's id, and all its traces hold the six nodes."""

from contextlib import ExitStack

from autopilot import settings, view
from autopilot.traced import traced
from graph.model import Answer
from graph.thread import thread_id
from tests.databases import fresh_database
from tests.house import DEGRADED, MODEL, house
from tests.integration.test_tracing import NODES, SHOWN_AT, serving

SECRET = "lsv2_pt_0123456789abcdef0123456789abcdef_0123456789"


def test_the_traces_of_one_run_hold_the_six_nodes_and_no_secret(embedded_postgres, tmp_path):
    with serving() as endpoint, ExitStack() as stack:
        env = {"LANGSMITH_API_KEY": SECRET, "LANGSMITH_ENDPOINT": endpoint.url, "AUTOPILOT_HOME": str(tmp_path)}
        known = settings.load(env)
        dsn = fresh_database(embedded_postgres)
        with house(dsn, tmp_path, tracing=lambda book: traced(known, book, stack)) as home:
            home.monitor.evidence = DEGRADED
            run = home.engine.run(MODEL)
            home.trained(run)
            home.engine.answer(run, Answer("ana", "approve", "cli", home.clock.now(), comment=f"as {SECRET} said"))
            assert home.row(run)["outcome"] == "promoted"
            assert SECRET in home.row(run)["reason"]
            recorded = home.book.runs.traces(run)
            stack.close()
            shown = view.run(home.book, home.row(run))
            assert shown == view.runs(home.book, [home.row(run)])[0]
        (said,) = endpoint.feedback()
        spans = endpoint.spans()
        bodies = b"".join(body for _, _, body in endpoint.requests)
    names = {span["name"] for span in spans}
    assert set(NODES) <= names
    roots = [span for span in spans if not span.get("parent_run_id")]
    assert run in {span["id"] for span in roots}
    assert {span["id"] for span in roots} == set(recorded)
    assert recorded[0] == run
    assert {span["extra"]["metadata"]["thread_id"] for span in roots} == {thread_id(MODEL, run)}
    assert not [span["name"] for span in spans if span.get("error")]
    assert SECRET.encode() not in bodies
    assert shown["trace"] == f"{SHOWN_AT}/r/{run}"
    assert (said["trace_id"], said["score"], said["comment"]) == (run, 1, "as *** said")
    assert {"cause:concept_drift", "outcome:promoted"} <= set(roots[-1]["tags"])


def test_without_a_key_nothing_is_recorded_or_sent(embedded_postgres, tmp_path):
    with serving() as endpoint, ExitStack() as stack:
        known = settings.load({"LANGSMITH_ENDPOINT": endpoint.url, "AUTOPILOT_HOME": str(tmp_path)})
        with house(fresh_database(embedded_postgres), tmp_path, tracing=lambda b: traced(known, b, stack)) as home:
            run = home.engine.run(MODEL)
            assert home.book.runs.traces(run) == []
        stack.close()
        assert endpoint.requests == []
