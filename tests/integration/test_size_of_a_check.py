"""What an hourly check costs the database once it is old: measured on a made past of 20 features."""

from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import uuid4

import numpy as np
import psycopg
import pyarrow as pa

from autopilot.upkeep.tending import tend
from checkpoints.database import Database
from checkpoints.ledger.book import PostgresLedger
from graph.codec import dump
from graph.evidence import FeatureEvidence, HarmWindow, WindowRef
from graph.model import History
from graph.policy import evidence as questions
from graph.policy import retraining
from graph.policy.retention import NEWEST, Retention
from graph.ports import StoredWindow
from tests.databases import fresh_database
from tests.fakes.clock import FakeClock
from tests.unit.graph.policy.builders import DELAY, NOW, QUIET, SPEC
from tests.unit.tools.profile.samples import profile_of, scored
from tools.monitors.evidence import feature_evidence
from tools.profile.counting import count_cells, count_features
from tools.profile.counts import FeatureCounts, ScoreCounts

MOST = 4096
"""Bytes of a check that did nothing, of 20 features, after folding."""
DAYS = 15
ROWS = 1000
NOWHERE = Path("/nowhere")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRST = NOW.replace(hour=0, minute=0)
NAMES = tuple(f"feature_{number:02}" for number in range(20))
TABLES = ("runs", "evidence", "decisions", "policies", "windows", "folded_windows")


def columns(seed: int) -> dict[str, pa.Array]:
    """Return an hour's rows: amounts, counts, measures and words, five each."""
    draw = np.random.default_rng(seed)
    make = (
        lambda: pa.array(draw.lognormal(3, 1, ROWS)),
        lambda: pa.array(draw.poisson(3, ROWS)),
        lambda: pa.array(draw.normal(size=ROWS)),
        lambda: pa.array(draw.choice(list("abcdefgh"), ROWS)),
    )
    return {name: make[number % 4]() for number, name in enumerate(NAMES)}


PROFILE = profile_of(columns(10_000))


@cache
def hour_of_day(hour: int) -> tuple[FeatureCounts, ScoreCounts, tuple[FeatureEvidence, ...]]:
    """Return what is counted in an hour, and its features as evidence. Every day has the same hours."""
    counts, rows = count_features(columns(hour), ROWS, PROFILE), scored(ROWS, hour)
    cells = count_cells(rows.score, rows.label, tuple(np.linspace(0.02, 0.9, 30).tolist()))
    quiet = (replace(each, psi=0.001) for each in feature_evidence(PROFILE, counts, NAMES))
    return counts, ScoreCounts(cells, rows=ROWS, lags={24: ROWS}), tuple(quiet)


def checked(book: PostgresLedger, hour: int) -> None:
    """Store one quiet check, as a check stores itself."""
    start, now, run = FIRST + hour * HOUR, FIRST + (hour + 1) * HOUR, str(uuid4())
    features, scores, measured = hour_of_day(hour % 24)
    for source, version, what in (("features", "*", features), ("scores", "1", scores)):
        book.windows.save_window(StoredWindow(SPEC.name, version, "p", source, start, now, dump(what), True, stamp="s"))
    refs = tuple(WindowRef(source, start, now, 1, ROWS) for source in ("features", "scores"))
    evidence = replace(QUIET, features=measured, windows=refs, start=start, end=now)
    decision = retraining.decide(evidence, questions.judge(evidence, SPEC.policy, DELAY), History(), SPEC, now)
    assert decision.action == "none"
    book.open_run(run, SPEC.name, now)
    book.save_evidence(run, replace(evidence, harm=_harm(start)))
    assert book.record_decision(run, decision, SPEC, "1", now)


def _harm(start: datetime) -> tuple[HarmWindow, ...]:
    """Return as many windows as a check follows at most."""
    spans = ((start - n * HOUR, start - (n - 1) * HOUR) for n in range(200, 0, -1))
    return tuple(
        HarmWindow(*span, ROWS, -0.0123456789 * n, 1.2345678, 3, 0.123456, 2.345678) for n, span in enumerate(spans)
    )


def bytes_of(dsn: str) -> int:
    with closing(psycopg.connect(dsn, autocommit=True, options="-c search_path=autopilot")) as connection:
        for table in TABLES:
            connection.execute(f"vacuum full {table}")
        found = connection.execute(
            "select sum(pg_total_relation_size(t::regclass)) from unnest(%s::text[]) t", [list(TABLES)]
        )
        row = found.fetchone()
        assert row
        return int(row[0])


def repeat(dsn: str, days: int) -> None:
    """Have the first day's checks again, on so many days after it: to make them costs more than to keep them."""

    def later(name: str) -> str:
        return f"'{name}', r.{name} + day * interval '1 day'"

    named = "'run', md5(r.run::text || day)::uuid"
    changes = {
        "runs": f"{named}, {later('started_at')}, {later('updated_at')}",
        "evidence": named,
        "decisions": f"{named}, {later('at')}",
        "windows": f"{later('starts_at')}, {later('ends_at')}",
    }
    with closing(psycopg.connect(dsn, autocommit=True, options="-c search_path=autopilot")) as connection:
        for table, change in changes.items():
            connection.execute(
                f"insert into {table} select (jsonb_populate_record(r, jsonb_build_object({change}))).*"
                f" from {table} r, generate_series(1, {days}) day"
            )


def newest(dsn: str, delete: bool = False) -> None:
    """Store windows after all others, so that those may fold; or take them away again."""
    insert = """insert into windows select %(model)s, version, 'p', source, %(at)s + n * interval '1 hour',
      %(at)s + (n + 1) * interval '1 hour', true, 1, '{}', ''
      from generate_series(1, %(most)s) n, (values ('*', 'features'), ('1', 'scores')) kinds (version, source)"""
    with closing(psycopg.connect(dsn, autocommit=True, options="-c search_path=autopilot")) as connection:
        if delete:
            connection.execute("delete from windows where counts = '{}'")
        else:
            connection.execute(insert, {"model": SPEC.name, "at": FIRST + 400 * DAY, "most": NEWEST})


def measured(dsn: str, days: int) -> tuple[float, float]:
    """Return bytes per check of an hourly checked past, before and after it was folded."""
    with closing(Database(dsn)) as database:
        book = PostgresLedger(database, FakeClock(NOW))
        for hour in range(24):
            checked(book, hour)
        repeat(dsn, days - 1)
        before = bytes_of(dsn)
        newest(dsn)
        now = FIRST + (days + 20) * DAY
        done = tend(book, Retention(), now, NOWHERE, every=timedelta(seconds=1))
        # The first of all is kept whole, and the two windows that it names.
        assert (done.things("decisions_folded"), done.things("windows_folded")) == (days * 24 - 1, days * 48 - 2)
    newest(dsn, delete=True)
    return before / days / 24, bytes_of(dsn) / days / 24


def test_a_check_that_did_nothing_costs_little_once_it_is_old(embedded_postgres):
    before, after = measured(fresh_database(embedded_postgres), DAYS)
    assert after <= MOST, (before, after)
    assert before > 4 * after
