"""Counts beside a profile: the evidence of one check, feature by feature and for the labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from graph.evidence import FeatureEvidence, Interval, LabelEvidence
from graph.spec import Metric
from tools.profile.counts import CategoricalCounts, FeatureCounts, NumericCounts, ScoreCounts
from tools.profile.distance import Distance, ordered_distance
from tools.profile.excess import Third, excess, foreseen_positives, interval, thirds
from tools.profile.frequent import Frequent
from tools.profile.movement import category_distance
from tools.profile.multiple import factor
from tools.profile.performance import foreseen, realised
from tools.profile.profile import CategoricalProfile, FeatureProfile, NumericProfile, ScoreProfile


@dataclass(frozen=True, slots=True)
class LabelledWindow:
    """The matured window: its buckets' counts, and the newest label of the whole log."""

    start: datetime
    end: datetime
    blocks: Sequence[ScoreCounts]
    total: ScoreCounts
    newest_label: datetime | None


def feature_evidence(
    profile: FeatureProfile, counts: FeatureCounts, names: Sequence[str]
) -> tuple[FeatureEvidence, ...]:
    """Return each feature of the window beside the reference."""
    return tuple(
        numeric_evidence(name, profile.numeric[name], counts.numeric[name])
        if name in profile.numeric
        else _categorical(name, profile.categorical[name], counts.categorical[name])
        for name in names
    )


def score_distance(profile: ScoreProfile, counts: ScoreCounts) -> Distance | None:
    """Return how far the window's scores lie from the reference's; None when the profile knows no scores."""
    return ordered_distance(profile.cells.rows, counts.cells.rows) if profile.cuts else None


def label_evidence(profile: ScoreProfile, window: LabelledWindow, metric: Metric) -> LabelEvidence:
    """Return what became of the scores of the matured window."""
    counts, reference = window.total, profile.cells
    labelled, positives = sum(counts.cells.labelled), sum(counts.cells.positives)
    distance = score_distance(profile, counts)
    due = foreseen_positives(counts.cells, profile.calibrator) if profile.calibrator else None
    low, high = thirds(counts.cells, profile.calibrator) if profile.calibrator else (Third(None, None),) * 2
    return LabelEvidence(
        start=window.start,
        end=window.end,
        predictions=counts.rows,
        labelled=labelled,
        positives=positives,
        reference_positive_share=_share(sum(reference.positives), sum(reference.labelled)),
        expected_positives=due.positives if due else 0.0,
        expected_positives_sd=due.sd if due else 0.0,
        reference_labelled_share=_share(sum(reference.labelled), sum(reference.rows)),
        newest_label=window.newest_label,
        lag_p50_h=_lag(counts.lags, 0.5),
        lag_p95_h=_lag(counts.lags, 0.95),
        score_psi=distance.psi if distance else None,
        score_psi_noise=distance.noise if distance else None,
        metric=metric,
        reference_value=profile.metrics.get(metric),
        realised=_realised(profile, window, metric),
        foreseen=_foreseen(profile, counts, metric),
        brier_excess=_brier_excess(profile, window),
        positive_lift_low=low.lift,
        positive_lift_high=high.lift,
        expected_low=low.expected,
        expected_high=high.expected,
    )


def numeric_evidence(name: str, profile: NumericProfile, counts: NumericCounts) -> FeatureEvidence:
    """Return a column of numbers in the window beside the reference."""
    before = profile.counts
    distance = ordered_distance(before.bins, counts.bins)
    multiple = factor(before.sizes, counts.sizes)
    top, share, before_share = _top(counts.frequent, counts.rows, before.frequent, before.rows)
    return FeatureEvidence(
        name=name,
        kind="numeric",
        rows=counts.rows,
        nulls=counts.nulls,
        nans=counts.nans,
        reference_null_share=_share(before.nulls, before.rows),
        below=counts.below,
        above=counts.above,
        low=counts.low,
        high=counts.high,
        reference_low=before.low,
        reference_high=before.high,
        top_value=top,
        top_share=share,
        reference_top_share=before_share,
        reference_most=profile.most,
        psi=distance.psi if distance else None,
        psi_noise=distance.noise if distance else None,
        factor=multiple.factor if multiple else None,
        factor_residual=multiple.residual if multiple else None,
    )


def _categorical(name: str, profile: CategoricalProfile, counts: CategoricalCounts) -> FeatureEvidence:
    before = profile.counts
    distance = category_distance(profile, counts)
    top, share, before_share = _top(counts.frequent, counts.rows, before.frequent, before.rows)
    if top in profile.values:
        before_share = _share(before.bins[profile.values.index(top)], before.rows)
    return FeatureEvidence(
        name=name,
        kind="categorical",
        rows=counts.rows,
        nulls=counts.nulls,
        nans=0,
        reference_null_share=_share(before.nulls, before.rows),
        new_category_rows=0 if profile.pooled else counts.other,
        new_categories=() if profile.pooled else counts.examples,
        top_value=top,
        top_share=share,
        reference_top_share=before_share,
        reference_most=profile.most,
        psi=distance.psi if distance else None,
        psi_noise=distance.noise if distance else None,
    )


def _top(now: Frequent, rows: int, before: Frequent, before_rows: int) -> tuple[str | None, float, float]:
    """Return the window's most frequent value, its share, and the same value's share in the reference."""
    top = now.top()
    if top is None:
        return None, 0.0, 0.0
    return top[0], _share(top[1], rows), _share(before.counts.get(top[0], 0), before_rows)


def _realised(profile: ScoreProfile, window: LabelledWindow, metric: Metric) -> Interval | None:
    if not profile.cuts:
        return None
    blocks = [block.cells for block in window.blocks]
    return realised(metric, blocks, window.total.cells, profile.positive_cell)


def _foreseen(profile: ScoreProfile, counts: ScoreCounts, metric: Metric) -> float | None:
    if not profile.calibrator:
        return None
    return foreseen(metric, counts.cells, profile.calibrator, profile.positive_cell)


def _brier_excess(profile: ScoreProfile, window: LabelledWindow) -> Interval | None:
    if not profile.calibrator:
        return None
    blocks = [excess(block.cells, profile.calibrator) for block in window.blocks]
    return interval(excess(window.total.cells, profile.calibrator), blocks, profile.excess_se, profile.spread)


def _lag(lags: dict[int, int], level: float) -> float | None:
    """Return a quantile of the hours from prediction to label, as the middle of a whole hour."""
    hours = sorted(lags)
    ends = list(accumulate(lags[hour] for hour in hours))
    return next((hour + 0.5 for hour, end in zip(hours, ends, strict=True) if end >= level * ends[-1]), None)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
