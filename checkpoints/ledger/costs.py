"""What trainings cost: reserved before a job is started, so that no crash and no race spends more than a budget."""

from datetime import datetime

from checkpoints.database import Database, Row
from checkpoints.queries import query
from graph.model import TrainingJob
from graph.policy import money
from graph.spec import Budget, Cost, ModelSpec
from graph.spending import Expense, Spent


class Costs:
    """One row per run whose pipeline has a price."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reserve(self, run: str, spec: ModelSpec, now: datetime) -> str | None:
        """Reserve what the run's training may cost at most, or return which budget has no room for it.

        A run that is carried on finds its own reservation. One whose job may be there already is not refused.
        """
        if spec.cost is None:
            return None
        # One lock for all models: the fleet has one budget.
        with self._database.locked("money"):
            standing = self._database.row(query("costs", "standing"), run=run) or {}
            if standing["reserved"]:
                return None
            refused = "" if standing["begun"] else money.refused(spec, self.spent(spec, now))
            if refused:
                return refused
            self._reserve(run, spec, spec.cost, now)
        return None

    def _reserve(self, run: str, spec: ModelSpec, cost: Cost, now: datetime) -> None:
        self._database.execute(
            query("costs", "reserve"),
            run=run,
            model=spec.name,
            now=now,
            currency=cost.currency,
            most=money.most(cost, spec.deadline),
            per_run=cost.per_run,
            per_minute=cost.per_minute,
        )

    def release(self, run: str, now: datetime) -> None:
        """Give back what was reserved for a job that surely was not started."""
        self._database.execute(query("costs", "release"), run=run, now=now)

    def price(self, run: str, job: TrainingJob) -> float | None:
        """Return what the run's ended job cost; None where nothing was reserved for it."""
        row = self.of(run)
        if row is None:
            return None
        return money.price(Cost(row["currency"], row["per_run"], row["per_minute"]), row["most"], job.ran_s)

    def spent(self, spec: ModelSpec, now: datetime) -> Spent | None:
        """Return what counts against the model's and the fleet's budget; None where there is neither, or no price."""
        own, fleet = spec.policy.budget, spec.fleet_budget
        if spec.cost is None or (own is None and fleet is None):
            return None
        return Spent(
            self.within(own, now, spec.name) if own else (),
            self.within(fleet, now) if fleet else (),
        )

    def within(self, budget: Budget, now: datetime, model: str | None = None) -> tuple[Expense, ...]:
        """Return what counts against a budget, of one model or of all, oldest first."""
        rows = self._database.rows(
            query("costs", "expenses"), currency=budget.currency, since=now - budget.per, model=model
        )
        return tuple(Expense(row["at"], row["amount"]) for row in rows)

    def of(self, run: str) -> Row | None:
        """Return what a run's training cost or may cost, if it has a price."""
        return self._database.row(query("costs", "one"), run=run)

    def all(self) -> list[Row]:
        """Return what the training of every run of every model cost, oldest first."""
        return self._database.rows(query("costs", "all"))
