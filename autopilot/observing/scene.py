"""What a scrape looks at: the ledger, the file at work, and the time by the process's own clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from autopilot import spec as written
from checkpoints.ledger.book import PostgresLedger
from graph.advice import TokenCaps

NEVER = float("inf")
"""The age of what never happened: beyond every limit, for silence is not health."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One moment. `own_series` is how many models may have series of their own."""

    book: PostgresLedger
    file: written.File
    now: datetime
    own_series: int
    caps: TokenCaps
    config_read: bool = True
    """Whether the file at work is autopilot.yaml as it is now."""
    slack_heard: bool = True
    """Whether what people do in Slack comes over Socket Mode, where it is expected to."""

    def age(self, at: datetime | None, never: float = NEVER) -> float:
        """Return seconds since `at`; below 0 where it lies ahead, as after the clock was set back."""
        return never if at is None else (self.now - at) / timedelta(seconds=1)
