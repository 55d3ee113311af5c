"""Earlier judgements of challengers, as a frozen value like those of graph.model."""

from dataclasses import dataclass
from datetime import datetime

from graph.model import CheckOutcome, ModelRef


@dataclass(frozen=True, slots=True)
class Attempt:
    """One judgement of a challenger, as later ones on the same rows must reckon with it."""

    run: str
    challenger: ModelRef
    champion: str | None
    origin: str | None
    holdout: str
    """Digest of the rows."""
    start: datetime
    end: datetime
    outcome: CheckOutcome
    superiority: CheckOutcome | None
    """The check that more rows may yet decide."""
    alpha: float
    at: datetime
