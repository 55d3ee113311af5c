"""One check of one model: profiles, windows, then evidence, in this order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from operator import add
from typing import Any

from graph.evidence import Estimate, Evidence, FeatureEvidence, LabelEvidence, WindowRef
from graph.ports import WindowStore
from tools.monitors import feature_windows, score_windows, whole_rows
from tools.monitors.evidence import LabelledWindow, feature_evidence, label_evidence, score_distance
from tools.monitors.harm_windows import followed, learnable
from tools.monitors.joint_evidence import with_joint
from tools.monitors.movements import Stretch, hours, longer_counts, windows_per_month, with_movements
from tools.monitors.overview import Overview, overview
from tools.monitors.profiles import Profiles
from tools.monitors.reference_nulls import reference_nulls
from tools.monitors.score_profiles import NOBODY, Forming
from tools.monitors.sight import Eyes, Sight
from tools.monitors.spans import Span, moment, newest_buckets
from tools.monitors.windows import Kept, keep
from tools.profile.consistency import Moved
from tools.profile.counts import FeatureCounts, ScoreCounts
from tools.profile.estimate import contradiction, estimate
from tools.profile.harm import wrong_error
from tools.profile.profile import FeatureProfile, ScoreProfile
from tools.profile.scores import bare_profile

_FILES_NAMED = 20


@dataclass(frozen=True, slots=True)
class Features:
    """The newest window's features."""

    profile: FeatureProfile | None
    kept: Sequence[Kept[FeatureCounts]]

    @property
    def total(self) -> FeatureCounts | None:
        """Return the window's counts; None when there is no reference to count by."""
        return reduce(add, (each.counts for each in self.kept)) if self.kept else None


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores and labels of the newest and of the matured window; `forming` says why performance cannot be told yet."""

    profile: ScoreProfile
    forming: str | None
    kept: Sequence[Kept[ScoreCounts]]
    newest: Sequence[Kept[ScoreCounts]]
    matured: Sequence[Kept[ScoreCounts]]

    @property
    def judged(self) -> list[Kept[ScoreCounts]]:
        """Return the buckets of both windows, without the older ones that are quarantined."""
        return [each for each in self.kept if each in self.newest or not each.ref.quarantined]

    @property
    def usable(self) -> list[Kept[ScoreCounts]]:
        """Return the matured buckets that are not quarantined."""
        return [each for each in self.matured if not each.ref.quarantined]


@dataclass(frozen=True, slots=True)
class Check:
    """Measures `champion`, or rows and labels only while there is none, as of `now`."""

    eyes: Eyes
    store: WindowStore
    champion: str | None
    now: datetime

    def evidence(self) -> Evidence:
        """Return everything measured."""
        log = self.eyes.log
        newest = newest_buckets(log.window, self.now)
        matured = newest_buckets(log.window, self.now - log.delay) if log.labels else []
        seen = self.eyes.look(self.champion, self.now, lambda sight: overview(sight, [*matured, *newest]))
        features = self._features(newest)
        scores = self._scores(features.profile, newest, matured)
        labels, remarks = self._labels(scores, seen)
        return self._evidence(seen, features, scores, labels, [*self._reference_notes(features.profile), *remarks])

    def _features(self, newest: list[Span]) -> Features:
        profile = Profiles(self.eyes, self.store).features(self.now)
        if profile is None:
            return Features(None, [])
        windows = self.eyes.look(
            None, self.now, lambda sight: feature_windows.measure_features(sight, self.store, profile, newest)
        )
        return Features(profile, keep(self.store, feature_windows.key_of(self.eyes.log, profile), windows))

    def _scores(self, reference: FeatureProfile | None, newest: list[Span], matured: list[Span]) -> Scores:
        log, profiles = self.eyes.log, Profiles(self.eyes, self.store)
        flagged = profiles.quarantined(reference, log.reference[0], self.now)
        found = profiles.scores(self.champion, self.now, flagged)
        forming = found.reason if isinstance(found, Forming) else None
        profile = bare_profile(self.champion or NOBODY, *log.reference) if isinstance(found, Forming) else found
        windows = self.eyes.look(
            self.champion,
            self.now,
            lambda sight: score_windows.measure_scores(sight, self.store, profile, sorted({*newest, *matured})),
        )
        kept = {each.span: each for each in keep(self.store, score_windows.key_of(log, profile), windows)}
        return Scores(
            profile, forming, list(kept.values()), [kept[each] for each in newest], [kept[each] for each in matured]
        )

    def _labels(self, scores: Scores, seen: Overview) -> tuple[LabelEvidence | None, list[str]]:
        """Return what the labels say, or None, with the reasons for what is left out."""
        remarks = [scores.forming] if scores.forming else []
        left = len(scores.matured) - len(scores.usable)
        if left:
            remarks.append(f"{left} of {len(scores.matured)} labelled windows are quarantined and left out")
        if not scores.usable or scores.forming:
            return None, remarks
        total = reduce(add, (each.counts for each in scores.usable))
        remarks += self._others(total)
        if not total.rows and total.other_rows:
            return None, remarks
        start, end = scores.matured[0].span.starts_at, scores.matured[-1].span.ends_at
        window = LabelledWindow(start, end, [each.counts for each in scores.usable], total, _newest_label(seen, scores))
        return label_evidence(scores.profile, window, self.eyes.log.metric), remarks

    def _others(self, total: ScoreCounts) -> list[str]:
        if not total.other_rows:
            return []
        versions = ", ".join(total.other_versions) or "no version"
        return [
            f"{total.other_rows} rows of the labelled window were served by {versions}, not by version {self.champion},"
            " and are left out of performance"
        ]

    def _reference_notes(self, profile: FeatureProfile | None) -> list[str]:
        log = self.eyes.log
        notes = []
        if profile is None:
            start, end = log.reference
            state = "holds no rows" if end <= self.now else "is not over yet"
            notes.append(f"the reference period {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} {state}")
        if self.champion and not log.version:
            notes.append("the log does not say which version served a row: its scores count as the champion's")
        return notes

    def _evidence(
        self, seen: Overview, features: Features, scores: Scores, labels: LabelEvidence | None, notes: list[str]
    ) -> Evidence:
        log, profile, total = self.eyes.log, features.profile, features.total
        served = reduce(add, (each.counts for each in scores.newest))
        distance = None if scores.forming else score_distance(scores.profile, served)
        start, end = scores.newest[0].span.starts_at, scores.newest[-1].span.ends_at
        return Evidence(
            model=log.model,
            champion=self.champion,
            as_of=self.now,
            source=", ".join(log.sources),
            start=start,
            end=end,
            rows=total.rows if total else served.rows + served.duplicate_ids + served.other_rows,
            reference_rows=profile.rows if profile else 0,
            expected_rows=_expected_rows(profile, end - start) if profile else 0.0,
            features=self._moved(features),
            labels=labels,
            score_psi=distance.psi if distance else None,
            score_psi_noise=distance.noise if distance else None,
            bad_scores=served.bad_scores,
            duplicate_ids=served.duplicate_ids,
            future_rows=seen.future_rows,
            orphan_labels=sum(each.counts.orphan_labels for each in scores.judged),
            bad_labels=sum(each.counts.bad_labels for each in scores.judged),
            windows=_references(features, scores),
            queries=_named(seen.files),
            notes=(*seen.notes, *notes, *_without_id(served)),
            windows_per_month=windows_per_month(log),
            estimate=_estimate(scores, served, start, end),
            reference_start=profile.start if profile else None,
            reference_end=profile.end if profile else None,
            **self._harm(scores),
        )

    def _apart(self, sight: Sight, profile: FeatureProfile, newest: list[Span]) -> dict[str, Moved]:
        return whole_rows.moved(sight, profile, whole_rows.joint_model(sight, self.store, profile), newest)

    def _harm(self, scores: Scores) -> dict[str, Any]:
        """Return what the sequential test follows; nothing while the version's own profile forms."""
        if scores.forming or not scores.matured:
            return {}
        profile, until = scores.profile, scores.matured[-1].span.ends_at
        windows = followed(self.store, self.eyes.log, profile, until)
        return {
            "harm": windows,
            "learnable": learnable(windows),
            "harm_error": profile.excess_se,
            "wrong_error": wrong_error(profile) if profile.calibrator else 0.0,
        }

    def _moved(self, features: Features) -> tuple[FeatureEvidence, ...]:
        """Return the features beside the reference, over the newest window and the longer stretch behind it."""
        log, profile, total = self.eyes.log, features.profile, features.total
        if profile is None or total is None:
            return ()
        nulls = reference_nulls(self.eyes, self.store, profile, self.now)
        stretches = [Stretch(hours(features.kept), total, nulls.window)]
        behind = longer_counts(self.store, log, profile, features.kept)
        if behind:
            stretches.append(Stretch(*behind, nulls.longer))
        newest = [each.span for each in features.kept]
        apart = self.eyes.look(None, self.now, lambda sight: self._apart(sight, profile, newest))
        found = with_joint(feature_evidence(profile, total, log.features), profile, total, apart)
        return with_movements(found, profile, stretches, windows_per_month(log))


