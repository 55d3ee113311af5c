"""The profiles of one model: taken from the store, or built from the log once and sealed there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from graph.codec import dump, load
from graph.model import Json
from graph.ports import WindowStore
from tools.monitors import feature_windows, score_profiles
from tools.monitors.score_profiles import NOBODY, Forming
from tools.monitors.sight import Eyes
from tools.monitors.spans import Span, span
from tools.profile.profile import FORMAT, FeatureProfile, ScoreProfile
from tools.profile.values import ValueProfile


@dataclass(frozen=True, slots=True)
class Profiles:
    """Finds or builds profiles. A change of the reference, or of what a column means, makes another profile."""

    eyes: Eyes
    store: WindowStore

    def sealed_features(self) -> FeatureProfile | None:
        """Return the feature profile if it has been built."""
        found = self.store.profile(self.eyes.log.model, self._feature_name())
        return load(FeatureProfile, found) if found else None

    def features(self, now: datetime) -> FeatureProfile | None:
        """Return the profile of the reference rows; None when the reference has none, or is not over."""
        known = self.sealed_features()
        if known or self.eyes.log.reference[1] > now:
            return known
        built = self.eyes.look(None, now, feature_windows.build_profile)
        if built is None:
            return None
        self.store.save_profile(self.eyes.log.model, self._feature_name(), dump(built))
        # Another process may have been first, and the first one stays.
        return self.sealed_features()

    def scores(self, champion: str | None, now: datetime, quarantined: Sequence[Span]) -> ScoreProfile | Forming:
        """Return the profile of the champion's scores, or why there is none yet."""
        found = self._of_version(champion, now, quarantined)
        return found if isinstance(found, Forming) else load(ScoreProfile, found)

    def values(self, champion: str | None, now: datetime, quarantined: Sequence[Span]) -> ValueProfile | Forming:
        """Return the profile of a regression's predictions, or why there is none yet."""
        found = self._of_version(champion, now, quarantined)
        return found if isinstance(found, Forming) else load(ValueProfile, found)

    def _of_version(self, champion: str | None, now: datetime, quarantined: Sequence[Span]) -> Json | Forming:
        name = self._score_name(champion)
        known = self.store.profile(self.eyes.log.model, name)
        if known:
            return known
        built = self.eyes.look(champion, now, lambda sight: score_profiles.build_profile(sight, champion, quarantined))
        if isinstance(built, Forming):
            return built
        self.store.save_profile(self.eyes.log.model, name, dump(built))
        return self.store.profile(self.eyes.log.model, name) or dump(built)

    def quarantined(self, profile: FeatureProfile | None, start: datetime, end: datetime) -> list[Span]:
        """Return the buckets of [start, end) that are flagged in the store."""
        if profile is None or start >= end:
            return []
        key = feature_windows.key_of(self.eyes.log, profile)
        # Without their counts: weeks of windows lie between, and hardly ever one is flagged.
        flagged = self.store.flagged(key.model, key.version, key.profile, key.source, start, end)
        return [span(*each) for each in flagged]

    def _feature_name(self) -> str:
        log = self.eyes.log
        return log.profile_name(
            feature_windows.ANY_VERSION, FORMAT, log.sources, log.timestamp, log.features, log.window
        )

    def _score_name(self, champion: str | None) -> str:
        log = self.eyes.log
        labels = (log.labels.source, log.labels.id, log.labels.label, log.labels.timestamp) if log.labels else ()
        columns = (log.timestamp, log.id, log.version, log.prediction)
        meaning: tuple[object, ...] = (log.positive, log.threshold)
        if log.task == "regression":
            meaning = (log.task,)
        return log.profile_name(champion or NOBODY, FORMAT, log.sources, columns, labels, meaning)
