"""Counts of a long stretch beside a profile: what its many rows tell of a feature that one window's do not."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from graph.evidence import FeatureEvidence, FeatureSince, LookBack, WindowRef
from tools.monitors.evidence import feature_evidence
from tools.monitors.joint_evidence import with_joint
from tools.profile import consistency
from tools.profile.consistency import JointCounts, JointModel
from tools.profile.counts import FeatureCounts
from tools.profile.profile import FeatureProfile
from tools.profile.sizes import Resized, resized


@dataclass(frozen=True, slots=True)
class Stretch:
    """The rows of some windows, column by column and side by side: these add up."""

    features: FeatureCounts
    joint: JointCounts

    def __add__(self, other: "Stretch") -> "Stretch":
        return Stretch(self.features + other.features, self.joint + other.joint)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the reference, and the features in their order."""

    profile: FeatureProfile
    joint: JointModel
    names: Sequence[str]

    def look_back(
        self, start: datetime, end: datetime, since: Stretch, before: Stretch | None, windows: Sequence[WindowRef] = ()
    ) -> LookBack:
        """Return each feature since a change, and as it was before."""
        then = self._seen(before) if before else {}
        features = tuple(
            self._since(feature, then.get(name), since, before) for name, feature in self._seen(since).items()
        )
        rows_before = before.features.rows if before else 0
        return LookBack(start, end, since.features.rows, rows_before, features, tuple(windows))

    def _seen(self, stretch: Stretch) -> dict[str, FeatureEvidence]:
        seen = feature_evidence(self.profile, stretch.features, self.names)
        moved = consistency.moved(self.joint, stretch.joint)
        return {each.name: each for each in with_joint(seen, self.profile, stretch.features, moved)}

    def _since(
        self, now: FeatureEvidence, then: FeatureEvidence | None, since: Stretch, before: Stretch | None
    ) -> FeatureSince:
        size, earlier = self._resized(now.name, since), self._resized(now.name, before) if before else None
        fall = consistency.fall(self.joint, now.name, since.joint, before.joint) if before else None
        return FeatureSince(
            **{part.name: getattr(now, part.name) for part in fields(FeatureEvidence)},
            psi_before=then.psi if then else None,
            psi_noise_before=then.psi_noise if then else None,
            resized=_rounded(size.gap if size else None),
            resized_noise=_rounded(size.noise if size else None),
            resized_before=_rounded(earlier.gap if earlier else None),
            slope=_rounded(fall.now if fall else None),
            slope_before=_rounded(fall.before if fall else None),
            slope_sigmas=_rounded(fall.sigmas if fall else None),
            told=_rounded(fall.told if fall else None),
        )

    def _resized(self, name: str, stretch: Stretch) -> Resized | None:
        part = self.profile.numeric.get(name)
        return resized(part.counts.sizes, stretch.features.numeric[name].sizes) if part else None


def _rounded(value: float | None) -> float | None:
    """Return a number without the digits that depend on the machine."""
    return None if value is None else round(value, 9)
