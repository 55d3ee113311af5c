"""The queue's tables are those of the library that works on them."""

from importlib import resources

from checkpoints.migrate import migrations


def test_our_migration_holds_procrastinates_schema_word_for_word():
    (ours,) = [sql for number, _, sql in migrations() if number == 10]
    theirs = (resources.files("procrastinate") / "sql" / "schema.sql").read_text("utf-8")
    # Before that it only makes sure of plpgsql, which every Postgres has.
    _, _, body = theirs.partition("-- Enums")
    assert len(body) > 10_000
    assert body.strip() in ours
