"""How much upkeep did, or would do."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from graph.model import Json

What = Literal[
    "decisions_kept_whole",
    "decisions_folded",
    "windows_folded",
    "windows_dropped",
    "checks_dropped",
    "slots_dropped",
    "incidents_dropped",
    "threads_dropped",
    "lines_dropped",
    "folders_removed",
    "jobs_removed",
]


@dataclass
class Amounts:
    """Things and bytes by kind. Bytes are those stored before; a fold gives back most of them."""

    found: dict[What, tuple[int, int]] = field(default_factory=dict)
    models: int = 0
    """Tended."""
    left: list[str] = field(default_factory=list)
    """Models whose past somebody reads just now."""
    failed: dict[str, Json] = field(default_factory=dict)
    """Why a model, or another part, could not be tended (kind, message, hint), by what it is."""
    more: bool = False
    """There is more to do than one call does."""

    def add(self, what: What, things: int, size: int = 0) -> None:
        """Count so many more."""
        self.found[what] = (self.things(what) + things, self.size(what) + size)

    def things(self, what: What) -> int:
        """Return how many there were of a kind."""
        return self.found.get(what, (0, 0))[0]

    def size(self, what: What) -> int:
        """Return the bytes of a kind."""
        return self.found.get(what, (0, 0))[1]

    def __add__(self, other: "Amounts") -> "Amounts":
        total = Amounts(
            dict(self.found), self.models + other.models, other.left, {**self.failed, **other.failed}, other.more
        )
        for what, (things, size) in other.found.items():
            total.add(what, things, size)
        return total

    @property
    def document(self) -> Json:
        """Return all of it as JSON."""
        kinds: Json = {what: {"things": self.things(what), "bytes": self.size(what)} for what in get_args(What)}
        return {"models": self.models, **kinds, "left": self.left, "failed": self.failed}
