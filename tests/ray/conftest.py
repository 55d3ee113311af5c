"""One real Ray for all tests of this folder."""

from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest

from tests.ray.cluster import RAY, Cluster, cluster


@pytest.fixture(scope="package")
def ray_cluster(lacking: Callable[[str, str], NoReturn]) -> Iterator[Cluster]:
    """A running cluster for the tests of this folder; idle it costs a tenth of a processor."""
    if not RAY.exists():
        lacking("Ray 2.60.0", "make ray-environment")
    if " " in str(RAY):
        # It writes the command of its workers into one line, unquoted: its jobs would wait for ever.
        lacking(f"a Ray that starts jobs from {RAY.parent}", "clone into a path without a blank")
    with cluster() as found:
        yield found
