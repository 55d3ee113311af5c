"""Database roles with a password for tests, and engines and workers that have nothing but one of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache

import psycopg
from psycopg.conninfo import make_conninfo

from checkpoints import roles
from checkpoints.database import Database
from checkpoints.ledger.book import PostgresLedger
from checkpoints.saver import saver
from tests.fleet import Fleet
from tests.house import House
from tests.passwords import KNOWN

WORKERS = ("observe", "train", "promote")


def split(owner: str) -> dict[str, str]:
    """Make the roles in this database; return the URI of each by what it does."""
    roles.create(owner, KNOWN)
    return {duty: roles.uri(owner, role, KNOWN) for duty, role in roles.ROLES.items()}


def both(owner: str, name: str, *duties: str) -> str:
    """Return the URI of a login that has the rights of several roles."""
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"drop role if exists {name}".encode())
        members = ", ".join(roles.ROLES[each] for each in duties)
        connection.execute(f"create role {name} login password '{name}' in role {members}".encode())
    return make_conninfo(owner, user=name, password=name)


@contextmanager
def apart(home: House, town: Fleet) -> Iterator[dict[str, Fleet]]:
    """Yield the same fleet as each process sees it: with its own login, and its own pools and threads."""
    opened: list[Database] = []

    @contextmanager
    def fleet_of(uri: str) -> Iterator[Fleet]:
        database = Database(uri)
        opened.append(database)
        book = PostgresLedger(database, home.clock)

        @cache
        def parts(name: str):
            return replace(home.parts(name), ledger=book)

        with saver(uri) as threads:
            engine = type(home.engine)(
                book, parts, home.clock, lambda: threads, home.engine._traced, home.engine._workspace
            )
            yield replace(town, home=replace(home, book=book, parts=parts, engine=engine, dsn=uri))
        database.close()

    found = split(home.dsn)
    with (
        fleet_of(found["observe"]) as observe,
        fleet_of(found["train"]) as train,
        fleet_of(found["promote"]) as promote,
        fleet_of(found["doors"]) as doors,
    ):
        yield {"observe": observe, "train": train, "promote": promote, "doors": doors}
