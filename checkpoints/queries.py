"""Loads the named queries of sql/*.sql. A query starts with `-- name: NAME` and ends at the next one."""

import re
from functools import cache
from importlib import resources
from typing import LiteralString, cast

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


@cache
def named(file: str) -> dict[str, LiteralString]:
    """Return name → text of the queries in `sql/FILE.sql`."""
    text = (resources.files("checkpoints") / "sql" / f"{file}.sql").read_text("utf-8")
    parts = _NAME.split(text)[1:]
    return {name: cast(LiteralString, body.strip()) for name, body in zip(parts[::2], parts[1::2], strict=True)}


def query(file: str, name: str) -> LiteralString:
    """Return one named query. KeyError names the query that is missing."""
    return named(file)[name]
