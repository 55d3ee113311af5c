"""What tests of upkeep say and ask: checks made, windows laid down, upkeep done, and what the database then holds."""

from contextlib import closing
from datetime import timedelta

import psycopg

from autopilot import view
from autopilot.upkeep.tending import tend
from checkpoints.database import Database
from checkpoints.ledger.book import PostgresLedger
from checkpoints.packing import unpack
from graph.codec import dump
from graph.policy.retention import NEWEST, Retention
from graph.ports import StoredWindow
from tests.house import MODEL
from tests.unit.graph.policy.builders import DAY, NOW
from tools.profile.counts import CellCounts, ScoreCounts

HOUR = timedelta(hours=1)
KEEP = Retention()
MIDNIGHT = NOW.replace(hour=0, minute=0)
AGED = MIDNIGHT + 100 * DAY
RUNS = "select run from runs order by started_at, run"


def told(home, sql, **values):
    """Ask the database itself."""
    with closing(psycopg.connect(home.dsn, autocommit=True, options="-c search_path=autopilot")) as connection:
        return connection.execute(sql, values).fetchall()


def checked(home, *evidence):
    """Check once an hour, and return the runs."""
    runs = []
    for each in evidence:
        home.monitor.evidence = each
        runs.append(home.engine.run(MODEL))
        home.clock.pass_time(HOUR)
    return runs


def tended(home, after=20 * DAY, keep=KEEP, **more):
    home.clock.pass_time(after)
    found = tend(home.book, keep, home.clock.now(), home.engine._workspace.parent, every=timedelta(0), **more)
    return {what: things for what, (things, _) in found.found.items() if things}


def anew(home):
    """Return the ledger without anything read before."""
    return PostgresLedger(Database(home.dsn), home.clock)


def explained(home, run):
    return view.explanation(home.book, home.row(run))


def counted(hour, rows=100):
    cells = CellCounts(*((rows + part, part * hour) for part in range(10)))
    return ScoreCounts(cells, rows=rows, lags={hour: rows})


def laid(home, hours, version="1", profile="p", source="scores", length=HOUR):
    """Store closed windows of these hours, and the newest ones long after them."""
    for hour in hours:
        start = MIDNIGHT + hour * HOUR
        home.book.windows.save_window(
            StoredWindow(MODEL, version, profile, source, start, start + length, dump(counted(hour)), True, stamp="s")
        )
    told(
        home,
        """insert into windows select %(model)s, %(version)s, %(profile)s, %(source)s, at, at + interval '1 hour',
             true, 1, '{}', ''
           from generate_series(0, %(last)s) n, lateral (select %(from)s + n * interval '1 hour' as at)
           on conflict do nothing returning 1""",
        model=MODEL,
        version=version,
        profile=profile,
        source=source,
        last=NEWEST - 1,
        **{"from": AGED - NEWEST * HOUR},
    )


def sums(home):
    rows = told(home, "select version, profile, starts_at, ends_at, packed from folded_windows order by 1, 2, 3")
    return {
        (version, profile, (start - MIDNIGHT) // HOUR, (end - MIDNIGHT) // HOUR): unpack(bytes(packed))["counts"][
            "rows"
        ]
        for version, profile, start, end, packed in rows
    }


def left(home):
    rows = told(home, "select starts_at from windows where counts <> '{}' order by version, profile, starts_at")
    return [(start - MIDNIGHT) // HOUR for (start,) in rows]
