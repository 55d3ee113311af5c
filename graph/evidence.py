"""What a monitor measures: values with their noise, and no judgement. Times are aware UTC datetimes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal


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
class Movement:
    """One feature over one stretch of time: how likely it lies so far beyond what nobody minds by chance.

    Each p-value stands for itself; how many of them are looked at, and how often, is for the rule that judges them.
    """

    hours: float
    rows: int
    nulls: int
    nans: int
    strange: int
    """Rows outside the reference's range, or in categories it never saw."""
    psi: float | None
    psi_noise: float | None
    gap: float | None
    """Largest difference of cumulated shares at the bins' edges: the Kolmogorov-Smirnov distance is no smaller."""
    shift_p: float | None
    """Of the distribution, by chi-square and (numbers only) Kolmogorov-Smirnov; None without rows to compare."""
    null_p: float
    nan_p: float | None
    """None for a categorical feature."""
    strange_p: float | None
    """None where the reference has more categories than are kept."""
    detectable_psi: float | None
    """The PSI that four of five such windows would have shown at one false alarm a month; a normal feature whose mean
    moves by d standard deviations has d²."""


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
    exchanged_with: str | None = None
    """The feature whose reference values this one now shows, while that one shows this one's."""
    renamed: float | None = None
    """Share of rows that lie in other categories than in the reference, …"""
    renamed_left: float | None = None
    """… and what is left of it once each category is taken for the one as frequent as itself."""
    joint_shift: float | None = None
    """How far the feature has come from fitting the rest of its row (0) to fitting a random other row (1)."""
    joint_sigmas: float | None = None
    """The same in standard errors of the window's mean residual."""
    movements: tuple[Movement, ...] = ()
    """Over the newest window, then over the day or week that ends with it, where all of its windows are known."""


@dataclass(frozen=True, slots=True)
class FeatureSince(FeatureEvidence):
    """One feature over all rows since a change, with what only many rows tell."""

    psi_before: float | None = None
    psi_noise_before: float | None = None
    """Both of as long a stretch before the change: what had moved by then did not move with it."""
    resized: float | None = None
    """Largest difference of cumulated shares between the sizes of its values and the reference's, zeros left out, …"""
    resized_noise: float | None = None
    """… its 99.9 % quantile between two such samples when nothing changed, …"""
    resized_before: float | None = None
    """… and before the change. Only of a column that is mostly zero."""
    slope: float | None = None
    """How much it rises where the rest of its row foresees a rise: 1 as in the reference, 0 in a random row, …"""
    slope_before: float | None = None
    """… before the change, …"""
    slope_sigmas: float | None = None
    """… and by how many standard errors it rises less (below 0) or more than then."""
    told: float | None = None
    """By which part a random other row fits it worse than its own, in the reference: how much its row tells of it."""


@dataclass(frozen=True, slots=True)
class LookBack:
    """The features over the sound rows of [start, end): looked at before a challenger is made to fit them."""

    start: datetime
    end: datetime
    rows: int
    rows_before: int
    """Of as long a stretch before it: none, and nothing can be said to have moved with the change."""
    features: tuple[FeatureSince, ...]
    windows: tuple[WindowRef, ...] = ()


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
    loss_excess: Interval | None = None
    """Of a regression, in place of the Brier excess: mean bounded loss less what the predictions foresee, by blocks."""


@dataclass(frozen=True, slots=True)
class Learnable:
    """Labelled rows of one matured window that is under no suspicion, whichever version served them."""

    start: datetime
    end: datetime
    rows: int


@dataclass(frozen=True, slots=True)
class HarmWindow:
    """One matured window of the serving version: what became of its scores beyond what they foresee.

    Excess is summed over labelled rows; each variance is the one that calibrated scores foresee for that sum.
    """

    start: datetime
    end: datetime
    rows: int
    brier_excess: float
    brier_variance: float
    wrong: int
    """Decisions at the threshold that the labels call wrong."""
    wrong_excess: float
    """The same, less the number that calibrated scores foresee."""
    wrong_variance: float


@dataclass(frozen=True, slots=True)
class LossWindow:
    """One matured window of a serving regression: its bounded loss beyond what its predictions foresee.

    A row's loss is |prediction - label| over the outcome's `cap`, at most 1. Excess is summed over labelled rows, the
    variance is the one that the reference foresees for that sum.
    """

    start: datetime
    end: datetime
    rows: int
    excess: float
    variance: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a regression predicted and what became of it, as distributions and as losses.

    The columns are told as features are; None while the version's own profile forms, or without rows.
    """

    prediction: FeatureEvidence | None = None
    label: FeatureEvidence | None = None
    """Labels of the matured window, beside the reference's."""
    losses: tuple[LossWindow, ...] = ()
    """Matured windows of the serving version since its own profile, oldest first, quarantined ones left out."""
    loss_error: float = 0.0
    """Standard error of the mean loss per row in the version's own profile."""
    cap: float | None = None
    """The error, in units of the label, from which on a row's loss is 1."""
    correlation: float | None = None
    """Of predictions and labels in the matured window; None where one of them does not vary."""
    reference_correlation: float | None = None


