"""A prediction log in a real Postgres: the same evidence as from files, byte for byte, and nothing is ever written."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from checkpoints.embedded.cluster import EmbeddedPostgres
from graph.codec import canonical, dump
from graph.errors import AutopilotError, Misconfigured, Unavailable
from graph.evidence import Evidence
from tests.unit.tools.monitors.logs import LABELS, ROWS, World, day, rows_of
from tests.unit.tools.monitors.tables import TableWorld
from tools.monitors.database import Database
from tools.monitors.predictions import LabelSource
from tools.monitors.sql import PredictionTable, SqlMonitor, glance_at_table

OWN = LabelSource("", "id", "label", "labelled_at", timedelta(days=2))


@pytest.fixture
def world(embedded_postgres: EmbeddedPostgres) -> Iterator[TableWorld]:
    made = TableWorld(embedded_postgres.dsn(), days=18)
    yield made
    made.do("drop schema {} cascade")


def measured(world: TableWorld | World, at: float = 15, champion: str | None = "1") -> Evidence:
    return world.monitor.measure(champion, day(at))


def bytes_of(evidence: Evidence) -> str:
    """Return evidence without the names of what was read."""
    return canonical(dump(replace(evidence, source="", queries=())))


@pytest.mark.parametrize(("at", "champion"), [(15, "1"), (16.5, "1"), (15, None), (15, "2"), (300, "1"), (5, "1")])
def test_a_table_and_files_are_the_same_evidence(world: TableWorld, tmp_path: Path, at: float, champion: str | None):
    files = World(tmp_path, days=18)
    assert bytes_of(measured(world, at, champion)) == bytes_of(measured(files, at, champion))


def test_a_regression_is_measured_alike(embedded_postgres: EmbeddedPostgres, tmp_path: Path):
    settings = {"task": "regression", "metric": "rmse"}
    table = TableWorld(embedded_postgres.dsn(), days=16, settings=settings)
    assert bytes_of(measured(table)) == bytes_of(measured(World(tmp_path, days=16, settings=settings)))


def test_spoiled_rows_are_measured_alike(world: TableWorld, tmp_path: Path):
    files, rows = World(tmp_path, days=18), rows_of(14)
    word = [None, "", "new"] * (ROWS // 3)
    amount = [None, float("nan"), float("inf")] * (ROWS // 3)
    spoiled = {"word": word, "amount": amount, "id": [rows["id"][0], None, *rows["id"][2:]], "version": None}
    changes = {name: values or ["2"] * 10 + ["1"] * (ROWS - 10) for name, values in spoiled.items()}
    files.write(14, changes)
    world.do("delete from {}.log where at >= '2026-01-15Z' and at < '2026-01-16Z'")
    world.do("delete from {}.labels where id like '14-%'")
    world.write(14, changes)
    found = measured(world)
    assert bytes_of(found) == bytes_of(measured(files))
    assert found.features[2].nulls == ROWS // 3


def test_the_holdout_is_the_same_file(world: TableWorld, tmp_path: Path):
    gaps = [(day(9), day(10))]
    files = World(tmp_path / "files", days=18)
    ours = world.monitor.holdout(day(8), day(12), day(15), gaps, tmp_path / "table.parquet")
    theirs = files.monitor.holdout(day(8), day(12), day(15), gaps, tmp_path / "file.parquet")
    assert (ours.digest, ours.rows) == (theirs.digest, 3 * ROWS)


def test_late_labels_are_noticed(world: TableWorld):
    before = measured(world)
    columns = {**rows_of(12), "labelled_at": [day(14.9)] * ROWS}
    world.do("delete from {}.labels where id like '12-%'")
    without = measured(world)
    world.insert("labels", LABELS, columns)
    after = measured(world)
    assert before.labels is not None
    assert without.labels is not None
    assert after.labels is not None
    assert (before.labels.labelled, without.labels.labelled, after.labels.labelled) == (ROWS, 0, ROWS)


def test_labels_in_the_log_itself_are_noticed_when_they_come(world: TableWorld):
    world.settings["labels"] = OWN
    assert measured(world).orphan_labels == 0
    world.do("update {0}.log set label = l.label, labelled_at = l.labelled_at from {0}.labels l where l.id = log.id")
    world.store.profiles.clear()
    found = measured(world).labels
    world.do("update {}.log set label = 1 - label where id like '12-%'")
    turned = measured(world).labels
    assert found is not None
    assert turned is not None
    assert (found.labelled, turned.positives) == (ROWS, ROWS - found.positives)


def test_what_did_not_change_is_not_counted_again(world: TableWorld):
    measured(world)
    saves = world.store.saves
    measured(world)
    assert world.store.saves == saves
    world.do("insert into {}.log (id, at, version, score) values ('new', '2026-01-15 10:00Z', '1', 0.5)")
    assert measured(world).rows == ROWS + 1
    assert world.store.saves > saves


def test_a_view_will_do(world: TableWorld, tmp_path: Path):
    world.do("create view {0}.seen as select * from {0}.log", "create view {0}.known as select * from {0}.labels")
    source = LabelSource(f"{world.schema}.known", "id", "label", "labelled_at", timedelta(days=2))
    world.settings |= {"source": f"{world.schema}.seen", "labels": source}
    assert bytes_of(measured(world)) == bytes_of(measured(World(tmp_path, days=18)))
    world.do("update {}.log set amount = 7 where at >= '2026-01-15Z' and at < '2026-01-16Z'")
    assert measured(world).features[0].top_share == 1


def test_other_types_say_the_same(world: TableWorld, tmp_path: Path):
    world.do(
        "alter table {}.log alter amount type numeric using amount::text::numeric, alter visits type int, "
        "alter at type timestamp, alter version type int using version::int, alter word type varchar(5)"
    )
    found, wanted = measured(world), measured(World(tmp_path, days=18))
    zone = "times in column at carry no zone and are taken as UTC"
    assert zone in found.notes
    assert bytes_of(replace(found, notes=())) == bytes_of(replace(wanted, notes=()))


def test_rows_without_a_time_are_said(world: TableWorld):
    world.do("insert into {}.log (id, score) values ('a', 0.5), ('b', 0.5)")
    assert "2 rows have no time and are left out" in measured(world).notes


def test_rows_from_the_future_are_counted_and_infinity_is_one(world: TableWorld):
    world.do("insert into {}.log (id, at, score) values ('a', 'infinity', 0.5), ('b', '2999-01-01Z', 0.5)")
    assert measured(world).future_rows == 2


def test_an_empty_table_is_no_error(world: TableWorld):
    world.do("truncate {}.log", "truncate {}.labels")
    found = measured(world)
    assert (found.rows, "the log holds no rows with a time" in found.notes) == (0, True)


def test_a_glance(world: TableWorld):
    seen = glance_at_table(world.log, world.database)
    assert (seen.files, seen.scored, seen.label_files) == (1, True, 1)
    assert seen.newest is not None
    assert day(17) < seen.newest < day(18)


def test_nothing_can_be_written(world: TableWorld):
    with pytest.raises(AutopilotError, match="read-only transaction"), world.database.look() as connection:
        name = sql.Identifier(world.schema)
        with world.database.translated():
            connection.execute(sql.SQL("insert into {}.log (id) values ('written')").format(name))
    with world.database.look() as connection:
        shown = [connection.execute(sql.SQL(f"show {name}")).fetchone() for name in READ_ONLY]
    assert shown == [("on",), ("on",), ("repeatable read",)]


READ_ONLY = ("transaction_read_only", "default_transaction_read_only", "transaction_isolation")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"source": "nowhere.log"}, 'relation "nowhere.log" does not exist'),
        ({"source": "log; drop table x"}, 'relation "log; drop table x" does not exist'),
        ({"source": "a.b.c"}, "'a.b.c' is no name of a table"),
        ({"source": ""}, "'' is no name of a table"),
        ({"source": ("one", "two")}, "reads one table"),
        ({"features": ("amuont",)}, "has no column amuont; it has .*"),
        ({"features": ('amount" from x --',)}, "has no column amount"),
        ({"timestamp": "word"}, "column word: holds text, not times"),
        ({"prediction": "word"}, "column word: holds text such as .* where scores were expected"),
    ],
)
def test_what_a_person_must_correct(world: TableWorld, settings: dict[str, Any], said: str):
    world.settings |= settings
    with pytest.raises(Misconfigured, match=said):
        measured(world)


def test_a_column_that_says_nothing_to_us(world: TableWorld):
    world.do("alter table {}.log add odd jsonb, add list int[]")
    for name, kind in (("odd", "jsonb"), ("list", "int4")):
        world.settings["features"] = (name,)
        with pytest.raises(Misconfigured, match=f"column {name}: holds {kind}"):
            measured(world)


@pytest.fixture
def reader(world: TableWorld) -> Iterator[str]:
    """The address of a role that may do nothing yet."""
    role = f"reader_{uuid4().hex[:8]}"
    with psycopg.connect(world.dsn, autocommit=True) as connection:
        name, database = sql.Identifier(role), sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("create role {} login password 'planted-secret'").format(name))
        # Another test may have closed the database to everybody.
        connection.execute(sql.SQL("grant connect on database {} to {}").format(database, name))
    yield psycopg.conninfo.make_conninfo(world.dsn, user=role, password="planted-secret")
    world.do("drop schema {} cascade", "create schema {}")
    with psycopg.connect(world.dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("drop owned by {}").format(sql.Identifier(role)))
        connection.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))


def test_a_role_that_may_only_read_is_enough_and_what_it_lacks_is_said(world: TableWorld, reader: str):
    role = psycopg.conninfo.conninfo_to_dict(reader)["user"]
    monitor = SqlMonitor(world.log, Database("shop", reader), world.store)
    with pytest.raises(Misconfigured, match="permission denied for schema") as refused:
        monitor.measure("1", day(15))
    assert "grant select" in refused.value.hint
    world.do(f"grant usage on schema {{}} to {role}", f"grant select on all tables in schema {{}} to {role}")
    assert monitor.measure("1", day(15)).rows == ROWS


def test_an_address_is_never_shown(world: TableWorld, reader: str):
    broken = reader.replace("planted-secret", "another-secret")
    wrong = [
        "postgresql://a:planted-secret@[",
        "postgresql://a:x@planted-secret@127.0.0.1/b",
        "planted-secret=1 x",
        f"{broken} port=1 host=127.0.0.1",
        broken,
    ]
    for url in wrong:
        with pytest.raises(AutopilotError) as failed:
            SqlMonitor(world.log, Database("shop", url), world.store).measure("1", day(15))
        shown = whole(failed.value)
        assert "planted-secret" not in shown
        assert "another-secret" not in shown
    with pytest.raises(Misconfigured) as missing:
        Database("shop", None)
    assert missing.value.hint == "set AUTOPILOT_SQL_URL"


def whole(error: BaseException | None) -> str:
    """Return an error with all that it was raised from."""
    if error is None:
        return ""
    said = f"{error!r} {getattr(error, 'hint', '')}"
    return f"{said} {whole(error.__cause__)} {whole(error.__context__)}"


def test_a_database_that_is_away_or_slow(world: TableWorld):
    away = Database("shop", "postgresql://ana@127.0.0.1:1/x")
    with pytest.raises(Unavailable, match="cannot be reached"):
        SqlMonitor(world.log, away, world.store).measure("1", day(15))
    world.do("create view {0}.slow as select *, pg_sleep(1) is null as never from {0}.log")
    world.settings["source"] = f"{world.schema}.slow"
    hasty = Database("shop", world.dsn, timedelta(milliseconds=200))
    with pytest.raises(Unavailable, match=r"took longer than 0\.2 s"):
        SqlMonitor(replace(world.log, features=("never",)), hasty, world.store).measure("1", day(15))


def test_who_stops_in_the_middle_may_read_on(world: TableWorld):
    def read(rows: Any, listed: Any) -> int:
        (table,) = listed[0]
        next(rows.batches(table, ["id"]))
        return sum(batch.num_rows for batch in rows.batches(table, ["id"]))

    assert PredictionTable(world.log, world.database).look(read) == 18 * ROWS