def _expected_rows(profile: FeatureProfile, length: timedelta) -> float:
    return profile.rows * (length / (profile.end - profile.start))


def _estimate(scores: Scores, served: ScoreCounts, start: datetime, end: datetime) -> Estimate | None:
    """Return performance without labels on the newest rows, held against the labels of the matured ones."""
    found = None if scores.forming else estimate(scores.profile, served.cells, start, end)
    if found is None:
        return None
    rows, p = contradiction(scores.profile, [each.counts.cells for each in scores.usable])
    return replace(found, held_against=rows, contradiction_p=p)


def _newest_label(seen: Overview, scores: Scores) -> datetime | None:
    if seen.newest_label is not None:
        return moment(seen.newest_label)
    # Labels without a time: the end of the newest bucket that has any is the best that can be said.
    labelled = [each.span.ends_at for each in scores.kept if sum(each.counts.cells.labelled)]
    return max(labelled, default=None)


def _references(features: Features, scores: Scores) -> tuple[WindowRef, ...]:
    return (*(each.ref for each in features.kept), *(each.ref for each in scores.kept))


def _named(files: Sequence[str]) -> tuple[str, ...]:
    more = len(files) - _FILES_NAMED
    return (*files[:_FILES_NAMED], *([f"and {more} more files"] if more > 0 else []))


def _without_id(served: ScoreCounts) -> list[str]:
    return [f"{served.missing_ids} rows have no id and cannot be labelled"] if served.missing_ids else []
