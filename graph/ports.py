"""What the brain needs from outside, one Protocol per need. All calls are synchronous.

Every port raises graph.errors only: Unavailable (no clear answer), Refused (a rule of the outside system),
Misconfigured (a person must act). Implementations live in tools/ and checkpoints/, fakes in tests/fakes/.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from graph.advice import Reply, TokenCaps
from graph.attempt import Attempt
from graph.evidence import Evidence, LookBack, WindowRef
from graph.fleet import Place, Want
from graph.model import (
    Answer,
    Approval,
    ApprovalState,
    Artifact,
    Candidate,
    Comparison,
    Decision,
    History,
    Holdout,
    Json,
    ModelRef,
    Promotion,
    Question,
    RunOutcome,
    Sealed,
    TrainingJob,
    TrainingOrder,
    Validation,
)
from graph.pause import Pause
from graph.spec import ModelSpec
from graph.spending import Spent


class Clock(Protocol):
    """The only source of time for rules, expiry, cool-down and budgets."""

    def now(self) -> datetime:
        """Return the present as an aware UTC datetime."""


@dataclass(frozen=True, slots=True)
class StoredWindow:
    """One window's counts as the ledger keeps them."""

    model: str
    version: str
    profile: str
    source: str
    start: datetime
    end: datetime
    counts: Json
    closed: bool
    revision: int = 1
    quarantined: bool = False
    stamp: str = ""
    """What the counts were read from (names, sizes, times of files): a changed stamp means read again."""


class WindowStore(Protocol):
    """Profiles and window counts: written by monitors, kept by the ledger."""

    def profile(self, model: str, version: str) -> Json | None:
        """Return the sealed profile of a model version, or None when none was stored yet."""

    def save_profile(self, model: str, version: str, profile: Json) -> None:
        """Store a profile once; the first one of a version stays."""

    def windows(
        self, model: str, version: str, profile: str, source: str, start: datetime, end: datetime
    ) -> Sequence[StoredWindow]:
        """Return the stored windows that lie in [start, end), oldest first, quarantined ones included."""

    def newest(
        self, model: str, version: str, profile: str, source: str, start: datetime, end: datetime, most: int
    ) -> Sequence[StoredWindow]:
        """Return of the closed windows in [start, end) that are not quarantined the last `most`, oldest first."""

    def flagged(
        self, model: str, version: str, profile: str, source: str, start: datetime, end: datetime
    ) -> Sequence[tuple[datetime, datetime]]:
        """Return start and end of the stored windows in [start, end) that are quarantined, oldest first."""

    def save_window(self, window: StoredWindow) -> StoredWindow:
        """Insert, or replace with revision + 1 when the counts differ. Return what is stored, with its flag."""


class Monitor(Protocol):
    """Measures one model. Reads only; judges nothing."""

    def measure(self, champion: str | None, now: datetime) -> Evidence:
        """Return the evidence as of `now` (rows and labels later than `now` do not exist)."""

    def look_back(self, start: datetime, now: datetime) -> LookBack | None:
        """Return every feature over the rows from `start` to `now`, or None where no rows or no reference are known."""

    def holdout(
        self, start: datetime, end: datetime, now: datetime, exclude: Sequence[tuple[datetime, datetime]], to: Path
    ) -> Holdout:
        """Write the labelled rows of [start, end) known at `now`, less the excluded intervals, to Parquet."""


class Pipeline(Protocol):
    """Runs training somewhere else. The key is known to the outside system and names at most one job."""

    kind: str

    def find(self, key: str) -> TrainingJob | None:
        """Return the job of this key, or None when the system surely has none. Unavailable when it cannot tell."""

    def start(self, order: TrainingOrder) -> TrainingJob:
        """Start the job of `order.key`. A second start of a key never makes a second job."""

    def cancel(self, key: str) -> TrainingJob | None:
        """Stop the job and return its state; None when there is none. Repeating it is harmless."""


