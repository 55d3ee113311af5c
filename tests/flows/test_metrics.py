"""The numbers that Prometheus reads: equal to what a hand counts, few however many models, and never falling."""

import re
import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from importlib import resources
from math import inf

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from autopilot.api.metrics import scene
from autopilot.observing.exposition import exposition
from checkpoints.database import Database
from checkpoints.ledger.book import PostgresLedger
from checkpoints.ledger.tallies import Tallies
from graph.errors import Misconfigured, Unavailable
from graph.evidence import Reading
from tests.carrying import Carrier
from tests.house import BROKEN, HEALTHY, MODEL
from tests.scraping import answered, scrape
from tests.serving import FILE, serving

HOUR = timedelta(hours=1)


@pytest.fixture
def doors(home, tmp_path):
    with serving(home, tmp_path) as opened:
        yield opened


def counters(home) -> Counter[tuple[str, str, str]]:
    return Counter({(row["what"], row["label"], row["more"]): row["amount"] for row in home.book.tallies.counted()})


def a_week(home) -> None:
    """A quiet check, a promotion, broken data, MLflow away, one that a person goes back from, one that waits."""
    home.engine.run(MODEL)
    home.wait(HOUR)
    home.say(home.waiting())
    home.wait(HOUR)
    home.monitor.evidence = BROKEN
    home.engine.run(MODEL)
    home.engine.reply(MODEL, genuine=True, by="ana", os_user=None, comment="")
    home.wait(HOUR)
    home.registry.away = Unavailable("MLflow does not answer")
    with pytest.raises(Unavailable):
        home.engine.run(MODEL)
    home.registry.away = None
    home.monitor.evidence = HEALTHY
    back = home.engine.rollback(MODEL, "otto")
    home.say(back, "deny")
    home.wait(timedelta(days=20))
    home.waiting()
    home.wait(HOUR)


def test_counters_are_what_a_hand_counts(doors):
    a_week(doors.home)
    found = scrape(doors)
    assert found.of("checks_total", "verdict") == {"healthy": 1, "degraded": 2, "broken_data": 1}
    assert found.of("decisions_total", "action") == {"none": 1, "retrain": 2, "fix_data": 1, "rollback": 1}
    assert found.of("runs_total", "outcome") == {
        "no_action": 1,
        "promoted": 1,
        "data_issue": 1,
        "failed": 1,
        "denied": 1,
    }
    assert found.of("errors_total", "kind") == {"unavailable": 1}
    assert found("retrains_total") == 2
    assert found.of("promotions_total", "action") == {"retrain": 1}
    assert found("answers_total", decision="approve", channel="cli") == 1
    assert found("answers_total", decision="deny", channel="cli") == 1


def test_counters_are_what_the_rows_say(doors):
    a_week(doors.home)
    rows = doors.home.book.database.rows("select outcome, action, verdict from runs")
    found = scrape(doors)
    assert found.of("runs_total", "outcome") == Counter(row["outcome"] for row in rows if row["outcome"])
    documents = [row["document"] for row in doors.home.book.database.rows("select document from decisions")]
    assert found.of("decisions_total", "action") == Counter(each["action"] for each in documents)
    blocked = Counter(
        (rule["rule"], each["action"]) for each in documents for rule in each["rules"] if rule["outcome"] == "blocked"
    )
    samples = [each for each in found.samples if each.name == "autopilot_rules_blocked_total"]
    assert {(each.labels["rule"], each.labels["action"]): each.value for each in samples} == blocked
    assert blocked


def test_how_things_stand(doors):
    a_week(doors.home)
    found = scrape(doors)
    assert found.of("models", "verdict") == {"degraded": 1}
    assert found.of("runs_open", "status") == {"awaiting_approval": 1}
    assert found("runs_oldest_age_seconds", status="awaiting_approval") == 3600
    assert found("runs_idle_seconds", status="training") == 0
    assert found("approvals_waiting") == 1
    assert found("approvals_oldest_age_seconds") == 3600
    assert found("approvals_expire_seconds") == (timedelta(days=3) - HOUR).total_seconds()
    assert found("last_check_age_seconds") == found("oldest_check_age_seconds") == 3600
    assert found("model_check_age_seconds", model=MODEL) == 3600
    assert (found("config_read"), found("slack_heard")) == (1, 1)


def test_an_empty_ledger_is_no_healthy_one(doors):
    found = scrape(doors)
    assert found.of("models", "verdict") == {"unchecked": 1}
    assert found("last_check_age_seconds") == found("oldest_check_age_seconds") == inf
    assert found("approvals_expire_seconds") == inf
    # What never happened stands at 0: a counter that appears with its first rise has none that could be seen.
    assert found("errors_total", kind="misconfigured") == found("errors_total", kind="defect") == 0
    assert found("retrains_total") == 0
    assert found("runs_total", outcome="failed") == found("promotions_total", action="rollback") == 0


