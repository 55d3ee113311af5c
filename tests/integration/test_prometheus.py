"""Monitor `prometheus` on a real Prometheus: values, everything that is no value, and one request for many models."""

import subprocess
import time
from datetime import timedelta
from typing import Any

import httpx
import pytest

from graph.errors import Misconfigured, Unavailable
from graph.evidence import Evidence, Reading
from graph.policy.evidence import judge
from graph.spec import Policy
from tests.prometheus_servers import MODELS, NOW, AlertingChain
from tools.monitors.alerts import Alert, parse
from tools.monitors.prometheus import PrometheusMonitor, PrometheusQueries, Query
from tools.monitors.prometheus_server import Login, PrometheusServer
from tools.monitors.watched import Watched
from tools.shared_answers import SharedAnswers

HOUR = timedelta(hours=1)
ACCURACY = 'model_accuracy{model_id="model-003"}'


def query(text: str, **settings: Any) -> Query:
    return Query(Watched("accuracy", "degraded", below=0.9), text, **settings)


def monitor(url: str, *queries: Query, shared: SharedAnswers | None = None, **settings: Any) -> PrometheusMonitor:
    asked = PrometheusQueries("fraud", queries, **settings)
    return PrometheusMonitor(asked, PrometheusServer(url), shared or SharedAnswers())


def read(url: str, text: str, **settings: Any) -> Reading:
    (found,) = monitor(url, query(text, **settings)).measure("1", NOW).readings
    return found


def verdict(evidence: Evidence) -> str:
    return judge(evidence, Policy(), timedelta(0)).verdict


@pytest.mark.parametrize(
    "text",
    [ACCURACY, f"avg_over_time({ACCURACY}[1h])", f"{ACCURACY} # what we promise", "scalar(max(model_accuracy))"],
)
def test_a_value(prometheus_with_history: str, text: str):
    found = read(prometheus_with_history, text)
    assert (found.missing, found.query, found.below) == ("", text, 0.9)
    assert found.value == pytest.approx(0.95)


@pytest.mark.parametrize("text", [ACCURACY, f"avg_over_time({ACCURACY}[1h])"])
def test_the_time_of_a_value_is_that_of_its_newest_sample(prometheus_with_history: str, text: str):
    later = NOW + timedelta(seconds=100)
    (found,) = monitor(prometheus_with_history, query(text)).measure("1", later).readings
    assert found.at == NOW


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ('model_accuracy{model_id="nobody"}', "the query finds no series"),
        ("absent_metric", "the query finds no series"),
        ("not_a_number", "its newest value is NaN"),
        ("too_large", "its newest value is +Inf"),
        ("too_small", "its newest value is -Inf"),
        ("stopped_accuracy", "the query finds no series"),
        ("twice", "2 series where one was expected: {__name__='twice', pod='a'} and {__name__='twice', pod='b'}"),
        ('label_replace(twice, "x", "y", "", "")', "2 series where one was expected"),
    ],
)
def test_what_is_no_value_is_said_and_is_not_health(prometheus_with_history: str, text: str, missing: str):
    evidence = monitor(prometheus_with_history, query(text)).measure("1", NOW)
    (found,) = evidence.readings
    assert found.value is None
    assert found.missing.startswith(missing)
    diagnosis = judge(evidence, Policy(), timedelta(0))
    assert (diagnosis.verdict, found.missing in diagnosis.reason) == ("insufficient", True)


@pytest.mark.parametrize(
    "asked",
    [
        query("avg_over_time(stopped_accuracy[1h])"),
        query("batch_accuracy", ranged=True),
        query(ACCURACY, at='push_time_seconds{job="fraud"}'),
    ],
)
def test_a_stale_series_is_not_health(prometheus_with_history: str, asked: Query):
    evidence = monitor(prometheus_with_history, asked).measure("1", NOW)
    assert evidence.readings[0].value == pytest.approx(0.93, abs=0.04)
    diagnosis = judge(evidence, Policy(), timedelta(0))
    assert (diagnosis.verdict, "newest sample is of" in diagnosis.reason) == ("insufficient", True)


def test_a_range_finds_what_came_rarely_and_when(prometheus_with_history: str):
    asked = query("batch_accuracy", ranged=True)
    evidence = monitor(prometheus_with_history, asked, stale_after=HOUR).measure("1", NOW)
    assert evidence.readings[0].value == pytest.approx(0.9)
    # Prometheus goes on showing a sample for five minutes; from version 3 on not at the very end of them.
    assert evidence.readings[0].at in (NOW - timedelta(minutes=25), NOW - timedelta(minutes=26))
    assert verdict(evidence) == "healthy"


