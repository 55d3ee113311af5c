"""What a monitor measures: values with their noise, and no judgement. Times are aware UTC datetimes."""

from dataclasses import dataclass
from datetime import datetime
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
