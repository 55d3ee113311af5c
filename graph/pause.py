"""A pause as a frozen value: who stopped which models, when, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Scope = Literal["model", "tag", "all"]


@dataclass(frozen=True, slots=True)
class Pause:
    """Holds one model, every model with a tag, or all of them, those added later too, until it is lifted."""

    scope: Scope
    name: str | None
    """The model's or the tag's; None for all."""
    by: str
    at: datetime
    reason: str
