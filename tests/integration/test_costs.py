"""Money in the ledger: reserved before a job is started, so that no race and no death goes beyond a budget."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from checkpoints import migrate
from checkpoints.database import Database
from checkpoints.embedded.cluster import EmbeddedPostgres
from checkpoints.ledger.book import PostgresLedger
from graph.model import TrainingJob
from graph.spec import Budget, Cost, ModelSpec
from graph.spending import Expense, Spent
from tests.databases import fresh_database
from tests.fakes.clock import FakeClock
from tests.unit.graph.policy.builders import DAY, NOW, SPEC

OWN, FLEET = Budget(100.0, "EUR", 30 * DAY), Budget(150.0, "EUR", 30 * DAY)
BY_RUN = replace(
    SPEC, name="a", policy=replace(SPEC.policy, budget=OWN), cost=Cost("EUR", per_run=40.0), fleet_budget=FLEET
)
BY_MINUTE = replace(BY_RUN, cost=Cost("EUR", per_minute=0.5), deadline=timedelta(hours=2))
JOB = TrainingJob("job-1", "key", "fake", "running")


@pytest.fixture
def dsn(embedded_postgres) -> str:
    return fresh_database(embedded_postgres)


@pytest.fixture
def book(dsn) -> Iterator[PostgresLedger]:
    database = Database(dsn)
    yield PostgresLedger(database, FakeClock(NOW))
    database.close()


def reserved(book: PostgresLedger, spec: ModelSpec = BY_RUN, now=NOW) -> tuple[str, str | None]:
    run = str(uuid4())
    book.open_run(run, spec.name, now)
    return run, book.reserve_money(run, spec, now)


def amounts(book: PostgresLedger, spec: ModelSpec = BY_RUN, now=NOW) -> tuple[float, float]:
    spent = book.spent(spec, now)
    assert spent
    return sum(each.amount for each in spent.by_model), sum(each.amount for each in spent.by_fleet)


def price(book: PostgresLedger, run: str):
    row = book.costs.of(run)
    assert row
    return row["price"], row["seconds"], row["most"]


def test_a_reservation_counts_at_its_most_until_the_job_has_ended(book):
    run, refused = reserved(book, BY_MINUTE)
    assert refused is None
    assert book.spent(BY_MINUTE, NOW) == Spent((Expense(NOW, 60.0),), (Expense(NOW, 60.0),))
    book.note_job(run, JOB, NOW)
    assert price(book, run) == (None, None, 60.0)
    book.note_job(run, replace(JOB, state="succeeded", ran_s=90.0), NOW)
    assert price(book, run) == (0.75, 90.0, 60.0)
    assert amounts(book, BY_MINUTE) == (0.75, 0.75)
    # The first price stays.
    book.note_job(run, replace(JOB, state="unknown"), NOW)
    assert price(book, run)[0] == 0.75


@pytest.mark.parametrize(
    ("spec", "job", "expected"),
    [
        (BY_RUN, replace(JOB, state="failed", ran_s=3.0), 40.0),
        (BY_RUN, replace(JOB, state="cancelled", ran_s=0.0), 40.0),
        (BY_MINUTE, replace(JOB, state="cancelled", ran_s=30.0), 0.25),
        (BY_MINUTE, replace(JOB, state="cancelled", ran_s=0.0), 0.0),
        # Its system no longer knows it.
        (BY_MINUTE, replace(JOB, state="unknown"), 60.0),
    ],
)
def test_every_end_has_its_price(book, spec, job, expected):
    run, _ = reserved(book, spec)
    book.note_job(run, job, NOW)
    assert price(book, run)[0] == expected


def test_a_run_that_is_carried_on_is_not_refused_by_its_own_reservation(book):
    spec = replace(BY_RUN, policy=replace(BY_RUN.policy, budget=replace(OWN, amount=40.0)))
    run, first = reserved(book, spec)
    assert (first, book.reserve_money(run, spec, NOW + DAY)) == (None, None)
    assert amounts(book, spec) == (40.0, 40.0)
    _, refused = reserved(book, spec)
    assert "40 of 40 EUR in 30 days of this model" in str(refused)


def test_a_job_that_may_be_there_is_counted_and_never_refused(book):
    for _ in range(2):
        reserved(book)
    run = str(uuid4())
    book.open_run(run, "a", NOW)
    book.once(run, "training", "key", lambda: None, lambda: {"id": "job-1"})
    assert book.reserve_money(run, BY_RUN, NOW) is None
    assert amounts(book) == (120.0, 120.0)


def test_each_model_and_the_fleet_have_a_budget(book):
    other = replace(BY_RUN, name="b")
    assert [reserved(book)[1] is None for _ in range(3)] == [True, True, False]
    assert [reserved(book, other)[1] is None for _ in range(2)] == [True, False]
    assert "of all models" in str(reserved(book, other)[1])
    assert amounts(book, other) == (40.0, 120.0)


def test_what_has_no_price_or_another_currency_is_not_counted(book):
    run, refused = reserved(book, replace(BY_RUN, cost=None))
    assert (refused, book.costs.of(run)) == (None, None)
    assert book.note_job(run, replace(JOB, state="succeeded", ran_s=1.0), NOW) is None
    reserved(book, replace(BY_RUN, cost=Cost("USD", per_run=9.0)))
    assert amounts(book) == (0.0, 0.0)
    assert book.spent(replace(BY_RUN, policy=SPEC.policy, fleet_budget=None), NOW) is None


def test_it_is_free_again_when_the_time_is_over_and_setting_the_clock_back_frees_nothing(book):
    for _ in range(2):
        reserved(book)
    assert reserved(book, now=NOW - 60 * DAY)[1] is not None
    assert reserved(book, now=NOW + 30 * DAY - timedelta(seconds=1))[1] is not None
    assert reserved(book, now=NOW + 30 * DAY)[1] is None


def test_what_was_not_started_is_given_back_and_what_was_is_not(book):
    idle, _ = reserved(book)
    book.costs.release(idle, NOW)
    assert price(book, idle)[0] == 0.0
    seen, _ = reserved(book)
    book.note_job(seen, JOB, NOW)
    book.costs.release(seen, NOW)
    assert amounts(book) == (40.0, 40.0)


def test_a_race_of_many_processes_never_reserves_beyond_the_budget_of_all(dsn):
    answers: list[str | None] = []

    def process(number: int) -> None:
        database = Database(dsn)
        answers.append(reserved(PostgresLedger(database, FakeClock(NOW)), replace(BY_RUN, name=f"m{number}"))[1])
        database.close()

    threads = [threading.Thread(target=process, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(answers), answers.count(None)) == (8, 3)


def before(server: EmbeddedPostgres, number: int) -> str:
    """Return the URI of a new database with the schema that was newest before migration `number`."""
    name = f"t{uuid4().hex}"
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f'create database "{name}"')
    with psycopg.connect(server.dsn(name), autocommit=True) as connection:
        connection.execute("create schema autopilot")
        connection.execute("set search_path = autopilot")
        connection.execute("create table migrations (number integer primary key, name text, applied_at timestamptz)")
        for done, title, sql in migrate.migrations():
            if done < number:
                connection.execute(sql)
                connection.execute("insert into migrations values (%s, %s)", (done, title))
    return server.dsn(name)


def test_a_ledger_of_the_schema_before_is_brought_up_to_date(embedded_postgres):
    dsn, run = before(embedded_postgres, 5), str(uuid4())
    database = Database(dsn)
    book = PostgresLedger(database, FakeClock(NOW))
    book.open_run(run, "a", NOW)
    book.once(run, "training", "key", lambda: None, lambda: {"id": "job-1"})
    assert "0005_costs" in migrate.migrate(dsn)
    # The job that the release before had started is counted from the next look on, and is not refused.
    assert book.note_job(run, JOB, NOW) is None
    assert book.reserve_money(run, BY_RUN, NOW) is None
    assert amounts(book) == (40.0, 40.0)
    database.close()
