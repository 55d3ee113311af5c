"""Evidence, decisions and comparisons of a model with which nothing is wrong; a test changes what it is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from graph.evidence import Evidence, FeatureEvidence, Interval, LabelEvidence
from graph.model import Answer, Approval, Comparison, Decision, Diagnosis, Difference, Sealed
from graph.policy.case import Case
from graph.spec import ApprovalSpec, ModelSpec, Policy, Training, ValidationSpec

NOW = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
DELAY = 3 * DAY

AMOUNT = FeatureEvidence(
    name="amount",
    kind="numeric",
    rows=1000,
    nulls=0,
    nans=0,
    reference_null_share=0.0,
    low=1.0,
    high=480.0,
    reference_low=1.0,
    reference_high=500.0,
    top_value="9.99",
    top_share=0.01,
    reference_top_share=0.01,
    psi=0.01,
    psi_noise=0.03,
    factor=1.02,
    factor_residual=0.04,
)
MERCHANT = FeatureEvidence(
    name="merchant",
    kind="categorical",
    rows=1000,
    nulls=0,
    nans=0,
    reference_null_share=0.0,
    top_value="grocery",
    top_share=0.25,
    reference_top_share=0.23,
    psi=0.004,
    psi_noise=0.02,
)
LABELS = LabelEvidence(
    start=NOW - 10 * DAY,
    end=NOW - 4 * DAY,
    predictions=1000,
    labelled=990,
    positives=58,
    reference_positive_share=0.06,
    expected_positives=60.0,
    expected_positives_sd=7.0,
    reference_labelled_share=0.98,
    newest_label=NOW - HOUR,
    lag_p50_h=40.0,
    lag_p95_h=70.0,
    score_psi=0.01,
    score_psi_noise=0.03,
    metric="roc_auc",
    reference_value=0.91,
    realised=Interval(0.905, 0.88, 0.93),
    foreseen=0.91,
    brier_excess=Interval(0.0004, -0.002, 0.003),
    positive_lift_low=0.9,
    positive_lift_high=1.0,
)
QUIET = Evidence(
    model="fraud",
    champion="3",
    as_of=NOW,
    source="predictions/*.parquet",
    start=NOW - DAY,
    end=NOW,
    rows=1000,
    reference_rows=30000,
    expected_rows=1000.0,
    features=(AMOUNT, MERCHANT),
    labels=LABELS,
    score_psi=0.01,
    score_psi_noise=0.03,
)
SPEC = ModelSpec(
    name="fraud",
    registry="fraud-v1",
    features=("amount", "merchant"),
    label_delay=DELAY,
    policy=Policy(),
    training=Training(),
    validation=ValidationSpec(),
    approval=ApprovalSpec(approvers=("ana", "ben", "eve")),
    digest="policy",
)
DEGRADED = Diagnosis("degraded", "concept_drift", "roc_auc fell")
DECIDED = Decision("degraded", "concept_drift", "retrain", "roc_auc fell", (), harm_from=NOW - 10 * DAY)
SEALED = Sealed("fraud-v1", "3", "old-bytes", "7", "new-bytes", "rows", "numbers", "policy")
APPROVAL = Approval(
    id="a1",
    run="r1",
    model="fraud",
    state="pending",
    fingerprint="f",
    sealed=SEALED,
    requested_at=NOW - DAY,
    expires_at=NOW + DAY,
    quorum=1,
)


def case(evidence: Evidence = QUIET, **policy: object) -> Case:
    return Case(evidence, Policy(**policy), DELAY)  # type: ignore[arg-type]


def with_feature(**changes: object) -> Evidence:
    """Change the amounts of the newest window."""
    return replace(QUIET, features=(replace(AMOUNT, **changes), MERCHANT))  # type: ignore[arg-type]


def with_labels(**changes: object) -> Evidence:
    return replace(QUIET, labels=replace(LABELS, **changes))  # type: ignore[arg-type]


def part(
    name: str,
    low: float = 0.01,
    high: float = 0.05,
    *,
    rows: int = 1000,
    positives: int = 60,
    blocks: int = 20,
    value: float | None = None,
) -> Difference:
    """A measured difference in roc_auc, by default one that is surely better."""
    middle = (low + high) / 2 if value is None else value
    return Difference(name, "roc_auc", 0.85, 0.85 + middle, Interval(middle, low, high), rows, positives, blocks)


def compared(*differences: Difference, **changes: object) -> Comparison:
    """A comparison in which the challenger is fine but for what is said."""
    fine = Comparison(
        rows=2000,
        positives=120,
        differences=differences or (part("overall"), part("harm"), part("rest", -0.002, 0.004)),
        metrics={"roc_auc": {"champion": 0.85, "challenger": 0.88}, "log_loss": {"champion": 0.22, "challenger": 0.2}},
        calibration={"champion": {"brier": 0.05}, "challenger": {"brier": 0.048}},
        latency_ms={"champion": 2.0, "challenger": 3.0},
        negative_flips=4,
    )
    return replace(fine, **changes)  # type: ignore[arg-type]


def answer(person: str = "ana", decision: str = "approve", channel: str = "cli", at: datetime = NOW) -> Answer:
    return Answer(person, decision, channel, at)  # type: ignore[arg-type]
