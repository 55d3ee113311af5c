"""How far a log reaches is what its rows say, whatever times its files bear."""

import os
from pathlib import Path

import pytest

from tests.unit.tools.monitors.logs import World
from tools.monitors.glance import glance


@pytest.mark.parametrize("touched", ["00.parquet", "15.parquet"])
def test_a_log_reaches_as_far_whichever_of_its_files_was_copied_last(tmp_path: Path, touched: str):
    world = World(tmp_path, days=16)
    reached = glance(world.log).newest
    os.utime(tmp_path / "log" / touched, (2**31, 2**31))
    assert reached is not None
    assert (reached.day, glance(world.log).newest) == (16, reached)
