"""Tokens in the ledger: reserved before anything is sent, so that no race and no death goes beyond a cap."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest

from checkpoints.database import Database
from checkpoints.ledger.book import PostgresLedger
from graph.advice import TokenCaps
from graph.reasoning.budget import Spent
from tests.databases import fresh_database
from tests.fakes.clock import FakeClock
from tests.unit.graph.policy.builders import NOW

CAPS = TokenCaps(per_check=100, per_model_per_day=300, per_day=500)
DAY = timedelta(days=1)


@pytest.fixture
def book(embedded_postgres) -> Iterator[PostgresLedger]:
    database = Database(fresh_database(embedded_postgres))
    yield PostgresLedger(database, FakeClock(NOW))
    database.close()


def reserved(book: PostgresLedger, model: str = "a", now=NOW) -> tuple[str, str | None]:
    run = str(uuid4())
    book.open_run(run, model, now)
    return run, book.reserve_tokens(run, model, CAPS, now)


def test_a_reservation_counts_in_full_until_it_is_settled(book):
    run, refused = reserved(book)
    assert refused is None
    assert book.budgets.spent("a", NOW) == Spent(100, 100)
    book.settle_tokens(run, None)
    assert book.budgets.spent("a", NOW) == Spent(100, 100)
    book.settle_tokens(run, 7)
    assert book.budgets.spent("a", NOW) == Spent(7, 7)
    assert book.budgets.spent("b", NOW) == Spent(0, 7)


def test_a_check_asks_once(book):
    run, _ = reserved(book)
    book.settle_tokens(run, 7)
    assert "asked already" in str(book.reserve_tokens(run, "a", CAPS, NOW))
    assert book.budgets.spent("a", NOW).by_model == 7


def test_each_model_and_the_fleet_have_a_cap(book):
    assert [reserved(book, "a")[1] is None for _ in range(4)] == [True, True, True, False]
    assert [reserved(book, "b")[1] is None for _ in range(3)] == [True, True, False]
    assert "of the fleet" in str(reserved(book, "c")[1])


def test_a_day_later_it_is_free_again_and_setting_the_clock_back_frees_nothing(book):
    for _ in range(3):
        reserved(book)
    assert reserved(book, now=NOW - 2 * DAY)[1] is not None
    assert reserved(book, now=NOW + DAY)[1] is None


def test_a_race_never_reserves_beyond_the_cap(book):
    answers: list[str | None] = []
    threads = [threading.Thread(target=lambda: answers.append(reserved(book)[1])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(None) == 3
    assert book.budgets.spent("a", NOW).by_model == 300