@dataclass(frozen=True, slots=True)
class Paired:
    """Champion's wrong decisions less another version's on the same rows, per row: positive speaks for the other."""

    rows: int
    windows: int
    value: float
    error: float
    """Standard error: the wider of what rows and what windows of time show."""


@dataclass(frozen=True, slots=True)
class Archived:
    """An earlier version, scored as it is on the rows since the harm began."""

    version: str
    paired: Paired


@dataclass(frozen=True, slots=True)
class Channel:
    """Labels as a noisy copy of the calibrated score q: P(label = 1) = intercept + slope q over some matured windows.

    Slope 1 is healthy, 0 a wrong join, -1 inverted labels, below 1 with intercept 0 lost positives.
    """

    start: datetime
    end: datetime
    side: Literal["all", "positive", "negative"]
    """All rows, or those on one side of the decision threshold."""
    windows: int
    rows: int
    slope: float
    slope_se: float
    intercept: float
    worst: float
    """Largest standardised residual of any score band or feature slice once the channel is taken as given."""
    where: str
    """Which slice that is."""
    segment: str = ""
    """The one slice that these rows are of; empty for all rows."""
    intercept_se: float = 0.0
    elsewhere: float | None = None
    """The slope of the rows outside of the segment."""
    positives: int | None = None
    foreseen: float | None = None
    """How many positives the calibrated scores foresee in these rows."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Performance on the newest window's rows, foreseen by the calibrated scores without any label.

    The intervals hold what these rows' labels will say if scores still mean what they meant. `held_against` labelled
    rows, the newest that are complete, say whether they do.
    """

    start: datetime
    end: datetime
    rows: int
    roc_auc: Interval | None
    accuracy: Interval | None
    f1: Interval | None
    precision: Interval | None
    recall: Interval | None
    held_against: int = 0
    contradiction_p: float | None = None
    """How likely labels and calibrated scores lie so far apart by chance; None without labels to hold against."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One named value of the owner's own monitoring, with the limits that the owner wrote beside it."""

    name: str
    query: str
    """As it was asked, or the table and column that it was read from."""
    means: Literal["degraded", "broken_data"]
    """What the owner says it means when the value crosses a limit, …"""
    cause: Literal["data_quality", "label_quality", "covariate_shift", "label_shift", "concept_drift", "unknown"]
    """… and because of what."""
    value: float | None
    at: datetime | None
    """When the value was sampled, which is not when it was asked for; None where that cannot be told."""
    below: float | None = None
    """The value crosses this limit when it is smaller, …"""
    above: float | None = None
    """… and this one when it is larger."""
    stale_after: timedelta | None = None
    missing: str = ""
    """Why there is no value, in words: no such series, NaN, several series where one was expected."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """One of several monitors that did not answer, and what it said."""

    monitor: str
    problem: str


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
    """Scores that are null, NaN or outside [0, 1]; a regression's predictions that are no number."""
    duplicate_ids: int = 0
    future_rows: int = 0
    orphan_labels: int = 0
    bad_labels: int = 0
    """Labels that are neither 0 nor 1; a regression's that came without a number."""
    windows: tuple[WindowRef, ...] = ()
    queries: tuple[str, ...] = ()
    """What was read: files or queries, for `explain`."""
    notes: tuple[str, ...] = ()
    reference_start: datetime | None = None
    reference_end: datetime | None = None
    harm: tuple[HarmWindow, ...] = ()
    """Matured windows of the serving version since its own profile, oldest first, quarantined ones left out."""
    learnable: tuple[Learnable, ...] = ()
    """What a challenger could be trained on, oldest first: also windows from before the serving version."""
    harm_error: float = 0.0
    """Standard error of the mean Brier excess per row in the version's own profile."""
    wrong_error: float = 0.0
    """Standard error of the mean excess of wrong decisions per row there."""
    channels: tuple[Channel, ...] = ()
    archived: tuple[Archived, ...] = ()
    windows_per_month: float = 0.0
    """How many windows close in 30 days: so often is chance given a chance."""
    estimate: Estimate | None = None
    look_back: LookBack | None = None
    """The rows since a change, where a challenger was about to be made for it."""
    outcome: Outcome | None = None
    """Of a regression; a classification has none."""
    readings: tuple[Reading, ...] = ()
    """Of the owner's own monitoring, in the order in which they are written."""
    unanswered: tuple[Unanswered, ...] = ()
    """Monitors of this model that did not answer beside others that did."""
    logged: bool = True
    """Whether rows were looked at. False where the owner's own monitoring is all there is, or the rows were away."""
