"""A house per test, on a database of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from checkpoints.embedded.cluster import EmbeddedPostgres
from tests.databases import fresh_database
from tests.house import House, house


@pytest.fixture
def home(embedded_postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[House]:
    with house(fresh_database(embedded_postgres), tmp_path) as built:
        yield built
