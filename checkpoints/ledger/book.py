"""The Ledger port over Postgres: the nouns of this package joined into the one object that the nodes use."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from checkpoints.database import Database, run_lock
from checkpoints.ledger.alerts import Alerts
from checkpoints.ledger.approvals import Approvals
from checkpoints.ledger.attempts import Attempts
from checkpoints.ledger.budgets import Budgets
from checkpoints.ledger.checks import Checks
from checkpoints.ledger.costs import Costs
from checkpoints.ledger.decisions import Decisions
from checkpoints.ledger.effects import Boundary, Effects, passing
from checkpoints.ledger.fleet import Fleet
from checkpoints.ledger.incidents import Incidents
from checkpoints.ledger.line import Line
from checkpoints.ledger.pauses import Pauses
from checkpoints.ledger.questions import Questions
from checkpoints.ledger.requests import Requests
from checkpoints.ledger.runs import Runs
from checkpoints.ledger.shadow import Shadow
from checkpoints.ledger.tallies import Tallies
from checkpoints.ledger.tokens import Tokens
from checkpoints.ledger.upkeep import Upkeep
from checkpoints.ledger.views import Views
from checkpoints.ledger.watches import Watches
from checkpoints.ledger.windows import Windows
from checkpoints.queue.place import Queue
from graph.advice import TokenCaps
from graph.attempt import Attempt
from graph.evidence import Evidence, WindowRef
from graph.fleet import Place, Want
from graph.model import (
    Answer,
    Approval,
    ApprovalState,
    Candidate,
    Decision,
    History,
    ModelRef,
    Promotion,
    Question,
    RunOutcome,
    Sealed,
    TrainingJob,
    Validation,
)
from graph.pause import Pause
from graph.ports import Clock, Once
from graph.spec import ModelSpec
from graph.spending import Spent


class PostgresLedger:
    """Implements graph.ports.Ledger. `boundary` is told of every step between an effect and its record."""

    def __init__(self, database: Database, clock: Clock, boundary: Boundary = passing) -> None:
        self.database = database
        self.costs = Costs(database)
        self.runs = Runs(database, self.costs)
        self.decisions = Decisions(database)
        self.checks = Checks(database)
        self.windows = Windows(database)
        self.approvals = Approvals(database)
        self.tried = Attempts(database)
        self.budgets = Budgets(database)
        self.questions = Questions(database)
        self.shadow = Shadow(database)
        self.paused = Pauses(database)
        self.fleet = Fleet(database)
        self.line = Line(database, self.paused)
        self.incidents = Incidents(database)
        self.tokens = Tokens(database)
        self.tallies = Tallies(database)
        self.requests = Requests(database)
        self.alerts = Alerts(database)
        self.views = Views(database)
        self.watches = Watches(database)
        self.queue = Queue(database)
        self.upkeep = Upkeep(database)
        self.effects = Effects(database, clock, boundary)
        self.once: Once = self.effects
        self.boundary = boundary

    def open_run(self, run: str, model: str, now: datetime) -> None:
        """Insert the run's row unless it is there."""
        self.runs.open(run, model, now)

    def save_evidence(self, run: str, evidence: Evidence) -> None:
        """Store what the check of this run measured."""
        self.decisions.save_evidence(run, evidence)

    def evidence(self, run: str) -> Evidence:
        """Return what the check of this run measured."""
        return self.decisions.evidence(run)

    def history(self, spec: ModelSpec, run: str | None = None) -> History:
        """Return what rules need to know about the model's past, but for what `run` itself asked its owner."""
        return self.runs.history(spec.name, spec.registry, run)

    def record_decision(
        self, run: str, decision: Decision, spec: ModelSpec, champion: str | None, now: datetime
    ) -> bool:
        """Store the run's one decision. False, and nothing stored, when it would be a second active run."""
        recorded = self.decisions.record(run, decision, spec, champion, now)
        self.boundary("decision.recorded")
        return recorded

    def reserve_tokens(self, run: str, model: str, caps: TokenCaps, now: datetime) -> str | None:
        """Count the tokens that this run's one question may use, or return why it may not be asked."""
        refused = self.budgets.reserve(run, model, caps, now)
        self.boundary("tokens.reserved")
        return refused

    def settle_tokens(self, run: str, used: int | None) -> None:
        """Replace what the run reserved by what it used."""
        self.budgets.settle(run, used)

    def spent(self, spec: ModelSpec, now: datetime) -> Spent | None:
        """Return what was spent in the time of the model's and the fleet's budget; None where there is neither."""
        return self.costs.spent(spec, now)

    def reserve_money(self, run: str, spec: ModelSpec, now: datetime) -> str | None:
        """Count what this run's one training may cost, or return why it may not be started."""
        refused = self.costs.reserve(run, spec, now)
        self.boundary("money.reserved")
        return refused

    def claim(self, run: str, spec: ModelSpec, want: Want, now: datetime) -> Place:
        """Note that this check wishes a training, and return where the wish stands among those of all models."""
        place = self.line.claim(run, spec, want, now)
        self.boundary("slot.granted" if place.granted else "claim.noted")
        return place

    def unclaim(self, model: str) -> None:
        """Note that a model wishes no training any more."""
        self.line.leave(model)

    def decision(self, run: str) -> Decision:
        """Return the run's decision."""
        return self.decisions.decision(run)

    def decided_under(self, run: str) -> str:
        """Return the digest of the policy that the run was decided under."""
        return self.decisions.policy(run)

    def quarantine(self, model: str, windows: Sequence[WindowRef], reason: str, by: str, now: datetime) -> None:
        """Flag windows as not to be used for evidence or training."""
        self.windows.quarantine(model, windows, reason, by, now)

    def quarantined(self, model: str) -> Sequence[tuple[datetime, datetime]]:
        """Return the flagged intervals of a model."""
        return self.windows.quarantined(model)

    def ask(self, run: str, model: str, question: Question, since: datetime) -> None:
        """Open a question to the owner, or widen the open one of its kind."""
        self.questions.ask(run, model, question, since)

    def gather(self, at_least: int, now: datetime) -> None:
        """Make one incident of what so many models ask about."""
        self.incidents.gather(at_least, now)

    def note_job(self, run: str, job: TrainingJob, now: datetime) -> str | None:
        """Store the last known state of the run's training job; return why the run is void, or None."""
        return self.runs.note_job(run, job, now)

    def note_challenger(self, run: str, version: str, candidate: Candidate | None, now: datetime) -> None:
        """Store which version the run judges."""
        self.runs.note_challenger(run, version, candidate, now)

    def save_validation(self, run: str, validation: Validation) -> None:
        """Store the run's one validation."""
        self.boundary("validation.judged")
        self.decisions.save_validation(run, validation)
        self.boundary("validation.recorded")

    def validation(self, run: str) -> Validation | None:
        """Return the run's validation, if it has one."""
        return self.decisions.validation(run)

    def attempts(self, spec: ModelSpec) -> Sequence[Attempt]:
        """Return every judgement on labelled rows since the model's last promotion."""
        return self.tried.since_promotion(spec)

    def origin(self, model: str) -> ModelRef | None:
        """Return the version that the first promotion made champion."""
        return self.tried.origin(model)

    def open_approval(self, run: str, sealed: Sealed, spec: ModelSpec, now: datetime) -> Approval:
        """Open the run's one approval request, or return it."""
        self.boundary("approval.sealed")
        approval = self.approvals.open(run, sealed, spec, now)
        self.boundary("approval.opened")
        return approval

    def approval(self, run: str) -> Approval | None:
        """Return the run's approval with its answers."""
        return self.approvals.of(run)

    def close_approval(self, run: str, state: ApprovalState, reason: str, now: datetime) -> Approval:
        """Expire or void an approval."""
        return self.approvals.close(run, state, reason, now)

    def answer(self, run: str, answer: Answer, spec: ModelSpec) -> Approval:
        """Record a person's answer."""
        approval = self.approvals.answer(run, answer, spec)
        self.boundary("answer.recorded")
        return approval

    def void_reason(self, run: str) -> str | None:
        """Return why the run's reason was taken away, or None."""
        return self.runs.void_reason(run)

    def promoted(self, model: str) -> str | None:
        """Return the version that the model's newest promotion made champion."""
        row = self.approvals.last_promotion(model)
        return row["to_version"] if row else None

    def record_promotion(self, run: str, promotion: Promotion) -> None:
        """Store what moved."""
        self.approvals.record_promotion(run, promotion)
        self.boundary("promotion.recorded")

    def finish(self, run: str, outcome: RunOutcome, reason: str, now: datetime) -> None:
        """Close the run with its outcome."""
        self.runs.finish(run, outcome, reason, now)
        self.boundary("run.finished")

    def pauses(self) -> Sequence[Pause]:
        """Return every pause that was not lifted yet."""
        return self.paused.standing()

    @contextmanager
    def alone(self, run: str, model: str) -> Iterator[None]:
        """Hold the run's lock and the model's promotion lock, always in this order."""
        with self.database.locked(run_lock(run)), self.database.locked(f"promote {model}"):
            yield