def test_a_time_that_is_not_found_makes_no_value(prometheus_with_history: str):
    assert read(prometheus_with_history, ACCURACY, at="absent_metric").missing == (
        "when its newest sample was taken is not known"
    )


def test_a_sample_from_after_now_does_not_exist(prometheus_with_history: str):
    earlier = NOW - timedelta(days=1)
    (found,) = monitor(prometheus_with_history, query(ACCURACY)).measure("1", earlier).readings
    assert found.value is None


def requests_answered(url: str) -> float:
    """Return how many queries the server itself counts."""
    text = httpx.get(f"{url}/metrics", trust_env=False).text
    counted = [line for line in text.splitlines() if line.startswith("prometheus_http_requests_total")]
    return sum(float(line.split()[-1]) for line in counted if 'handler="/api/v1/query' in line)


def test_200_models_are_read_by_one_request(prometheus_with_history: str):
    before, shared, verdicts = requests_answered(prometheus_with_history), SharedAnswers(), {}
    for number in range(MODELS):
        asked = query("avg_over_time(model_accuracy[1h])")
        label = f"model-{number:03}"
        found = monitor(prometheus_with_history, asked, shared=shared, by="model_id", label=label)
        # Checks of one round begin one after the other.
        verdicts[label] = verdict(found.measure("1", NOW + timedelta(milliseconds=5 * number)))
    assert requests_answered(prometheus_with_history) - before == 1
    assert [name for name, each in verdicts.items() if each != "healthy"] == ["model-007"]
    assert verdicts["model-007"] == "degraded"


def test_a_model_without_a_series_among_many(prometheus_with_history: str):
    asked = query("model_accuracy")
    (found,) = monitor(prometheus_with_history, asked, by="model_id").measure("1", NOW).readings
    assert found.missing == "the query finds no series with model_id='fraud'"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model_accuracy{", "fraud: query accuracy: Prometheus at .* answers 400 Bad Request: .*parse error"),
        ("model_accuracy * on() group_left() twice", "answers 422 .*many-to-many"),
        ('"a text"', "answers with a string, not with numbers"),
    ],
)
def test_a_bad_query_is_for_a_person(prometheus_with_history: str, text: str, said: str):
    with pytest.raises(Misconfigured, match=said):
        read(prometheus_with_history, text)


def test_a_wrong_address(prometheus_with_history: str):
    with pytest.raises(Misconfigured, match="404 Not Found"):
        read(f"{prometheus_with_history}/elsewhere", ACCURACY)
    with pytest.raises(Unavailable, match=r"fraud: query accuracy: .* cannot be reached"):
        PrometheusMonitor(
            PrometheusQueries("fraud", (query(ACCURACY),)),
            PrometheusServer("http://127.0.0.1:1", sleep=lambda _: None),
            SharedAnswers(),
        ).measure("1", NOW)


def test_the_servers_version(prometheus_with_history: str):
    assert PrometheusServer(prometheus_with_history, Login(token="of no use here")).version()[0].isdigit()


def test_promtool_finds_the_same(prometheus_with_history: str):
    told = ["promtool", "query", "instant", f"--time={NOW.timestamp():.0f}", prometheus_with_history, ACCURACY]
    said = subprocess.run(told, capture_output=True, text=True, check=True).stdout
    assert read(prometheus_with_history, ACCURACY).value == float(said.split("=> ")[1].split()[0])


def test_an_alert_on_its_whole_way(alerting: AlertingChain):
    alerting.push('model_accuracy{model_id="fraud"} 0.71\n')
    fired = next_alert(alerting, "firing")
    assert (fired.model, fired.labels["alertname"]) == ("fraud", "ModelAccuracyLow")
    assert fired.annotations["summary"] == "accuracy of fraud is 0.71"
    alerting.push('model_accuracy{model_id="fraud"} 0.95\n')
    over = next_alert(alerting, "resolved")
    assert (over.fingerprint, over.starts_at) == (fired.fingerprint, fired.starts_at)
    assert over.ends_at is not None
    assert over.dedupe_key != fired.dedupe_key


def next_alert(chain: AlertingChain, status: str) -> Alert:
    """Wait for the first delivery of an alert with this status."""
    for _ in range(600):
        for body in list(chain.delivered):
            for alert in parse(body).alerts:
                if alert.status == status:
                    return alert
        time.sleep(0.1)
    raise AssertionError(f"nothing {status} was delivered: {chain.delivered}")