def test_a_question_waits_for_its_owner(doors):
    doors.home.monitor.evidence = BROKEN
    doors.home.engine.run(MODEL)
    found = scrape(doors)
    assert found.of("questions_open", "kind") == {"data": 1}
    assert sum(found.of("models_blocked", "rule").values()) == 1
    doors.home.engine.reply(MODEL, genuine=True, by="ana", os_user=None, comment="")
    assert scrape(doors).of("questions_open", "kind") == {}


@pytest.mark.parametrize("error", [Unavailable("no answer"), Misconfigured("no right")])
def test_every_attempt_that_failed_is_an_error_of_its_kind(doors, error):
    run = doors.home.waiting()
    doors.home.registry.away = error
    for _ in range(3):
        with pytest.raises(type(error)):
            doors.home.engine.carry_on(run)
    assert scrape(doors).of("errors_total", "kind") == {error.kind: 3}
    doors.home.registry.away = None
    doors.home.engine.carry_on(run)
    assert scrape(doors).of("errors_total", "kind") == {error.kind: 3}


def test_a_counter_does_not_fall_when_its_rows_go(doors):
    a_week(doors.home)
    before = counters(doors.home)
    doors.home.book.database.execute("delete from decisions")
    doors.home.book.database.execute("delete from answers")
    assert counters(doors.home) == before


def test_what_was_there_before_is_counted_once(doors):
    """The migration counts the rows it finds as they would have been counted one by one."""
    a_week(doors.home)
    fire(doors, 3)
    one_by_one, checks = counters(doors.home), doors.home.book.tallies.newest_checks()
    file = resources.files("checkpoints") / "sql" / "migrations" / "0013_tallies.sql"
    database = doors.home.book.database
    database.execute("delete from tallies")
    database.execute("delete from newest_checks")
    for statement in file.read_text().partition("anything to count it.\n")[2].split(";\n")[:2]:
        database.execute(statement)
    # What an error was is not known any more once the run has ended.
    kept = Counter({key: count for key, count in one_by_one.items() if key[0] != "errors"})
    assert counters(doors.home) == kept
    assert doors.home.book.tallies.newest_checks() == checks


def test_many_who_write_at_once_are_counted_each(home):
    def write(number: int) -> None:
        with_own = Database(home.dsn)
        try:
            for each in range(25):
                with_own.execute(
                    "insert into alerts values (%(key)s, 'grafana', 'fraud', 'n', '{}', now())", key=f"{number}-{each}"
                )
        finally:
            with_own.close()

    writers = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert counters(home)["alerts_stored", "grafana", ""] == 150


def fire(doors, times: int, repeats: int = 0):
    """Have one alert of the model fire so many times, a second apart, each delivered again so often."""
    for number in range(times):
        at = (doors.home.clock.now() + timedelta(seconds=number)).isoformat()
        alert = {
            "status": "firing",
            "labels": {"alertname": "Low", "model": MODEL},
            "annotations": {},
            "fingerprint": "f1",
            "startsAt": at,
            "endsAt": at,
        }
        body = {"version": "4", "status": "firing", "receiver": "autopilot", "groupKey": "k", "alerts": [alert]}
        for _ in range(1 + repeats):
            answer = doors.client.post("/alerts", json=body, headers=doors.headers("otto"))
            assert answer.status_code == 202, answer.text


def test_a_runaway_alert_is_seen(doors):
    fire(doors, 20, repeats=1)
    doors.home.clock.pass_time(timedelta(minutes=2))
    found = scrape(doors)
    assert found.of("alerts_received_total", "sender") == {"alertmanager": 40}
    assert found.of("alerts_stored_total", "sender") == {"alertmanager": 20}
    assert (found("alerts_waiting"), found("model_alerts", model=MODEL)) == (20, 20)
    assert found("alerts_oldest_age_seconds") == 120
    Carrier(doors.desk).turn(lambda: False)
    found = scrape(doors)
    assert (found("alerts_waiting"), found("alerts_oldest_age_seconds")) == (0, 0)
    assert found.of("runs_total", "outcome") == {"no_action": 1}


def test_money_and_tokens_that_are_left(home, tmp_path):
    text = FILE.replace('pipeline: {kind: local, command: ["true"]}', PRICED) + BUDGET
    with serving(home, tmp_path, text=text) as doors:
        priced(home, amount=30.0)
        home.book.database.execute(
            "insert into tokens select run, model, started_at, 12000, null from runs where model = 'other'"
        )
        found = scrape(doors)
        assert (found("budget_limit"), found("budget_left")) == (100, 70)
        assert found("llm_tokens_left") == 600_000 - 12_000
        home.book.budgets.settle(ELSEWHERE, 900)
        found = scrape(doors)
        assert (found("llm_tokens_left"), found("llm_tokens_total")) == (600_000 - 900, 900)


PRICED = 'pipeline: {kind: local, command: ["true"], cost: {per_run: 30, currency: EUR}}'
BUDGET = "budget: {amount: 100, currency: EUR, per: 30d}\n"
ELSEWHERE = "00000000-0000-4000-8000-00000000000a"


