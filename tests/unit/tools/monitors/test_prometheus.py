"""Monitor `prometheus` against a played server that fails in every way, and what it asks for whom."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest

from graph.errors import AutopilotError, Misconfigured, Unavailable
from graph.evidence import Evidence
from tests.fakes.prometheus_server import FakePrometheus
from tests.prometheus_servers import HOW
from tests.unit.graph.policy.builders import NOW
from tools.monitors.prometheus import PrometheusMonitor, PrometheusQueries, Query
from tools.monitors.prometheus_server import Login, PrometheusServer
from tools.monitors.watched import Watched
from tools.shared_answers import SharedAnswers

TOKEN = "planted-token"
ACCURACY = Query(Watched("accuracy", "degraded", below=0.9), "sum(accuracy)")


@pytest.fixture
def server() -> Iterator[FakePrometheus]:
    with FakePrometheus(f"Bearer {TOKEN}").running() as running:
        running.known["sum(accuracy)"] = [({"model_id": "fraud"}, "0.95")]
        yield running


def client(server: FakePrometheus, login: Login | None = None, timeout_s: float = 5.0) -> PrometheusServer:
    return PrometheusServer(server.url, login or Login(token=TOKEN), timeout_s=timeout_s, sleep=lambda _: None)


def measured(server: FakePrometheus, *queries: Query, shared: SharedAnswers | None = None, **settings: Any) -> Evidence:
    asked = PrometheusQueries("fraud", queries or (ACCURACY,), **settings)
    return PrometheusMonitor(asked, client(server), shared or SharedAnswers()).measure("1", NOW)


def test_queries_are_sent_as_forms_and_nothing_else_is(server: FakePrometheus):
    assert measured(server).readings[0].value == 0.95
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", "/api/v1/query")
    assert asked.form == {"query": "sum(accuracy)", "time": f"{NOW.timestamp():.3f}", "timeout": "5s"}
    assert TOKEN not in asked.line


@pytest.mark.parametrize(
    "fault", ["reply lost", "500 before", "500 after", "503 before", "408 before", "429 before", "half a body",
              "malformed", "a page instead"],
)  # fmt: skip
@pytest.mark.parametrize("times", [2, 3])
def test_what_passes_is_asked_again_and_what_stays_is_unavailable(server: FakePrometheus, fault: Any, times: int):
    server.fail(fault, times=times)
    if times < 3:
        assert measured(server).readings[0].value == 0.95
    else:
        with pytest.raises(Unavailable, match=r"^fraud: query accuracy: Prometheus at") as said:
            measured(server)
        assert TOKEN not in f"{said.value!r}{said.value.hint}{said.value.__cause__!r}{said.value.__context__!r}"
    assert len(server.asked) == 3


def test_a_slow_server_is_unavailable(server: FakePrometheus):
    server.fail("slow", times=3)
    monitor = PrometheusMonitor(PrometheusQueries("fraud", (ACCURACY,)), client(server, timeout_s=0.2), SharedAnswers())
    with pytest.raises(Unavailable, match=r"did not answer within 0\.2 s"):
        monitor.measure("1", NOW)


def test_being_sent_elsewhere_is_for_a_person(server: FakePrometheus):
    server.fail("sent elsewhere")
    with pytest.raises(Misconfigured, match="302 Found"):
        measured(server)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "document",
    [
        {"status": "success"},
        {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}}]}},
        {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1, "many"]}]}},
        {"status": "success", "data": {"resultType": "vector", "result": [{"metric": None, "value": [1, "1"]}]}},
        {"status": "success", "data": {"resultType": "matrix", "result": [{"metric": {}, "values": []}]}},
        {"status": "success", "data": []},
    ],
)
def test_a_form_that_nobody_expects_is_unavailable(server: FakePrometheus, document: Any):
    server.instead = document
    with pytest.raises(Unavailable, match="in a form that is not known"):
        measured(server)


def test_warnings_are_said(server: FakePrometheus):
    server.warnings = ["a store did not answer; the result may be partial"]
    assert measured(server).notes == (
        "Prometheus warns about accuracy: a store did not answer; the result may be partial",
    )
    server.warnings = [f"refused\x1b[2J\nwith Bearer {TOKEN}"]
    assert measured(server).notes == ("Prometheus warns about accuracy: refused [2J with ***",)


@pytest.mark.parametrize(
    ("login", "said"),
    [
        (Login(token="another"), "401 Unauthorized"),
        (Login(user="ana", password="planted-token"), "401 Unauthorized"),
        (Login(), "401 Unauthorized"),
        (Login(user="ana"), "needs both a user and a password"),
        (Login(token="two\nlines"), "line ends"),
    ],
)
def test_a_wrong_login_is_for_a_person_and_is_not_shown(server: FakePrometheus, login: Login, said: str):
    with pytest.raises(Misconfigured, match=said) as failed:
        PrometheusMonitor(PrometheusQueries("fraud", (ACCURACY,)), client(server, login), SharedAnswers()).measure(
            "1", NOW
        )
    assert "AUTOPILOT_PROMETHEUS_TOKEN" in failed.value.hint
    assert TOKEN not in f"{failed.value!r} {login!r}"


def test_a_user_and_a_password():
    with FakePrometheus("Basic YW5hOnNlY3JldA==").running() as server:
        assert client(server, Login(user="ana", password="secret")).version() == "2.42.0"


@pytest.mark.parametrize(
    "url", ["prometheus:9090", "ftp://x", "http://", "http://ana:secret@prometheus", "http://x?y=1"]
)
def test_what_is_no_address(url: str):
    with pytest.raises(Misconfigured, match=r"monitor\.url is no address") as failed:
        PrometheusServer(url)
    assert "secret" not in repr(failed.value)


def test_an_answer_is_shared_for_a_minute_and_not_longer(server: FakePrometheus):
    shared = SharedAnswers()
    monitors = [
        PrometheusMonitor(PrometheusQueries(name, (ACCURACY,), by="model_id", label="fraud"), client(server), shared)
        for name in ("one", "two", "three")
    ]
    monitors[0].measure("1", NOW)
    monitors[1].measure("1", NOW + timedelta(seconds=59))
    assert len(server.asked) == 1
    monitors[2].measure("1", NOW + timedelta(seconds=60))
    monitors[2].measure("1", NOW)
    assert len(server.asked) == 3


def test_other_questions_are_not_shared(server: FakePrometheus):
    shared = SharedAnswers()
    ranged = Query(Watched("other", "degraded", below=0.9), "sum(accuracy)", ranged=True)
    measured(server, ACCURACY, ranged, shared=shared)
    measured(server, ranged, shared=shared, window=timedelta(hours=2))
    assert [asked.path for asked in server.asked] == ["/api/v1/query", *2 * ["/api/v1/query_range"]]


def test_a_failure_is_shared_too_and_told_to_each_in_its_own_name(server: FakePrometheus):
    server.fail("503 before", times=30)
    shared, said = SharedAnswers(), []
    for name in ("one", "two"):
        with pytest.raises(Unavailable) as failed:
            PrometheusMonitor(PrometheusQueries(name, (ACCURACY,)), client(server), shared).measure("1", NOW)
        said.append(failed.value.message[:20])
    assert said == ["one: query accuracy:", "two: query accuracy:"]
    assert len(server.asked) == 3


def test_checks_at_the_same_time_ask_once(server: FakePrometheus):
    server.slowness_s = 0.2
    server.fail("slow")
    shared, values = SharedAnswers(), []

    def check() -> None:
        values.append(measured(server, shared=shared).readings[0].value)

    threads = [threading.Thread(target=check) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (values, len(server.asked)) == ([0.95] * 8, 1)


@pytest.mark.parametrize(
    ("queries", "settings", "said"),
    [
        ((), {}, "asks nothing"),
        ((ACCURACY, ACCURACY), {}, "accuracy is asked for twice"),
        ((Query(Watched("a-b", "degraded", below=1), "x"),), {}, "no name for a value"),
        ((ACCURACY,), {"window": timedelta(0)}, "longer than nothing"),
        ((ACCURACY,), {"stale_after": timedelta(0)}, "longer than nothing"),
    ],
)
def test_what_nobody_can_ask(server: FakePrometheus, queries: Any, settings: Any, said: str):
    with pytest.raises(Misconfigured, match=said):
        PrometheusMonitor(PrometheusQueries("fraud", queries, **settings), client(server), SharedAnswers())


def test_it_has_no_rows_to_judge_on(server: FakePrometheus, tmp_path: Path):
    monitor = PrometheusMonitor(PrometheusQueries("fraud", (ACCURACY,)), client(server), SharedAnswers())
    with pytest.raises(Misconfigured, match="Prometheus has no rows to compare two models on") as said:
        monitor.holdout(NOW, NOW, NOW, [], tmp_path)
    assert "validation.kind: reported" in said.value.hint


def test_the_played_server_is_understood_by_promtool(lacking: Callable[[str, str], NoReturn]):
    if not shutil.which("promtool"):
        lacking("promtool", HOW)
    with FakePrometheus().running() as server:
        server.known["accuracy"] = [({"__name__": "accuracy", "model_id": "fraud"}, "0.95")]
        for kind in ("instant", "range"):
            done = subprocess.run(["promtool", "query", kind, server.url, "accuracy"], capture_output=True, text=True)
            assert 'accuracy{model_id="fraud"} =>' in done.stdout.replace(", ", ","), done.stderr
            assert "0.95" in done.stdout


def test_errors_keep_their_kind():
    def failing() -> NoReturn:
        raise Misconfigured("a person must act", "this way")

    shared = SharedAnswers()
    for _ in range(2):
        with pytest.raises(AutopilotError) as failed:
            shared.get("question", NOW, failing)
        assert (type(failed.value), failed.value.hint) == (Misconfigured, "this way")
