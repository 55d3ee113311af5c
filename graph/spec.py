"""What the owner writes in autopilot.yaml, as the brain sees it."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

Task = Literal["binary_classification", "regression"]
ClassMetric = Literal["roc_auc", "average_precision", "log_loss", "brier", "accuracy", "f1"]
LossMetric = Literal["rmse", "mae"]
"""Of a regression; in units of the label."""
Metric = Literal[ClassMetric, LossMetric]


@dataclass(frozen=True, slots=True)
class Prices:
    """What an action costs, in units of one avoidable wrong decision."""

    train: float
    promote: float
    alert: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What one training costs: one price, by the run or by the minute that its job runs."""

    currency: str
    per_run: float | None = None
    per_minute: float | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be spent on training in any stretch of time of this length."""

    amount: float
    currency: str
    per: timedelta


@dataclass(frozen=True, slots=True)
class Policy:
    """When to act on one model. Shares are fractions, durations are timedeltas."""

    metric: Metric = "roc_auc"
    max_drop: float = 0.02
    max_drift: float | None = None
    false_alarms_per_month: float = 1.0
    """How often chance alone may call a feature moved, over all features and checks. It explains and never acts."""
    cooldown: timedelta = timedelta(hours=12)
    retrains_per_week: int = 3
    retrains_per_month: int = 6
    min_rows: int = 200
    min_labels: int = 200
    min_positives: int = 20
    breaker_after: int = 3
    breaker_window: timedelta = timedelta(days=30)
    mode: Literal["supervised", "shadow"] = "supervised"
    prices: Prices | None = None
    """With prices, harm counts once it costs more than a retrain over the horizon; without, `max_drop` says so."""
    horizon: timedelta = timedelta(days=30)
    """How long a promoted model is expected to serve."""
    budget: Budget | None = None
    """What the trainings of this model may cost."""


@dataclass(frozen=True, slots=True)
class Training:
    """Rows a challenger is trained and judged on: `[newest - holdout - window, newest - holdout)`, then the holdout.

    Without a window the policy chooses one: the rows since the harm began, alone or beside the reference.
    """

    window: timedelta | None = timedelta(days=90)
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
    max_negative_flips: float | None = None
    """Share of rows that may go from right to wrong; None reports it and asks for nothing."""


@dataclass(frozen=True, slots=True)
class ApprovalSpec:
    """Who may approve, how many of them, for how long, through which channels."""

    approvers: tuple[str, ...] = ()
    quorum: int = 1
    expires_after: timedelta = timedelta(days=3)
    channels: tuple[str, ...] = ("cli",)


@dataclass(frozen=True, slots=True)
class FleetSpec:
    """What all models share."""

    slots: int | None = None
    """How many trainings at a time; None: no limit."""
    false_retrains: float = 0.1
    """Which part of all retrains may be for nothing, at most."""
    models: int = 1
    """How many there are."""


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
    task: Task = "binary_classification"
    cost: Cost | None = None
    """What a training of the pipeline costs; None where it has no price."""
    deadline: timedelta = timedelta(hours=2)
    """How long a training job may run."""
    fleet_budget: Budget | None = None
    """What the trainings of all models together may cost."""
    tags: tuple[str, ...] = ()
    """What it is paused with. Not part of the fingerprint: a label changes nothing about what was judged."""
    fleet: FleetSpec | None = None
    """What it shares with the others; None where it trains without asking them. Not part of the fingerprint either."""
    incident_from: int = 3
    """How many models must ask about the same to be one incident."""
    stands_for: timedelta = timedelta(days=2)
    """How long its wish for a training stands without another check: two times of its schedule."""