class Registry(Protocol):
    """The model registry. `model` is the registered name NAME; candidates live under NAME-candidates."""

    def alias(self, model: str, alias: str) -> ModelRef | None:
        """Return the version an alias (`champion`, `previous`) points at, or None."""

    def find_candidate(self, model: str, key: str) -> Candidate | None:
        """Return the registered candidate version that carries this key, or None."""

    def register_candidate(self, model: str, key: str) -> Candidate:
        """Register the model of the one MLflow run tagged `autopilot.key=KEY`. Refused without a run or a model."""

    def fetch(self, ref: ModelRef, to: Path) -> Artifact:
        """Copy a version's model files below the folder `to` and return their digest."""

    def find_artifact(self, ref: ModelRef, to: Path) -> Artifact | None:
        """Do as `fetch` does, or return None when the registry no longer holds the version or its files."""

    def reported(self, ref: ModelRef) -> Mapping[str, float]:
        """Return the metrics that the version's own run logged."""

    def find_release(self, model: str, key: str) -> Json | None:
        """Return `{"run_id", "digest"}` of the completed upload with this key, or None."""

    def release(self, model: str, key: str, artifact: Artifact) -> Json:
        """Upload verified bytes into the releases experiment under this key; returns what `find_release` finds."""

    def find_version(self, model: str, key: str) -> ModelRef | None:
        """Return the version of NAME that carries this key, or None."""

    def create_version(self, model: str, key: str, release: Json, tags: Mapping[str, str]) -> ModelRef:
        """Register a release as a new version of NAME."""

    def move_alias(self, model: str, alias: str, to: str, expected: str | None) -> None:
        """Point the alias at `to`, if it is now at `expected` (or at `to`); read it back. Refused otherwise."""


class Evaluator(Protocol):
    """Scores champion and challenger on the same rows in a process of its own."""

    def compare(
        self,
        spec: ModelSpec,
        holdout: Holdout,
        champion: Artifact | None,
        challenger: Artifact,
        harm_from: datetime | None,
        origin: Artifact | None = None,
    ) -> Comparison:
        """Return measured differences. A model that cannot be loaded is `load_error`, not an exception.

        `origin` is the version that was approved first, where that is another than the champion; one that cannot be
        loaded any more is `origin_error`.
        """


class Reasoner(Protocol):
    """A language model that gives its opinion. Nothing it says is carried out unchecked: see graph.reasoning."""

    name: str
    """The language model's name, as its endpoint knows it."""

    def ask(self, instructions: str, question: str, schema: Json, most_tokens: int) -> Reply:
        """Send one question, once, and return the answer, of at most so many tokens.

        Raises nothing: no answer in time, a refusal, an answer of another form are a Reply that says so.
        """


class Once(Protocol):
    """Carry out an outside effect at most once: intent row, look, act, record."""

    def __call__(
        self, run: str, kind: str, key: str, find: Callable[[], Json | None], call: Callable[[], Json]
    ) -> Json:
        """Return the effect's recorded result, else the one found outside, else that of carrying it out."""


