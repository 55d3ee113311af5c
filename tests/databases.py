"""Databases with the present schema. One that a house has left is wiped and used again, at a quarter of a new one."""

from uuid import uuid4

import psycopg

from checkpoints import migrate
from checkpoints.embedded.cluster import EmbeddedPostgres

_WIPE = """
do $$ declare found record; begin
  -- Neither foreign keys nor triggers are asked.
  set local session_replication_role = replica;
  for found in
    select schemaname, tablename from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema') and tablename !~ 'migrations$'
  loop
    execute format('delete from %I.%I', found.schemaname, found.tablename);
  end loop;
  for found in select schemaname, sequencename from pg_sequences loop
    perform setval(format('%I.%I', found.schemaname, found.sequencename)::regclass, 1, false);
  end loop;
end $$
"""
_servers: dict[str, str] = {}
"""URI of a database that was made here → its server's."""
_left: set[str] = set()


def fresh_database(server: EmbeddedPostgres) -> str:
    """Return the URI of an empty database with the present schema."""
    known = next((dsn for dsn in sorted(_left) if _servers[dsn] == server.dsn()), None)
    if known is None:
        return _new(server)
    _left.discard(known)
    with psycopg.connect(known, autocommit=True) as connection:
        connection.execute(_WIPE)
    return known


def leave(dsn: str) -> None:
    """Say that nobody needs what is in this database any more, once another is asked for."""
    if dsn in _servers:
        _left.add(dsn)


def _new(server: EmbeddedPostgres) -> str:
    """Copy the one that is migrated once per server."""
    name = f"t{uuid4().hex}"
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = 'migrated'").fetchone():
            connection.execute("create database migrated")
            migrate.migrate(server.dsn("migrated"))
        connection.execute(f'create database "{name}" template migrated')
    _servers[server.dsn(name)] = server.dsn()
    return server.dsn(name)
