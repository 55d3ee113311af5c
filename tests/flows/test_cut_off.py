"""A check that is decided and then cut off is the same check when it comes again."""

from datetime import timedelta

import pytest

from graph.errors import Unavailable
from tests.databases import fresh_database
from tests.fleet import fleet
from tests.house import MODEL, house


class Away:
    """A boundary at which the database goes away, once."""

    def __init__(self) -> None:
        self.left = 1

    def __call__(self, point: str) -> None:
        if point == "decision.recorded" and self.left:
            self.left -= 1
            raise Unavailable("the database did not answer")


@pytest.mark.parametrize("minutes", [1, 25])  # both before the next tick
def test_a_tick_is_decided_once_though_its_check_was_cut_off(embedded_postgres, tmp_path, minutes):
    with house(fresh_database(embedded_postgres), tmp_path, Away()) as home:
        town = fleet(home, tmp_path)
        for _ in range(2):
            town.plan()
            town.work()
            home.clock.pass_time(timedelta(minutes=minutes))
        assert town.checked() == {MODEL: 1}
        assert town.broken == []
