"""A Postgres whose files lie in memory where there is such a place: the disk is not what is measured."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from checkpoints.embedded.cluster import EmbeddedPostgres


@contextmanager
def postgres_in_memory() -> Iterator[tuple[EmbeddedPostgres, Path]]:
    """Yield a server and a folder beside it; nothing of both is left afterwards."""
    memory = Path("/dev/shm")  # noqa: S108
    folder = Path(tempfile.mkdtemp(prefix="ap-", dir=memory if memory.is_dir() else None))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder / "postgres")
    server.ensure()
    try:
        yield server, folder
    finally:
        server.destroy()
        shutil.rmtree(folder)