def priced(home, amount: float) -> None:
    """Let another model have reserved so much."""
    home.book.open_run(ELSEWHERE, "other", home.clock.now())
    home.book.database.execute(
        "insert into costs (run, model, at, currency, most, per_run) select run, model, started_at, 'EUR', %(a)s, %(a)s"
        " from runs where model = 'other'",
        a=amount,
    )


def test_a_channel_that_cannot_be_told(home, tmp_path):
    text = f"channels: {{slack: {{channel: C0123456789}}}}\n{FILE}"
    with serving(home, tmp_path, {"slack": lambda: None}, text=text) as doors:  # type: ignore[dict-item, return-value]
        home.waiting()
        home.book.database.execute("update views set tries = 12")
        found = scrape(doors)
        assert (found("channel_untold", channel="slack"), found("channel_tries", channel="slack")) == (1, 12)


def test_a_file_with_an_error_is_seen(doors):
    doors.config.write_text("people: [")
    assert scrape(doors)("config_read") == 0
    doors.config.write_text(FILE)
    assert scrape(doors)("config_read") == 1


def fleet_of(count: int) -> str:
    """A file with so many models, every one with a schedule."""
    head, _, entry = FILE.partition("models:\n")
    body = entry.partition("\n")[2].replace("    task:", '    schedule: "0 * * * *"\n    task:', 1)
    return head + "models:\n" + "".join(f"  model-{number:03}:\n{body}" for number in range(count))


@pytest.mark.parametrize("own_series", [0, 5])
def test_300_models_make_no_more_series_than_the_setting_says(home, tmp_path, own_series):
    with serving(home, tmp_path, text=fleet_of(300)) as doors:
        doors.desk.own_series = own_series
        before = len(scrape(doors).samples)
        home.book.database.execute(
            "insert into newest_checks select 'model-' || lpad(n::text, 3, '0'), %(now)s::timestamptz - n * interval "
            "'1 minute', 'healthy', 'none', '{}' from generate_series(0, 297) n",
            now=home.clock.now(),
        )
        home.book.database.execute(
            "insert into alerts select n::text, 'grafana', 'model-' || lpad((n %% 300)::text, 3, '0'), 'a', '{}',"
            " %(now)s from generate_series(1, 900) n where n %% 300 <> 7 or n < 300",
            now=home.clock.now(),
        )
        found = scrape(doors)
        assert max(Counter(found.models).values(), default=0) <= 2
        assert len(found.models) == 2 * own_series
        assert len(found.samples) <= before + own_series
        if own_series:
            # Those that were never checked come first, then the longest ago.
            ages = {
                each.labels["model"]: each.value
                for each in found.samples
                if each.name.endswith("model_check_age_seconds")
            }
            assert ages == {
                "model-298": inf,
                "model-299": inf,
                "model-297": 297 * 60,
                "model-296": 296 * 60,
                "model-295": 295 * 60,
            }
        assert found.of("models", "verdict") == {"healthy": 298, "unchecked": 2}
        # It is half past ten: who was checked before ten is late, and who never was.
        assert found("models_overdue") == 2 + len(range(31, 298))
        assert found("oldest_check_age_seconds") == inf
        assert found("last_check_age_seconds") == 0


def test_what_an_owner_named_is_no_label(doors):
    """A reading's rule bears the name its owner gave it."""
    seen = Reading("customer Ann's accuracy", "q", "degraded", "unknown", 0.5, doors.home.clock.now(), below=0.9)
    doors.home.monitor.evidence = replace(HEALTHY, readings=(seen,))
    doors.home.engine.run(MODEL)
    answer = answered(doors)
    assert "Ann" not in answer.text
    assert scrape(doors).of("models_blocked", "rule")["reading"] == 1


def test_it_is_written_as_it_is_asked_for(doors):
    plain, wanted = answered(doors), "application/openmetrics-text; version=1.0.0"
    open_metrics = answered(doors, Accept=wanted)
    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert open_metrics.headers["content-type"].startswith(wanted)
    families = list(text_string_to_metric_families(open_metrics.text))
    assert {each.name for each in families} == {each.name.removesuffix("_total") for each in scrape(doors).families}


def test_a_scrape_takes_a_handful_of_statements_and_reads_no_long_table(doors):
    a_week(doors.home)
    recording = Recording(doors.home.dsn)
    try:
        book = PostgresLedger(recording, doors.home.clock)
        exposition(replace(scene(doors.desk), book=book))
    finally:
        recording.close()
    assert len(recording.made) == 10
    assert not [each for each in recording.made if re.search(r"from (decisions|evidence|windows)\b", each)]


class Recording(Database):
    """Remembers every statement."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn)
        self.made: list[str] = []

    def rows(self, sql, **values):
        self.made.append(sql)
        return super().rows(sql, **values)

    def row(self, sql, **values):
        self.made.append(sql)
        return super().row(sql, **values)


def test_a_new_reader_sees_the_same(home):
    """Numbers are rows: another process, or the same after a restart, counts on."""
    home.engine.run(MODEL)
    other = Database(home.dsn)
    try:
        assert Tallies(other).counted() == home.book.tallies.counted() != []
    finally:
        other.close()
