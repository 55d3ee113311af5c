"""`monitor:` in autopilot.yaml: one shape per kind, one or several for a model, and the adapter that comes of it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from autopilot import settings as reading
from autopilot.bootstrap import monitor
from autopilot.effective import model_spec
from autopilot.spec import File, parse
from graph.errors import Misconfigured
from tests.fakes.windows import FakeWindows
from tests.unit.autopilot.test_pipelines import ENTRY
from tools.monitors.combined import CombinedMonitor
from tools.monitors.metrics_table import MetricsTableMonitor
from tools.monitors.predictions import PredictionMonitor
from tools.monitors.prometheus import PrometheusMonitor
from tools.monitors.sql import SqlMonitor
from tools.shared_answers import SharedAnswers

LOCAL = {"kind": "local", "command": ["train"]}
LOG: dict[str, Any] = ENTRY["monitor"]
PROMETHEUS: dict[str, Any] = {
    "kind": "prometheus",
    "url": "https://prometheus.example",
    "queries": {"accuracy": {"query": "avg(accuracy)", "below": 0.9, "means": "degraded"}},
}
TABLE: dict[str, Any] = {**LOG, "kind": "sql", "source": "ml.predictions"}
VALUES: dict[str, Any] = {
    "kind": "sql",
    "metrics": {"table": "ml.metrics", "values": {"nulls": {"above": 0.1, "means": "broken_data"}}},
}
REPORTED = {"validation": {"kind": "reported"}}
ADDRESS = "postgresql://reader:hush@127.0.0.1/ml"


def read(monitors: Any, **more: Any) -> File:
    entry = {**ENTRY, "pipeline": LOCAL, "monitor": monitors, **more}
    document = {"people": {"ana": {}}, "models": {"m": entry}}
    return parse(yaml.safe_dump(document, sort_keys=False), "autopilot.yaml")


def made(monitors: Any, **more: Any) -> Any:
    known = reading.load({"AUTOPILOT_SQL_URL": ADDRESS, "AUTOPILOT_CONFIG": "/x/autopilot.yaml"})
    return monitor(known, "m", read(monitors, **more).model("m"), FakeWindows(), SharedAnswers())


@pytest.mark.parametrize(
    ("monitors", "more", "expected"),
    [
        (LOG, {}, PredictionMonitor),
        (TABLE, {}, SqlMonitor),
        (VALUES, REPORTED, MetricsTableMonitor),
        (PROMETHEUS, REPORTED, PrometheusMonitor),
        ([LOG, PROMETHEUS, VALUES], {}, CombinedMonitor),
        ([PROMETHEUS], REPORTED, PrometheusMonitor),
    ],
)
def test_each_kind_has_its_adapter(monitors: Any, more: Any, expected: type) -> None:
    assert type(made(monitors, **more)) is expected


@pytest.mark.parametrize(
    ("monitors", "words"),
    [
        ({**LOG, "kind": "crystal ball"}, r"models\.m\.monitor: there is no monitor kind 'crystal ball'"),
        ([LOG, {**PROMETHEUS, "url": "prometheus"}], r"models\.m\.monitor\.1\.url: an address is written like"),
        ([LOG, TABLE], "two entries read rows"),
        (PROMETHEUS, r"write validation: \{kind: reported\}"),
        ({**PROMETHEUS, "queries": {}}, r"monitor\.queries: "),
        ({**VALUES, "source": "ml.predictions"}, r"monitor\.source: Extra inputs"),
        ({**TABLE, "reference": {"from": "2026-02-01", "until": "2026-01-01"}}, "from must be before until"),
        ([LOG, {**PROMETHEUS, "token": "hush"}], r"monitor\.1\.token: "),
        ([], r"monitor: "),
    ],
)
def test_what_cannot_be_meant_is_named_with_its_line(monitors: Any, words: str) -> None:
    with pytest.raises(Misconfigured, match=rf"^autopilot\.yaml:\d+: .*{words}") as error:
        read(monitors)
    assert "hush" not in error.value.message


def test_a_model_is_what_its_log_says() -> None:
    entry = read([PROMETHEUS, {**LOG, "labels": {"label": "fraud", "delay": "3d"}}]).model("m")
    spec = model_spec("m", entry, Path("/x"))
    assert (spec.features, spec.label_delay.days) == (("amount",), 3)
    assert model_spec("m", read(PROMETHEUS, **REPORTED).model("m"), Path("/x")).features == ()


def test_a_table_without_the_database_s_address_is_a_clear_error() -> None:
    known = reading.load({"AUTOPILOT_CONFIG": "/x/autopilot.yaml"})
    with pytest.raises(Misconfigured, match="m: its monitor reads a database") as error:
        monitor(known, "m", read(TABLE).model("m"), FakeWindows(), SharedAnswers())
    assert error.value.hint == "set AUTOPILOT_SQL_URL"


def test_the_address_of_the_database_is_a_secret_of_the_process() -> None:
    known = reading.load({"AUTOPILOT_SQL_URL": ADDRESS, "AUTOPILOT_PROMETHEUS_PASSWORD": "hush-hush"})
    assert {ADDRESS, "hush-hush"} <= set(known.secrets)
    assert "hush" not in repr(known)


@pytest.mark.parametrize(
    ("monitors", "words"),
    [
        ([LOG, {"source": "log.csv"}], r":\d+: models\.m\.monitor\.1: has no kind"),
        ("predictions", r"models\.m\.monitor: has no kind"),
        ([None], r"models\.m\.monitor\.0: has no kind"),
        ({**PROMETHEUS, "url": "http://host:abc"}, "an address is written like"),
        ({**PROMETHEUS, "url": "https://a..b"}, "an address is written like"),
        ({**PROMETHEUS, "queries": {"a b": {"query": "x", "below": 1, "means": "degraded"}}}, "no name for a value"),
        ({**PROMETHEUS, "queries": {"a": {"query": "x", "means": "degraded"}}}, "has no limit to cross"),
        ([LOG, PROMETHEUS, PROMETHEUS], "two entries watch accuracy"),
    ],
)
def test_a_value_that_could_never_be_judged_is_told_by_the_file(monitors: Any, words: str) -> None:
    with pytest.raises(Misconfigured, match=rf"^autopilot\.yaml.*{words}"):
        read(monitors, **REPORTED)


def test_a_login_is_not_sent_in_the_clear_or_to_a_second_server() -> None:
    other = {**PROMETHEUS, "url": "https://elsewhere.example", "queries": {"b": PROMETHEUS["queries"]["accuracy"]}}
    with pytest.raises(Misconfigured, match="all of kind prometheus share a login"):
        read([PROMETHEUS, other], **REPORTED)
    known = reading.load({"AUTOPILOT_PROMETHEUS_TOKEN": "hush-hush", "AUTOPILOT_CONFIG": "/x/autopilot.yaml"})
    clear = {**PROMETHEUS, "url": "http://prometheus.example"}
    with pytest.raises(Misconfigured, match="would be sent in the clear"):
        monitor(known, "m", read(clear, **REPORTED).model("m"), FakeWindows(), SharedAnswers())
    allowed = read({**clear, "plain_http": True}, **REPORTED).model("m")
    monitor(known, "m", allowed, FakeWindows(), SharedAnswers())


def test_defaults_without_a_kind_hold_for_every_kind() -> None:
    defaults = {"pipeline": {"cost": {"per_run": 5, "currency": "EUR"}}, "validation": {"minimum": {"roc_auc": 0.8}}}
    entry = {**ENTRY, "pipeline": LOCAL, "validation": {"kind": "reported"}}
    document = {"people": {"ana": {}}, "defaults": defaults, "models": {"m": entry}}
    found = parse(yaml.safe_dump(document, sort_keys=False), "autopilot.yaml").model("m")
    assert found.pipeline.cost is not None
    assert (found.pipeline.cost.per_run, found.validation.minimum) == (5, {"roc_auc": 0.8})


def test_a_date_that_there_is_not_is_no_traceback() -> None:
    with pytest.raises(Misconfigured, match=r"^autopilot\.yaml: not YAML: day is out of range"):
        parse("models:\n  m: {reference: {from: 2026-02-30}}\n", "autopilot.yaml")
