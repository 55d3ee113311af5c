"""What the tests of the embedded Postgres share: where its homes lie, and hands that reach into them."""

import os
import shutil
import signal
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from checkpoints.embedded.cluster import EmbeddedPostgres

ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not ROOT, reason="needs root")
only_ordinary = pytest.mark.skipif(ROOT, reason="needs an ordinary user")
SOCKET = ".s.PGSQL.5432"


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    """A folder that root's account for Postgres may enter, and short; pytest's own are closed and long."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp")).resolve()
    folder.chmod(0o755)
    yield folder
    for lock in list(folder.rglob("lock")):
        EmbeddedPostgres(lock.parent).destroy()
    shutil.rmtree(folder)


@pytest.fixture
def place(ground: Path) -> Path:
    """A new folder in there."""
    folder = Path(tempfile.mkdtemp(dir=ground))
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def shared(ground: Path) -> EmbeddedPostgres:
    """One server for the tests that kill it: whatever they do, the next one must find its rows."""
    embedded = EmbeddedPostgres(ground / "shared")
    embedded.ensure()
    execute(embedded, "create table kept (n int)")
    return embedded


def execute(embedded: EmbeddedPostgres, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(embedded.dsn(), autocommit=True) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


def pid_of(embedded: EmbeddedPostgres) -> int:
    return int((embedded.home / "data" / "postmaster.pid").read_text().splitlines()[0])


def kill(embedded: EmbeddedPostgres) -> None:
    """Kill the server as the kernel would, and wait until no process of it holds a lock."""
    os.kill(pid_of(embedded), signal.SIGKILL)
    while embedded.running():
        time.sleep(0.01)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
