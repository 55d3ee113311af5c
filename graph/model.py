"""The shared words as frozen values, JSON-able through graph.codec. Times are aware UTC datetimes."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from graph.advice import Advice
from graph.evidence import Interval
from graph.fleet import Place
from graph.spending import Spent

Json = dict[str, Any]

Verdict = Literal["healthy", "degraded", "broken_data", "insufficient"]
Cause = Literal[
    "none", "no_champion", "data_quality", "label_quality", "covariate_shift", "label_shift", "concept_drift", "unknown"
]
Action = Literal["none", "wait", "fix_data", "retrain", "rollback"]
JobState = Literal["queued", "running", "succeeded", "failed", "cancelled", "unknown"]
CheckOutcome = Literal["passed", "failed", "inconclusive", "error"]
RunStatus = Literal["running", "training", "awaiting_approval", "rolling_out", "done", "failed"]
RunOutcome = Literal[
    "no_action",
    "waiting",
    "data_issue",
    "shadowed",
    "validation_failed",
    "validation_inconclusive",
    "denied",
    "expired",
    "voided",
    "cancelled",
    "promoted",
    "rolled_back",
    "failed",
]
RuleOutcome = Literal["passed", "blocked", "not_reached"]
QuestionKind = Literal["data", "label"]
ApprovalState = Literal["pending", "approved", "denied", "expired", "voided"]

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of one decision, with the value it saw and the limit it holds it against."""

    rule: str
    outcome: RuleOutcome
    value: float | int | str | None = None
    limit: float | int | str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Blame:
    """A feature that carries the diagnosis, in words and with the number behind them."""

    feature: str
    detail: str
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong, and because of what."""

    verdict: Verdict
    cause: Cause
    reason: str
    blame: tuple[Blame, ...] = ()
    rules: tuple[Rule, ...] = ()
    since: datetime | None = None
    """Start of the window with which the harm began, as the sequential test estimates it."""
    hidden: bool = False
    """True where labels moved in single slices only, and the whole shows no loss: a better model may be there."""
    curable: bool = True
    """False where no other model would do better: the rows became harder."""


UNREAD_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Question:
    """What the owner was asked about broken data or labels; answered at most once."""

    kind: QuestionKind
    asked_at: datetime
    features: tuple[str, ...] = ()
    """The columns it names; none for labels."""
    answered_at: datetime | None = None
    genuine: bool | None = None
    """The owner's answer: True when nothing is broken, False when it was and has been repaired."""
    looked_back: bool = False
    """True where only a look back at the rows since a change asked: a genuine one then excuses no single window."""

    def unread(self, now: datetime) -> bool:
        """Tell whether nobody answered for so long that it stops nothing any more."""
        return self.answered_at is None and now - self.asked_at >= UNREAD_AFTER


@dataclass(frozen=True, slots=True)
class Learned:
    """From which rows since a change the serving version learned it, alone or beside the reference."""

    since: datetime
    until: datetime
    rows: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trained challenger: a version of NAME-candidates."""

    version: str
    run_id: str
    key: str
    trained_until: datetime | None = None
    """End of the rows it was trained on."""
    learned: Learned | None = None
    """From which rows since a change, where the policy chose them."""


@dataclass(frozen=True, slots=True)
class History:
    """What the ledger remembers of one model, as far as rules depend on it."""

    active_run: str | None = None
    retrains: tuple[datetime, ...] = ()
    """Start times of training jobs, newest first."""
    failures: tuple[datetime, ...] = ()
    """Ends of runs that failed, were denied or failed validation since the last promotion, newest first."""
    last_promotion: datetime | None = None
    kept: Candidate | None = None
    """A candidate whose validation was inconclusive and that was not judged otherwise since."""
    learned: Learned | None = None
    """None for a version that learned from a window that the owner fixed."""
    questions: tuple[Question, ...] = ()
    """What the owner was asked, newest first."""
    spent: Spent | None = None
    """What was spent on training in the time of each budget; None where there is no budget."""
    demoted: str | None = None
    """The run whose return holds the model in shadow, whatever its entry says."""
    place: Place | None = None
    """Where its wish for a training stands among those of all models; None where it has none."""

    @property
    def open_question(self) -> Question | None:
        """Return the question that still waits for an answer."""
        return next((asked for asked in self.questions if asked.answered_at is None), None)


@dataclass(frozen=True, slots=True)
class Decision:
    """One check's decision with every rule that led to it."""

    verdict: Verdict
    cause: Cause
    action: Action
    reason: str
    rules: tuple[Rule, ...]
    blame: tuple[Blame, ...] = ()
    quarantine: bool = False
    """Keep the evaluated windows out of evidence and training until an owner says otherwise."""
    reuse: Candidate | None = None
    """Validate this kept candidate again instead of training a new one."""
    train_from: datetime | None = None
    train_until: datetime | None = None
    harm_from: datetime | None = None
    """Start of the window that triggered; the challenger must be superior from here on, and not inferior before it."""
    harm_until: datetime | None = None
    requested_by: str | None = None
    return_to: str | None = None
    """For a rollback: the version of NAME to return to."""
    since: datetime | None = None
    """Start of the window with which the harm began, where the sequential test says so."""
    learned: Learned | None = None
    """From which rows since a change a challenger is to learn, where the policy chooses them."""
    exclude: tuple[tuple[datetime, datetime], ...] = ()
    """Not to train on: what lies between the reference and the rows since the change, where both are wanted."""
    advice: Advice | None = None
    """What a language model said about it, and what became of that; None where there is none to ask."""
    demoted: str | None = None
    """The run whose return holds the model in shadow: nothing comes of this, whatever the entry says."""
    place: Place | None = None
    """Where the wish for this training stood among those of all models."""


