"""A ledger of an earlier schema with an approval that waits: migrated, approved, promoted."""

from uuid import uuid4

import psycopg
import pytest

from autopilot import view
from checkpoints import migrate
from graph.errors import Misconfigured
from tests.crash.golden_ledger import SCHEMA, lay_down
from tests.crash.golden_threads import RUN, wait
from tests.databases import fresh_database
from tests.house import house


@pytest.fixture
def old_ledger(embedded_postgres) -> str:
    """A database as the release of schema 9 left it."""
    name = f"t{uuid4().hex}"
    with psycopg.connect(embedded_postgres.dsn(), autocommit=True) as connection:
        connection.execute(f'create database "{name}"')
    lay_down(embedded_postgres.dsn(name))
    return str(embedded_postgres.dsn(name))


def test_an_approval_that_waited_before_an_upgrade_is_given_after_it(embedded_postgres, old_ledger, tmp_path):
    with house(fresh_database(embedded_postgres), tmp_path / "then") as then:
        wait(then, "approval")
    with pytest.raises(Misconfigured, match=f"has schema {SCHEMA}, this release needs") as error:
        migrate.require(old_ledger)
    assert error.value.hint == "run: autopilot db migrate"
    assert len(migrate.migrate(old_ledger)) == len([number for number, *_ in migrate.migrations() if number > SCHEMA])
    migrate.require(old_ledger)
    with house(old_ledger, tmp_path / "now") as home:
        # The world outside of the ledger is what it was: no upgrade touches it.
        vars(home.registry).update(vars(then.registry))
        vars(home.pipeline).update(vars(then.pipeline))
        waiting = view.explanation(home.book, home.row(RUN))
        assert (waiting["status"], waiting["approval"]["state"]) == ("awaiting_approval", "pending")
        assert (waiting["evidence"]["champion"], waiting["folded_at"]) == ("1", None)
        home.engine.carry_on(RUN)
        home.say(RUN)
        assert (home.row(RUN)["outcome"], home.champion()) == ("promoted", "2")
        assert len(home.pipeline.starts) == 1
        assert len([move for move in home.registry.moves if move[1] == "champion"]) == 1
