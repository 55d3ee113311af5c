"""A model watched by what its team already has: from a value on a Prometheus to a promotion, alone and beside a log."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from autopilot import view
from autopilot.backtest import record
from autopilot.backtest.replay import replay
from autopilot.report.explain import explain_text
from checkpoints.embedded.cluster import EmbeddedPostgres
from graph.errors import Unavailable
from graph.spec import ValidationSpec
from tests.databases import fresh_database
from tests.fakes.prometheus_server import FakePrometheus
from tests.house import BROKEN, DEGRADED, HEALTHY, MODEL, FakeMonitor, House, house
from tests.unit.graph.policy.builders import SPEC
from tools.monitors.combined import CombinedMonitor, Part
from tools.monitors.prometheus import PrometheusMonitor, PrometheusQueries, Query
from tools.monitors.prometheus_server import PrometheusServer
from tools.monitors.watched import Watched
from tools.shared_answers import SharedAnswers

QUERIES = (
    Query(Watched("accuracy", "degraded", below=0.9), "avg(accuracy)"),
    Query(Watched("nulls", "broken_data", above=0.05), "avg(nulls)"),
)
HOUR = timedelta(hours=1)


@pytest.fixture
def server() -> Iterator[FakePrometheus]:
    with FakePrometheus().running() as running:
        yield running


@pytest.fixture
def values(server: FakePrometheus) -> PrometheusMonitor:
    remote = PrometheusServer(server.url, sleep=lambda _: None)
    return PrometheusMonitor(PrometheusQueries(MODEL, QUERIES), remote, SharedAnswers())


@pytest.fixture
def alone(embedded_postgres: EmbeddedPostgres, tmp_path: Path, values: PrometheusMonitor) -> Iterator[House]:
    """A house in which nothing but the values is watched, and the pipeline's own metrics are judged."""
    with house(fresh_database(embedded_postgres), tmp_path, watching=lambda _: values) as built:
        built.spec[0] = replace(built.spec[0], validation=ValidationSpec(kind="reported"))
        built.registry.versions[SPEC.registry][0].run.metrics["roc_auc"] = 0.8
        yield built


@pytest.fixture
def both(embedded_postgres: EmbeddedPostgres, tmp_path: Path, values: PrometheusMonitor) -> Iterator[House]:
    def together(log: FakeMonitor) -> CombinedMonitor:
        return CombinedMonitor(MODEL, [Part("prometheus", values, False), Part("predictions", log, True)])

    with house(fresh_database(embedded_postgres), tmp_path, watching=together) as built:
        yield built


def shows(server: FakePrometheus, accuracy: str, nulls: str = "0.01") -> None:
    server.known = {"avg(accuracy)": [({}, accuracy)], "avg(nulls)": [({}, nulls)]}


def checked(home: House, wait: timedelta = HOUR) -> str:
    home.clock.pass_time(wait)
    return home.engine.run(MODEL)


def verdict(home: House, run: str) -> tuple[str, str]:
    decision = home.book.decision(run)
    return decision.verdict, decision.action


def test_a_value_alone_leads_to_a_promotion(alone: House, server: FakePrometheus):
    shows(server, "0.95")
    assert verdict(alone, checked(alone)) == ("healthy", "none")
    shows(server, "0.71")
    run = checked(alone)
    assert verdict(alone, run) == ("degraded", "retrain")
    alone.pipeline.end(alone.key(run))
    next(each for each in alone.registry.runs if each.key == alone.key(run)).metrics["roc_auc"] = 0.9
    alone.engine.carry_on(run)
    assert alone.row(run)["status"] == "awaiting_approval", alone.row(run)["reason"]
    alone.say(run)
    assert alone.row(run)["outcome"] == "promoted"
    shown = explain_text(view.explanation(alone.book, alone.row(run)))
    assert "accuracy is 0.71, below 0.9" in " ".join(shown.split())
    assert "no monitor looks at rows" in shown


def test_every_value_is_kept_with_its_verdict(alone: House, server: FakePrometheus):
    shows(server, "0.71")
    run = checked(alone)
    kept = {each.name: each for each in alone.book.evidence(run).readings}
    assert (kept["accuracy"].query, kept["accuracy"].value, kept["accuracy"].below) == ("avg(accuracy)", 0.71, 0.9)
    rules = {each.rule: each for each in alone.book.decision(run).rules}
    assert (rules["reading_accuracy"].outcome, rules["reading_nulls"].outcome) == ("blocked", "passed")


