"""Counts of a long stretch beside a profile: what its many rows tell of a feature that one window's do not."""

from collections.abc import Mapping, Sequence
from dataclasses import fields

from graph.evidence import FeatureEvidence, FeatureSince
from tools.monitors.evidence import feature_evidence
from tools.monitors.joint_evidence import with_joint
from tools.profile.consistency import Moved
from tools.profile.counts import FeatureCounts
from tools.profile.profile import FeatureProfile
from tools.profile.sizes import resized


def features_since(
    profile: FeatureProfile, counts: FeatureCounts, names: Sequence[str], moved: Mapping[str, Moved]
) -> tuple[FeatureSince, ...]:
    """Return each feature of a long stretch beside the reference."""
    seen = with_joint(feature_evidence(profile, counts, names), profile, counts, moved)
    return tuple(_since(each, profile, counts, moved.get(each.name)) for each in seen)


def _since(
    feature: FeatureEvidence, profile: FeatureProfile, counts: FeatureCounts, moved: Moved | None
) -> FeatureSince:
    name, sizes = feature.name, None
    if name in profile.numeric:
        sizes = resized(profile.numeric[name].counts.sizes, counts.numeric[name].sizes)
    return FeatureSince(
        **{part.name: getattr(feature, part.name) for part in fields(FeatureEvidence)},
        resized=_rounded(sizes.gap if sizes else None),
        resized_noise=_rounded(sizes.noise if sizes else None),
        slope=_rounded(moved.slope if moved else None),
        slope_sigmas=_rounded(moved.slope_sigmas if moved else None),
    )


def _rounded(value: float | None) -> float | None:
    """Return a number without the digits that depend on the machine."""
    return None if value is None else round(value, 9)