class Ledger(Protocol):
    """The truth about runs, decisions, effects, approvals and promotions."""

    once: Once

    def open_run(self, run: str, model: str, now: datetime) -> None:
        """Insert the run's row; an existing one is left as it is."""

    def save_evidence(self, run: str, evidence: Evidence) -> None:
        """Store what the check of this run measured."""

    def evidence(self, run: str) -> Evidence:
        """Return what the check of this run measured."""

    def history(self, spec: ModelSpec, run: str | None = None) -> History:
        """Return what rules need to know about the model's past."""

    def record_decision(
        self, run: str, decision: Decision, spec: ModelSpec, champion: str | None, now: datetime
    ) -> bool:
        """Store the run's one decision. False, and nothing stored, when it would be a second active run."""

    def reserve_tokens(self, run: str, model: str, caps: TokenCaps, now: datetime) -> str | None:
        """Count the tokens that this run's one question may use, or return why it may not be asked."""

    def settle_tokens(self, run: str, used: int | None) -> None:
        """Replace what the run reserved by what it used; where that is not known, all of it counts as used."""

    def spent(self, spec: ModelSpec, now: datetime) -> Spent | None:
        """Return what was spent in the time of the model's and the fleet's budget; None where there is neither."""

    def reserve_money(self, run: str, spec: ModelSpec, now: datetime) -> str | None:
        """Count what this run's one training may cost, or return why it may not be started.

        It is counted once, however often it is asked for, and settled when the job has ended. Until then it counts in
        full.
        """

    def claim(self, run: str, spec: ModelSpec, want: Want, now: datetime) -> Place:
        """Note that this check wishes a training, and return where the wish stands among those of all models.

        What is granted here is granted to nobody else, and to this run as long as it has neither a challenger nor an
        outcome.
        """

    def unclaim(self, model: str) -> None:
        """Note that a model wishes no training any more."""

    def decision(self, run: str) -> Decision:
        """Return the run's decision. NotFound when it has none."""

    def decided_under(self, run: str) -> str:
        """Return the digest of the policy that the run was decided under."""

    def quarantine(self, model: str, windows: Sequence[WindowRef], reason: str, by: str, now: datetime) -> None:
        """Flag windows as not to be used for evidence or training. Reversible."""

    def quarantined(self, model: str) -> Sequence[tuple[datetime, datetime]]:
        """Return the flagged intervals of a model, merged, oldest first."""

    def ask(self, run: str, model: str, question: Question, since: datetime) -> None:
        """Open a question to the owner about rows from `since` on, or widen the open one of its kind."""

    def gather(self, at_least: int, now: datetime) -> None:
        """Make one incident of what so many models ask about: the same column, or the labels, within a day."""

    def note_job(self, run: str, job: TrainingJob, now: datetime) -> str | None:
        """Store the last known state of the run's training job; while it is active the run is `training`.

        One that has ended settles what was reserved for it. Return what `void_reason` does.
        """

    def note_challenger(self, run: str, version: str, candidate: Candidate | None, now: datetime) -> None:
        """Store which version the run judges: of NAME-candidates with its candidate, of NAME without one."""

    def save_validation(self, run: str, validation: Validation) -> None:
        """Store the run's one validation; a second one of the same run is ignored."""

    def validation(self, run: str) -> Validation | None:
        """Return the run's validation, if it has one."""

    def attempts(self, spec: ModelSpec) -> Sequence[Attempt]:
        """Return every judgement on labelled rows since the model's last promotion, oldest first."""

    def origin(self, model: str) -> ModelRef | None:
        """Return the version that a registered model's first promotion made champion, with its digest, or None."""

    def open_approval(self, run: str, sealed: Sealed, spec: ModelSpec, now: datetime) -> Approval:
        """Open the run's one approval request, which it then awaits; returns the existing one when there is one."""

    def approval(self, run: str) -> Approval | None:
        """Return the run's approval with its answers, if one was opened."""

    def close_approval(self, run: str, state: ApprovalState, reason: str, now: datetime) -> Approval:
        """Expire or void an approval that no promotion used yet. Idempotent."""

    def answer(self, run: str, answer: Answer, spec: ModelSpec) -> Approval:
        """Record a person's answer. Refused with the rule when it is not theirs to give or comes too late."""

    def void_reason(self, run: str) -> str | None:
        """Return why a later check or event took the run's reason away, or None."""

    def promoted(self, model: str) -> str | None:
        """Return the version that the model's newest promotion made champion, if there was one."""

    def record_promotion(self, run: str, promotion: Promotion) -> None:
        """Store what moved; one per run."""

    def finish(self, run: str, outcome: RunOutcome, reason: str, now: datetime) -> None:
        """Close the run with its outcome. Closing it again with the same outcome is harmless."""

    def pauses(self) -> Sequence[Pause]:
        """Return every pause that was not lifted yet, of whichever models."""

    def alone(self, run: str, model: str) -> AbstractContextManager[None]:
        """Hold the run's and the model's promotion lock; released by the server when the process dies."""


@dataclass(frozen=True, slots=True)
class Deps:
    """Everything the nodes may use for one model."""

    spec: ModelSpec
    clock: Clock
    monitor: Monitor
    pipeline: Pipeline
    registry: Registry
    evaluator: Evaluator
    ledger: Ledger
    workspace: Path
    """A folder for files that live as long as a run: holdouts and fetched models."""
    reasoner: Reasoner | None = None
    """Who is asked for an opinion on decisions; None where the rules are alone."""
    caps: TokenCaps = field(default_factory=TokenCaps)


Parts = Callable[[str], Deps]
"""Model name → its Deps. Raises NotFound for a model that is not configured."""
