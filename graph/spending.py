"""What trainings cost, as frozen values like those of graph.model. Amounts are in the currency of their budget."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Expense:
    """What one training cost; what it may cost at most as long as that is not settled."""

    at: datetime
    """When the money for it was reserved."""
    amount: float


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent in the time of each budget, oldest first."""

    by_model: tuple[Expense, ...] = ()
    by_fleet: tuple[Expense, ...] = ()
