"""What tells a channel, as `autopilot serve` does: our own adapter and rows, and nothing else of the product."""

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from autopilot import spec as written
from autopilot.bootstrap import Office
from autopilot.desk import Desk
from autopilot.serve.telling import Teller
from checkpoints.database import Database
from checkpoints.ledger.book import PostgresLedger
from checkpoints.ledger.effects import Boundary
from graph.ports import Clock
from tests.fakes.clock import FakeClock
from tests.unit.graph.policy.builders import NOW
from tools import catalogue
from tools.approvals.channel import ChannelSite
from tools.limiter import Limiter


def tell(place: Mapping[str, str], kind: str, boundary: Boundary) -> None:
    """Bring one channel up to date. `place` names the ledger, the configuration and the logins."""
    clock = FakeClock(NOW)
    database = Database(place["DATABASE_URL"])
    try:
        Teller(desk(PostgresLedger(database, clock, boundary), clock, place), kind).turn()
    finally:
        database.close()


def desk(book: PostgresLedger, clock: Clock, place: Mapping[str, str]) -> Desk:
    """Return a desk at which channels can be told."""
    config = Path(place["AUTOPILOT_CONFIG"])
    file = written.read(config)
    site = ChannelSite(Limiter(), place)
    made = {kind: cache(partial(catalogue.channel(kind).make, part, site)) for kind, part in file.channels.items()}
    nothing: Any = None
    return Desk(config, clock, place, Office(nothing, book, file, nothing, made, nothing))
