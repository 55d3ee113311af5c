"""The ledger on a real Postgres: what the database itself enforces, whatever the code above it does."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from checkpoints import migrate
from checkpoints.database import Database
from checkpoints.ledger.book import PostgresLedger
from checkpoints.saver import saver
from graph.errors import Misconfigured, NotFound, Paused, Refused, Unavailable
from graph.evidence import WindowRef
from graph.model import Decision
from graph.ports import StoredWindow
from tests.databases import fresh_database
from tests.fakes.clock import FakeClock
from tests.unit.graph.policy.builders import NOW, QUIET, SPEC

DAY = timedelta(days=1)
RETRAIN = Decision("degraded", "concept_drift", "retrain", "it fell", ())
NOTHING = Decision("healthy", "none", "none", "all is well", ())


@pytest.fixture
def dsn(embedded_postgres) -> str:
    return fresh_database(embedded_postgres)


@pytest.fixture
def book(dsn) -> Iterator[PostgresLedger]:
    database = Database(dsn)
    yield PostgresLedger(database, FakeClock(NOW))
    database.close()


def opened(book: PostgresLedger, decision: Decision | None = None) -> str:
    run = str(uuid4())
    book.open_run(run, SPEC.name, NOW)
    if decision:
        assert book.record_decision(run, decision, SPEC, "1", NOW)
    return run


def test_only_one_run_of_a_model_may_act_and_the_database_says_so(book, dsn):
    opened(book, RETRAIN)
    second = opened(book)
    assert not book.record_decision(second, RETRAIN, SPEC, "1", NOW)
    with pytest.raises(NotFound):
        book.decision(second)
    assert book.record_decision(second, NOTHING, SPEC, "1", NOW)
    with (
        psycopg.connect(dsn, options="-c search_path=autopilot") as connection,
        pytest.raises(psycopg.errors.UniqueViolation),
    ):
        connection.execute("update runs set action = 'retrain', outcome = null where run = %s", (second,))


def test_an_ended_run_makes_room_and_stays_as_it_ended(book):
    first = opened(book, RETRAIN)
    book.finish(first, "denied", "no", NOW)
    book.finish(first, "promoted", "yes", NOW + DAY)
    assert book.runs.row(first)["outcome"] == "denied"
    opened(book, RETRAIN)


def test_an_effect_is_carried_out_once_and_found_after_a_death_between_act_and_record(book):
    run, acts = opened(book), []

    def call():
        acts.append(1)
        return {"id": "job-1"}

    assert book.once(run, "training", "k", lambda: None, call) == {"id": "job-1"}
    assert book.once(run, "training", "k", lambda: None, call) == {"id": "job-1"}
    assert len(acts) == 1
    mortal = PostgresLedger(book.database, FakeClock(NOW), _dies)
    with pytest.raises(ZeroDivisionError):
        mortal.once(run, "training", "k2", lambda: None, call)
    assert book.once(run, "training", "k2", lambda: {"id": "found"}, call) == {"id": "found"}
    assert len(acts) == 2


@pytest.mark.parametrize(
    ("errors", "state"),
    [
        ([Unavailable("cut off")], "begun"),
        ([Refused("no")], "intended"),
        # A pause comes before anything is sent: it is known without asking.
        ([Paused("held")], "intended"),
        # What may have begun before is not taken back by what came later.
        ([Unavailable("cut off"), Refused("no")], "begun"),
        ([Unavailable("cut off"), Paused("held")], "begun"),
    ],
)
def test_an_effect_that_may_have_begun_says_so(book, errors, state):
    run = opened(book)
    for error in errors:

        def call(error=error):
            raise error

        with pytest.raises(type(error)):
            book.once(run, "training", "k", lambda: None, call)
    assert [each["state"] for each in book.effects.of(run)] == [state]


def _dies(point: str) -> None:
    if point == "training.called":
        raise ZeroDivisionError


def test_a_second_process_waits_for_the_first_and_gets_its_result(book, dsn):
    run, acts, entered, go_on = opened(book), [], threading.Event(), threading.Event()
    other_database = Database(dsn)
    other = PostgresLedger(other_database, FakeClock(NOW))

    def slow():
        acts.append("first")
        entered.set()
        go_on.wait(20)
        return {"id": "first"}

    def act(ledger, call, results):
        results.append(ledger.once(run, "training", "k", lambda: None, call))

    results: list[dict[str, str]] = []
    first = threading.Thread(target=act, args=(book, slow, results))
    second = threading.Thread(target=act, args=(other, lambda: {"id": "second"}, results))
    first.start()
    assert entered.wait(20)
    second.start()
    go_on.set()
    first.join(20)
    second.join(20)
    other_database.close()
    assert results == [{"id": "first"}, {"id": "first"}]


def test_a_failed_call_records_nothing_and_may_be_tried_again(book):
    run = opened(book)

    def away():
        raise Unavailable("no answer")

    with pytest.raises(Unavailable):
        book.once(run, "training", "k", lambda: None, away)
    assert book.once(run, "training", "k", lambda: None, lambda: {"id": "1"}) == {"id": "1"}


def test_windows_keep_their_revision_while_nothing_changed(book):
    window = StoredWindow("fraud", "1", "p", "log", NOW - DAY, NOW, {"rows": 3}, True, stamp="a")
    assert book.windows.save_window(window).revision == 1
    assert book.windows.save_window(replace(window, stamp="b")).revision == 1
    assert book.windows.save_window(replace(window, counts={"rows": 4})).revision == 2


def test_a_flag_lies_on_rows_so_that_a_new_profile_does_not_lift_it(book):
    book.quarantine("fraud", [WindowRef("log", NOW - DAY, NOW, 1, 5)], "cents", "run x", NOW)
    book.quarantine("fraud", [WindowRef("log", NOW - DAY, NOW, 2, 5)], "cents", "run y", NOW)
    assert book.quarantined("fraud") == [(NOW - DAY, NOW)]
    saved = book.windows.save_window(StoredWindow("fraud", "2", "q", "log", NOW - DAY, NOW, {}, True))
    assert saved.quarantined


def test_of_a_long_past_only_what_is_needed_is_read(book):
    hour, name = timedelta(hours=1), ("fraud", "1", "p", "log")
    for number in range(6):
        start = NOW + number * hour
        # A number that is not to lose a digit on its way through JSON.
        counts = {"rows": 2**70 + number, "low": 0.1 + 0.2}
        book.windows.save_window(StoredWindow(*name, start, start + hour, counts, closed=number < 5))
    book.quarantine("fraud", [WindowRef("log", NOW + 3 * hour, NOW + 4 * hour, 1, 5)], "cents", "run x", NOW)
    every = book.windows.windows(*name, NOW, NOW + 6 * hour)
    assert [each.counts for each in every] == [{"rows": 2**70 + n, "low": 0.1 + 0.2} for n in range(6)]
    assert book.windows.newest(*name, NOW, NOW + 6 * hour, 2) == [every[2], every[4]]
    assert book.windows.newest(*name, NOW, NOW + 2 * hour, 9) == every[:2]
    assert book.windows.flagged(*name, NOW, NOW + 6 * hour) == [(NOW + 3 * hour, NOW + 4 * hour)]
    assert book.windows.flagged(*name, NOW, NOW + 3 * hour) == []


def test_the_audit_trail_cannot_be_rewritten(book, dsn):
    run = opened(book)
    book.runs.audit("ana", "approve", NOW, SPEC.name, run, {})
    with psycopg.connect(dsn, autocommit=True, options="-c search_path=autopilot") as connection:
        connection.execute("update audit set actor = 'mallory'")
        connection.execute("delete from audit")
    assert [line["actor"] for line in book.runs.audit_of(run)] == ["ana"]


def test_evidence_comes_back_as_it_was(book):
    run = opened(book)
    book.save_evidence(run, QUIET)
    assert book.evidence(run) == QUIET


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("delete from migrations where number = (select max(number) from migrations)", "autopilot db migrate"),
        ("insert into migrations select max(number) + 1, 'tomorrow' from migrations", "newer"),
    ],
    ids=["older", "newer"],
)
def test_another_schema_is_refused_with_the_way_out(dsn, change, words):
    with psycopg.connect(dsn, autocommit=True, options="-c search_path=autopilot") as connection:
        connection.execute(change)
    with pytest.raises(Misconfigured) as refused:
        migrate.require(dsn)
    assert words in f"{refused.value.message} {refused.value.hint}"


def test_migrations_that_start_together_exclude_each_other(embedded_postgres):
    name = f"t{uuid4().hex}"
    with psycopg.connect(embedded_postgres.dsn(), autocommit=True) as connection:
        connection.execute(f'create database "{name}"')
    done: list[list[str]] = []
    dsn = embedded_postgres.dsn(name)
    both = [threading.Thread(target=lambda: done.append(migrate.migrate(dsn))) for _ in range(3)]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    assert sorted(map(len, done)) == [0, 0, len(migrate.migrations())]


def test_a_dead_database_is_unavailable_and_says_no_password(embedded_postgres):
    database = Database("postgresql://somebody:secret-word@127.0.0.1:9/none?connect_timeout=1")
    with pytest.raises(Unavailable) as refused:
        PostgresLedger(database, FakeClock(NOW)).runs.latest("m")
    database.close()
    assert "secret-word" not in f"{refused.value.message}{refused.value.hint}"


def test_the_saver_builds_no_class_that_a_row_names(dsn):
    with saver(dsn, size=1) as threads:
        kind, written = threads.serde.dumps_typed({"at": SPEC})
        assert type(threads.serde.loads_typed((kind, written))["at"]) is not type(SPEC)


def test_a_lock_for_which_no_connection_is_to_be_had_says_that_the_database_does_not_answer(dsn):
    database = Database(dsn)
    with database.locked("any", patience_s=0):
        pass
    database.close()
    with pytest.raises(Unavailable, match="did not answer"), database.locked("any", patience_s=0):
        pass
