"""A fleet for tests: rosters, rows of runs made in one statement, and what a screen says of them."""

from datetime import datetime, timedelta

import psycopg

from autopilot.cli.fleet_text import fleet_text
from autopilot.fleet.choice import Choice, chosen
from autopilot.fleet.roster import USUAL, Entry, Purse, Roster
from autopilot.fleet.screen import fleet
from graph.model import Json
from graph.spec import ModelSpec
from tests.house import House


def roster(spec: ModelSpec, **given) -> Roster:
    """Return the roster of one model as its spec prices it, labelled as given."""
    own, every = spec.policy.budget, spec.fleet_budget
    purse = Purse(spec.cost.currency, own.per if own else USUAL, own.amount if own else None) if spec.cost else None
    entry = Entry(tags=spec.tags, purse=purse, **given)
    return Roster({spec.name: entry}, Purse(every.currency, every.per, every.amount) if every else None)


def shown(home: House, **given) -> Json:
    """Return what the screen says of the one model of a house."""
    (row,) = fleet(home.book, roster(home.spec[0], **given), home.clock.now())["models"]
    found: Json = row
    return found


def text(found: Json, choice: Choice | None = None, limit: int | None = None, width: int = 160) -> str:
    """Return a fleet as a terminal shows it."""
    return fleet_text(found, chosen(found["models"], choice or Choice(), limit), width)


_MANY = """
with made as (
  insert into autopilot.runs
    (run, model, status, outcome, verdict, cause, action, reason, champion, started_at, updated_at)
  select gen_random_uuid(), 'm' || to_char(n, 'FM00000'), 'done', 'no_action', 'healthy', 'none', 'none', 'all is well',
         '1', %(at)s::timestamptz - ago * %(every)s::interval, %(at)s
  from generate_series(1, %(models)s) n, generate_series(0, %(checks)s - 1) ago
  returning run
)
insert into autopilot.evidence (run, document) select run, '{}' from made
"""


def many(dsn: str, models: int, checks: int, at: datetime, every: timedelta = timedelta(hours=1)) -> list[str]:
    """Make so many models with so many quiet checks each, the newest at `at`; return their names."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(_MANY, {"models": models, "checks": checks, "at": at, "every": every})
        connection.execute("analyze autopilot.runs, autopilot.evidence")
    return [f"m{number:05d}" for number in range(1, models + 1)]