@dataclass(frozen=True, slots=True)
class TrainingOrder:
    """The training contract: what a pipeline is asked to do. Times are half-open, UTC."""

    model: str
    run: str
    key: str
    train_from: datetime
    train_until: datetime
    exclude: tuple[tuple[datetime, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """A job as its system last described it."""

    id: str
    key: str
    pipeline: str
    state: JobState
    detail: str = ""
    """Why it is in that state, in one line; the end of its output when it failed."""
    log: str | None = None
    """Where its output can be read."""
    ran_s: float | None = None
    """How long it ran, in seconds by its own system's clock; None while it runs, and where that is not known."""


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A version in the registry. `name` is NAME or NAME-candidates."""

    name: str
    version: str
    run_id: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Artifact:
    """A model's files, copied to `path` for one use, and the sha256 over their names and bytes."""

    path: str
    digest: str


@dataclass(frozen=True, slots=True)
class Holdout:
    """Labelled rows as judged: a Parquet file (event_time, label, score as served, features) and its sha256."""

    path: str
    digest: str
    rows: int
    positives: int
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Difference:
    """Challenger minus champion on the same rows, with a block-bootstrap interval. Positive is better, always."""

    name: str
    """overall, harm, rest, origin, slice:FEATURE=VALUE, or found:FEATURE=VALUE."""
    metric: str
    """A metric of the policy, or errors: wrong decisions per row at the threshold."""
    champion: float | None
    challenger: float | None
    difference: Interval | None
    """None when it cannot be computed (one class only, no rows)."""
    rows: int
    positives: int
    blocks: int


@dataclass(frozen=True, slots=True)
class Reversal:
    """The champion's confident decisions of one kind, and how many of them the challenger turns round."""

    decision: Literal["positive", "negative"]
    confident: int
    reversed: int
    agreement: Interval | None
    """Share of the reversed rows whose label sides with the challenger; None where it has no interval."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the evaluation child measured. No judgement."""

    rows: int
    positives: int
    differences: tuple[Difference, ...]
    metrics: dict[str, dict[str, float | None]]
    """metric name → {"champion": value, "challenger": value}, over all rows."""
    calibration: dict[str, dict[str, float | None]]
    """"champion" / "challenger" → {"brier", "slope", "intercept", "mean_score", "positive_share"}."""
    latency_ms: dict[str, float]
    """"champion" / "challenger" → p95 milliseconds per single-row prediction."""
    negative_flips: int
    """Rows the champion gets right and the challenger wrong, at the decision threshold."""
    schema_errors: tuple[str, ...] = ()
    custom: dict[str, Json] = field(default_factory=dict)
    """The owner's metric command: name → {"champion", "challenger", "passed"}, as printed."""
    load_error: str | None = None
    """Why a model could not be loaded, naming the type and the setting; everything else is then empty."""
    errors: tuple[Difference, ...] = ()
    """Wrong decisions per row: overall, and on the window that triggered."""
    found: tuple[Difference, ...] = ()
    """Of all `searched` slices of single features those that lose most for certain, the surest first."""
    searched: int = 0
    origin: Difference | None = None
    """Challenger minus the originally approved model over all rows; None where that one is the champion, or unknown."""
    origin_error: str | None = None
    """Why the originally approved model could not be scored."""
    reversals: tuple[Reversal, ...] = ()
    told_apart: Interval | None = None
    """Among rows that the champion scores alike, how often the challenger puts a positive above a negative."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the gate."""

    name: str
    outcome: CheckOutcome
    value: float | str | None = None
    limit: float | str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Validation:
    """The gate's judgement on one challenger, with the numbers it was made from."""

    outcome: CheckOutcome
    reason: str
    checks: tuple[Check, ...]
    comparison: Comparison | None
    champion: ModelRef | None
    challenger: ModelRef
    holdout: Holdout | None
    validated_at: datetime
    origin: ModelRef | None = None
    """The version that was approved first."""
    alpha: float = 0.0
    """One-sided level that this attempt spent on its rows; 0 when it tested nothing."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What an approval names. Any change to it voids the approval."""

    model: str
    champion: str | None
    champion_digest: str | None
    challenger: str
    challenger_digest: str
    holdout_digest: str | None
    validation_digest: str
    """Over the checks and numbers as judged."""
    policy_digest: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One person's answer to one approval."""

    person: str
    decision: Literal["approve", "deny"]
    channel: str
    at: datetime
    comment: str = ""
    os_user: str | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """A request for a person's answer: the row of record, whatever channel shows it."""

    id: str
    run: str
    model: str
    state: ApprovalState
    fingerprint: str
    sealed: Sealed
    requested_at: datetime
    expires_at: datetime
    quorum: int
    requested_by: str | None = None
    returns_to_approved: bool = False
    """The challenger is a version that a person approved before: its requester may approve the return."""
    answers: tuple[Answer, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Promotion:
    """What moved, from which version to which, and the bytes it stands for."""

    model: str
    from_version: str | None
    to_version: str
    candidate: str
    digest: str
    at: datetime
