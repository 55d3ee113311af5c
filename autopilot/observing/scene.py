"""What a scrape looks at: the ledger, the file at work, and the time by the process's own clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from autopilot import spec as written
from checkpoints.ledger.book import PostgresLedger
from graph.advice import TokenCaps
from graph.pause import Pause
from graph.policy.pausing import holding

NEVER = float("inf")
"""The age of what never happened: beyond every limit, for silence is not health."""


@dataclass(frozen=True)
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

    @cached_property
    def pauses(self) -> Sequence[Pause]:
        """The pauses that nobody has lifted."""
        return self.book.pauses()

    @cached_property
    def running(self) -> list[str]:
        """The models of the file that no pause holds. What waits of the others waits because a person said so."""
        return [name for name, model in self.file.models.items() if not holding(name, model.tags, self.pauses)]

    @cached_property
    def held(self) -> list[str]:
        """Every model that a pause holds, but for those that only a pause of all can hold: their entries are gone."""
        paused = {str(each.name) for each in self.pauses if each.scope == "model"}
        return sorted(paused | set(self.file.models) - set(self.running))

    @property
    def all_held(self) -> bool:
        """Whether a pause holds every model, whatever its name."""
        return any(each.scope == "all" for each in self.pauses)

    def age(self, at: datetime | None, never: float = NEVER) -> float:
        """Return seconds since `at`; below 0 where it lies ahead, as after the clock was set back."""
        return never if at is None else (self.now - at) / timedelta(seconds=1)
