"""A house per test, on a database of its own; its pages, and browsers in front of them."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkpoints.embedded.cluster import EmbeddedPostgres
from tests.browsing import browser, doors
from tests.databases import fresh_database
from tests.house import House, house
from tests.serving import serving


@pytest.fixture
def home(embedded_postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[House]:
    with house(fresh_database(embedded_postgres), tmp_path) as built:
        yield built


@pytest.fixture
def site(home, tmp_path):
    with serving(home, tmp_path) as opened:
        yield opened


@pytest.fixture
def app(site):
    return doors(site.desk)


@pytest.fixture
def ana(site, app):
    with browser(app, site.tokens["ana"]) as opened:
        yield opened


@pytest.fixture
def ben(site, app):
    with browser(app, site.tokens["ben"]) as opened:
        yield opened


@pytest.fixture
def stranger(app):
    with browser(app) as opened:
        yield opened


@pytest.fixture
def may_go_on():
    """What a slow check waits for; at the end of the test it does not hold its model's lock any longer."""
    event = threading.Event()
    yield event
    event.set()
