"""The shared words as frozen values, JSON-able through graph.codec. Times are aware UTC datetimes."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

Json = dict[str, Any]

Verdict = Literal["healthy", "degraded", "broken_data", "insufficient"]
Cause = Literal[
    "none",
    "no_champion",
    "data_quality",
    "label_quality",
    "covariate_shift",
    "label_shift",
    "concept_drift",
    "unknown",
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
ApprovalState = Literal["pending", "approved", "denied", "expired", "voided"]
Metric = Literal["roc_auc", "average_precision", "log_loss", "brier", "accuracy", "f1"]

SCHEMA_VERSION = 1


# --- what the owner writes (autopilot.yaml), as the brain sees it -------------------------------------------------


@dataclass(frozen=True, slots=True)
class Policy:
    """When to act on one model. Shares are fractions, durations are timedeltas."""

    metric: Metric = "roc_auc"
    max_drop: float = 0.02
    max_drift: float | None = None
    cooldown: timedelta = timedelta(hours=12)
    retrains_per_week: int = 3
    retrains_per_month: int = 6
    min_rows: int = 200
    min_labels: int = 200
    min_positives: int = 20
    breaker_after: int = 3
    breaker_window: timedelta = timedelta(days=30)
    mode: Literal["supervised", "shadow"] = "supervised"


@dataclass(frozen=True, slots=True)
class Training:
    """Rows a challenger is trained and judged on: `[newest - holdout - window, newest - holdout)`, then the holdout."""

    window: timedelta = timedelta(days=90)
    holdout: timedelta = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class ValidationSpec:
    """What a challenger must show. `margin` is in units of the policy's metric."""

    kind: Literal["holdout", "reported"] = "holdout"
    margin: float = 0.005
    slices: tuple[str, ...] = ()
    max_latency_ms: float | None = None
    minimum: dict[str, float] = field(default_factory=dict)
    min_rows: int = 200
    min_positives: int = 20
    metric_command: tuple[str, ...] = ()
    trust_model_code: bool = False


@dataclass(frozen=True, slots=True)
class ApprovalSpec:
    """Who may approve, how many of them, for how long, through which channels."""

    approvers: tuple[str, ...] = ()
    quorum: int = 1
    expires_after: timedelta = timedelta(days=3)
    channels: tuple[str, ...] = ("cli",)


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One entry of autopilot.yaml, as far as rules depend on it."""

    name: str
    registry: str
    features: tuple[str, ...]
    label_delay: timedelta
    policy: Policy
    training: Training
    validation: ValidationSpec
    approval: ApprovalSpec
    digest: str = ""
    """Fingerprint of this model's effective entry, defaults included; an approval is sealed to it."""


# --- what a monitor measures ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Interval:
    """A measured value with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class WindowRef:
    """Which stored window, at which revision, a number was summed from."""

    source: str
    start: datetime
    end: datetime
    revision: int
    rows: int
    quarantined: bool = False


@dataclass(frozen=True, slots=True)
class FeatureEvidence:
    """One feature: the newest window against the reference profile. Counts are rows, shares are fractions of rows."""

    name: str
    kind: Literal["numeric", "categorical"]
    rows: int
    nulls: int
    nans: int
    reference_null_share: float
    below: int = 0
    above: int = 0
    low: float | None = None
    high: float | None = None
    reference_low: float | None = None
    reference_high: float | None = None
    new_category_rows: int = 0
    new_categories: tuple[str, ...] = ()
    top_value: str | None = None
    top_share: float = 0.0
    reference_top_share: float = 0.0
    """The same value's share in the reference."""
    reference_most: float | None = None
    """Largest share any one value held in a reference window of this length: 1.0 for a weekday in one-day windows."""
    psi: float | None = None
    psi_noise: float | None = None
    """The 99.9 % quantile of PSI between two samples of these sizes when nothing changed."""
    factor: float | None = None
    """A constant that, divided out, restores the reference's quantiles (100.0 = values are 100 times too large)."""
    factor_residual: float | None = None
    """Largest |log| distance left over after dividing by `factor`, over the compared quantiles."""


@dataclass(frozen=True, slots=True)
class LabelEvidence:
    """Labelled performance over the newest matured windows (older than the label delay)."""

    start: datetime
    end: datetime
    predictions: int
    labelled: int
    positives: int
    reference_positive_share: float
    expected_positives: float
    """Sum of the champion's calibrated scores over the labelled rows: the positives those scores foresee."""
    expected_positives_sd: float
    reference_labelled_share: float
    newest_label: datetime | None
    """When the newest label that has arrived by `as_of` was attached; None when no label arrived at all."""
    lag_p50_h: float | None
    lag_p95_h: float | None
    score_psi: float | None
    score_psi_noise: float | None
    metric: str
    reference_value: float | None
    """The metric on the reference rows."""
    realised: Interval | None
    foreseen: float | None
    """The metric that the calibrated scores foresee on exactly these rows."""
    brier_excess: Interval | None
    """Mean over rows of (p-y)^2 - [q(1-p)^2 + (1-q)p^2]: what the mix of rows does not explain, by blocks."""
    positive_lift_low: float | None = None
    """Observed / expected positives in the third of rows with the lowest scores."""
    positive_lift_high: float | None = None
    """The same in the third with the highest scores."""
    expected_low: float | None = None
    """Positives foreseen in the third with the lowest scores: how much its lift is worth."""
    expected_high: float | None = None
    """The same in the third with the highest scores."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything one check measured, and from what. No judgement."""

    model: str
    champion: str | None
    as_of: datetime
    source: str
    start: datetime | None
    end: datetime | None
    rows: int
    reference_rows: int
    expected_rows: float
    """Rows a window of this length held in the reference period."""
    features: tuple[FeatureEvidence, ...] = ()
    labels: LabelEvidence | None = None
    score_psi: float | None = None
    score_psi_noise: float | None = None
    bad_scores: int = 0
    """Scores that are null, NaN or outside [0, 1]."""
    duplicate_ids: int = 0
    future_rows: int = 0
    orphan_labels: int = 0
    bad_labels: int = 0
    """Labels that are neither 0 nor 1."""
    windows: tuple[WindowRef, ...] = ()
    queries: tuple[str, ...] = ()
    """What was read: files or queries, for `explain`."""
    notes: tuple[str, ...] = ()


# --- what policy concludes -----------------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trained challenger: a version of NAME-candidates."""

    version: str
    run_id: str
    key: str


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


# --- training, validation, approval, promotion ---------------------------------------------------------------------


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
    """overall, harm, rest, or slice:FEATURE=VALUE."""
    metric: str
    champion: float | None
    challenger: float | None
    difference: Interval | None
    """None when it cannot be computed (one class only, no rows)."""
    rows: int
    positives: int
    blocks: int


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
