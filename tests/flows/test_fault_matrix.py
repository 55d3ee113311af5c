"""Every fault on every pipeline elsewhere: one job, the right end, and a token in nothing that is kept or shown."""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from autopilot import settings, view
from autopilot.report.explain import explain_text
from autopilot.report.page import report_html
from autopilot.traced import traced
from checkpoints.embedded.cluster import EmbeddedPostgres
from graph.model import Json
from tests.conformance.remote_systems import SECRETS
from tests.conformance.systems import SYSTEMS
from tests.databases import fresh_database
from tests.fault_matrix import FAULTS, Bench, Fault
from tests.house import DEGRADED, House, house
from tests.integration.test_tracing import serving
from tools.catalogue import PIPELINES

LANGSMITH = "lsv2_pt_0123456789abcdef0123456789abcdef_0123456789"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Any]:
    with serving() as running:
        yield running


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
@pytest.mark.parametrize("name", SYSTEMS)
def test_one_job_the_right_end_and_no_token_anywhere(
    embedded_postgres: EmbeddedPostgres,
    tmp_path: Path,
    endpoint: Any,
    caplog: pytest.LogCaptureFixture,
    name: str,
    fault: Fault,
) -> None:
    caplog.set_level(logging.DEBUG)
    endpoint.requests.clear()
    env = {"LANGSMITH_API_KEY": LANGSMITH, "LANGSMITH_ENDPOINT": endpoint.url, "AUTOPILOT_HOME": str(tmp_path)}
    dsn = fresh_database(embedded_postgres)
    with SYSTEMS[name]() as system, ExitStack() as stack:
        adapter = system.another(**fault.patience)
        known = settings.load(env)
        with house(dsn, tmp_path, tracing=lambda book: traced(known, book, stack), elsewhere=adapter) as home:
            home.monitor.evidence = DEGRADED
            bench = Bench(home, system)
            fault.play(bench)
            row = home.row(bench.run)
            assert (bench.started, row["outcome"] or row["status"]) == (1, fault.ends)
            shown = shown_of(home, bench.run)
            # As the product does: what was traced is noted in the ledger, so that ends first.
            stack.close()
        told = [request.line for request in system.server.asked]
    sent = b"".join(body for _, _, body in endpoint.requests).decode(errors="replace")
    assert sent
    everything = [shown, rows(dsn), caplog.text, sent, *told, *files(tmp_path), *bench.said, *commands()]
    assert [secret for secret in SECRETS if any(secret in text for text in everything)] == []


def test_every_kind_of_pipeline_elsewhere_is_in_the_matrix() -> None:
    assert set(SYSTEMS) == set(PIPELINES) - {"local"}


def shown_of(home: House, run: str) -> str:
    document: Json = view.explanation(home.book, home.book.runs.row(run))
    return json.dumps(document, default=str) + explain_text(document) + report_html(document)


def rows(dsn: str) -> str:
    """Return every row of every table as text."""
    with psycopg.connect(dsn) as connection:
        tables = connection.execute(
            "select schemaname, tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        queries = [sql.SQL("select t::text from {} t").format(sql.Identifier(*table)) for table in tables]
        return "\n".join(str(row[0]) for query in queries for row in connection.execute(query))


def files(folder: Path) -> list[str]:
    return [file.read_bytes().decode(errors="replace") for file in folder.rglob("*") if file.is_file()]


def commands() -> list[str]:
    """Return the command lines of all processes that may be looked at, and of this one its whole environment."""
    found = [str(dict(os.environ))]
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(process.read_bytes().decode(errors="replace"))
        except OSError:  # it has ended
            continue
    return found