@pytest.mark.parametrize(
    ("accuracy", "nulls", "expected"),
    [
        ("0.71", "0.4", ("broken_data", "fix_data")),
        ("NaN", "0.01", ("insufficient", "wait")),
        ("0.71", "NaN", ("degraded", "wait")),
        ("0.95", "NaN", ("insufficient", "wait")),
    ],
)
def test_what_a_value_leads_to(
    alone: House, server: FakePrometheus, accuracy: str, nulls: str, expected: tuple[str, str]
):
    shows(server, accuracy, nulls)
    assert verdict(alone, checked(alone)) == expected


def test_without_rows_and_reports_nothing_is_trained(alone: House, server: FakePrometheus):
    alone.spec[0] = replace(alone.spec[0], validation=ValidationSpec())
    shows(server, "0.71")
    run = checked(alone)
    assert verdict(alone, run) == ("degraded", "wait")
    assert "set validation.kind: reported" in alone.row(run)["reason"]


def test_a_server_that_is_away_is_no_verdict(alone: House, server: FakePrometheus):
    server.fail("503 before", times=3)
    with pytest.raises(Unavailable, match="query accuracy"):
        checked(alone)


@pytest.mark.parametrize(
    ("log", "accuracy", "nulls", "expected"),
    [
        (HEALTHY, "0.95", "0.01", "healthy"),
        (HEALTHY, "0.71", "0.01", "degraded"),
        (HEALTHY, "NaN", "0.01", "insufficient"),
        (HEALTHY, "0.95", "0.4", "broken_data"),
        (DEGRADED, "0.95", "0.01", "degraded"),
        (DEGRADED, "NaN", "0.01", "degraded"),
        (DEGRADED, "0.95", "0.4", "broken_data"),
        (BROKEN, "0.71", "0.01", "broken_data"),
    ],
)
def test_the_worst_of_both_counts(both: House, server: FakePrometheus, log, accuracy: str, nulls: str, expected: str):
    shows(server, accuracy, nulls)
    both.monitor.evidence = log
    assert verdict(both, checked(both))[0] == expected


def test_one_that_is_away_hides_nothing_and_is_named(both: House, server: FakePrometheus):
    server.fail("503 before", times=6)
    run = checked(both)
    assert verdict(both, run) == ("insufficient", "wait")
    assert "monitor prometheus did not answer" in both.row(run)["reason"]
    both.monitor.evidence = DEGRADED
    run = checked(both)
    assert verdict(both, run) == ("degraded", "wait")
    assert "whether the data are sound is not known: prometheus did not say" in both.row(run)["reason"]


def test_decisions_are_reached_again_from_what_is_stored(both: House, server: FakePrometheus):
    seen: Sequence[tuple[object, str, str]] = [
        (HEALTHY, "0.95", "0.01"), (HEALTHY, "NaN", "0.01"), (HEALTHY, "0.95", "0.4"), (BROKEN, "0.71", "0.01"),
        (DEGRADED, "0.71", "0.01"), (HEALTHY, "0.95", "0.01"),
    ]  # fmt: skip
    for log, accuracy, nulls in seen:
        shows(server, accuracy, nulls)
        both.monitor.evidence = log  # type: ignore[assignment]
        checked(both)
    past = record.read(both.book, MODEL, SPEC.registry, None, None)
    found = replay(past, {"present": both.spec[0]}, lambda run: record.evidence(both.book, run))
    assert len(found.checks) == len(seen)
    assert found.changed == ()


def test_broken_values_quarantine_the_rows_and_ask_the_owner(both: House, server: FakePrometheus):
    shows(server, "0.95", "0.4")
    checked(both)
    assert both.book.quarantined(MODEL)
    question = both.book.history(both.spec[0]).open_question
    assert question is not None
    assert question.features == ("reading nulls",)
    both.engine.reply(MODEL, True, "ana", None, "a sale")
    assert verdict(both, checked(both)) == ("healthy", "none")
