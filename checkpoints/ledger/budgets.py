"""Tokens of the language model: counted before a question is sent, so that no crash and no race uses more."""

from datetime import datetime

from checkpoints.database import Database
from checkpoints.queries import query
from graph.advice import TokenCaps
from graph.reasoning import budget


class Budgets:
    """One row per run that asked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reserve(self, run: str, model: str, caps: TokenCaps, now: datetime) -> str | None:
        """Reserve what one check may use, or return why not. A run asks once: also when its first attempt died."""
        with self._database.locked("tokens"):
            refused = budget.used_up(self.spent(model, now), caps)
            if refused:
                return refused
            tokens = caps.per_check
            if not self._database.execute(query("budgets", "reserve"), run=run, model=model, tokens=tokens, now=now):
                return "an earlier attempt at this check asked already and was cut off"
        return None

    def settle(self, run: str, used: int | None) -> None:
        """Store what a question used; unknown leaves the whole reservation counted."""
        if used is not None:
            self._database.execute(query("budgets", "settle"), run=run, used=used)

    def spent(self, model: str, now: datetime) -> budget.Spent:
        """Return what was used in the last 24 hours. What lies ahead counts: setting the clock back frees nothing."""
        row = self._database.row(query("budgets", "spent"), model=model, since=now - budget.DAY) or {}
        return budget.Spent(int(row["by_model"]), int(row["by_fleet"]))
