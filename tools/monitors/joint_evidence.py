"""Rows as a whole beside the reference's: what is added to each feature's own evidence."""

from collections.abc import Mapping
from dataclasses import replace

from graph.evidence import FeatureEvidence
from tools.profile.consistency import Moved
from tools.profile.counts import FeatureCounts
from tools.profile.exchange import exchanged, renamed
from tools.profile.profile import FeatureProfile


def with_joint(
    features: tuple[FeatureEvidence, ...], profile: FeatureProfile, counts: FeatureCounts, moved: Mapping[str, Moved]
) -> tuple[FeatureEvidence, ...]:
    """Return the features with the column they changed places with, and how far they have left their rows."""
    partners = exchanged(profile.numeric, counts.numeric)
    names = {
        name: found
        for name, part in profile.categorical.items()
        if (found := renamed(part.counts.bins, counts.categorical[name].bins))
    }
    return tuple(
        replace(
            feature,
            exchanged_with=partners.get(feature.name),
            renamed=round(names[feature.name].moved, 9) if feature.name in names else None,
            renamed_left=round(names[feature.name].left, 9) if feature.name in names else None,
            joint_shift=round(moved[feature.name].share, 9) if feature.name in moved else None,
            joint_sigmas=round(moved[feature.name].sigmas, 9) if feature.name in moved else None,
        )
        for feature in features
    )
