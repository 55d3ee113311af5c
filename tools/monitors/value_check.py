"""One check of a regression: the same log, windows and features, but numbers where a classifier has scores."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

from graph.evidence import Evidence, LabelEvidence, Learnable, Outcome
from tools.monitors import value_windows
from tools.monitors.check import Check, Scores
from tools.monitors.evidence import numeric_evidence
from tools.monitors.overview import overview
from tools.monitors.profiles import Profiles
from tools.monitors.score_profiles import NOBODY, Forming
from tools.monitors.score_windows import key_of
from tools.monitors.spans import Span, newest_buckets
from tools.monitors.windows import Kept, keep
from tools.profile.counts import ScoreCounts
from tools.profile.distance import ordered_distance
from tools.profile.losses import correlation
from tools.profile.profile import FeatureProfile
from tools.profile.values import ValueCounts, ValueProfile, bare_values, foreseen, loss_interval, realised


@dataclass(frozen=True, slots=True)
class Values:
    """Predictions and labels of the newest and of the matured window; `forming` as for scores."""

    profile: ValueProfile
    forming: str | None
    newest: Sequence[Kept[ValueCounts]]
    matured: Sequence[Kept[ValueCounts]]
    scores: Scores
    """The same rows, counted in one cell."""

    @property
    def usable(self) -> list[ValueCounts]:
        """Return the matured buckets that are not quarantined."""
        return [each.counts for each in self.matured if not each.ref.quarantined]


@dataclass(frozen=True, slots=True)
class ValueCheck(Check):
    """Measures a regression's champion, or rows and labels only while there is none."""

    def evidence(self) -> Evidence:
        """Return everything measured."""
        log = self.eyes.log
        newest = newest_buckets(log.window, self.now)
        matured = newest_buckets(log.window, self.now - log.delay) if log.labels else []
        seen = self.eyes.look(self.champion, self.now, lambda sight: overview(sight, [*matured, *newest]))
        features = self._features(newest)
        values = self._values(features.profile, newest, matured)
        labels, remarks = self._labels(values.scores, seen)
        notes = [*self._reference_notes(features.profile), *remarks]
        measured, outcome = self._evidence(seen, features, values.scores, labels, notes), self._outcome(values)
        predicted = outcome.prediction
        return replace(
            measured,
            labels=self._with_losses(labels, values) if labels else None,
            score_psi=predicted.psi if predicted else None,
            score_psi_noise=predicted.psi_noise if predicted else None,
            learnable=tuple(Learnable(window.start, window.end, window.rows) for window in outcome.losses),
            outcome=outcome,
        )

    def _values(self, reference: FeatureProfile | None, newest: list[Span], matured: list[Span]) -> Values:
        log, profiles = self.eyes.log, Profiles(self.eyes, self.store)
        flagged = profiles.quarantined(reference, log.reference[0], self.now)
        found = profiles.values(self.champion, self.now, flagged)
        forming = found.reason if isinstance(found, Forming) else None
        profile = bare_values(self.champion or NOBODY, *log.reference) if isinstance(found, Forming) else found
        windows = self.eyes.look(
            self.champion,
            self.now,
            lambda sight: value_windows.measure_values(sight, self.store, profile, sorted({*newest, *matured})),
        )
        kept = {each.span: each for each in keep(self.store, key_of(log, profile), windows)}
        parts = [kept[each] for each in newest], [kept[each] for each in matured]
        one = [[_served(each) for each in part] for part in (list(kept.values()), *parts)]
        return Values(profile, forming, *parts, Scores(value_windows.in_one_cell(profile), forming, *one))

    def _with_losses(self, labels: LabelEvidence, values: Values) -> LabelEvidence:
        """Return what is known of the matured window's labels, with what became of the predictions."""
        profile, metric, blocks = values.profile, self.eyes.log.metric, [each.losses for each in values.usable]
        total = reduce(add, values.usable)
        moved = ordered_distance(profile.prediction.counts.bins, total.prediction.bins)
        before = profile.prediction.counts.rows
        return replace(
            labels,
            reference_labelled_share=profile.label.counts.rows / before if before else 0.0,
            score_psi=moved.psi if moved else None,
            score_psi_noise=moved.noise if moved else None,
            reference_value=profile.metrics.get(metric),
            realised=realised(metric, blocks, total.losses, profile.yardstick),
            foreseen=foreseen(metric, total.losses, profile),
            loss_excess=loss_interval(blocks, total.losses, profile),
        )

    def _outcome(self, values: Values) -> Outcome:
        """Return the distributions beside the reference's, and what the sequential test follows."""
        log, profile, source = self.eyes.log, values.profile, self.eyes.log.labels
        if values.forming:
            return Outcome()
        predicted, labelled = reduce(add, (each.counts for each in values.newest)), values.usable
        matured = reduce(add, labelled) if labelled else None
        until = values.matured[-1].span.ends_at if values.matured else self.now
        return Outcome(
            prediction=numeric_evidence(log.prediction, profile.prediction, predicted.prediction)
            if self.champion
            else None,
            label=numeric_evidence(source.label, profile.label, matured.label) if source and matured else None,
            losses=value_windows.followed(self.store, log, profile, until),
            loss_error=profile.excess_se,
            cap=profile.yardstick.cap if profile.labelled else None,
            correlation=_rounded(correlation(matured.losses)) if matured else None,
            reference_correlation=_rounded(correlation(profile.losses)),
        )


def _rounded(value: float | None) -> float | None:
    """Return a number without the digits that depend on the machine."""
    return None if value is None else round(value, 9)


def _served(kept: Kept[ValueCounts]) -> Kept[ScoreCounts]:
    return Kept(kept.span, kept.counts.served, kept.ref)
