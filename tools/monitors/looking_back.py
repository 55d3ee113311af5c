"""All rows since a change beside the reference, and as many before it: what one window holds too few rows to show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add

from graph.evidence import LookBack, WindowRef
from graph.ports import WindowStore
from tools.monitors import feature_windows, whole_rows
from tools.monitors.long_evidence import Known, Stretch
from tools.monitors.profiles import Profiles
from tools.monitors.sight import Eyes
from tools.monitors.spans import Span, bucket_length, buckets, microseconds, newest_buckets
from tools.monitors.windows import Kept, keep
from tools.profile.counts import FeatureCounts

MOST = 200
"""Buckets looked at at most, the first ones since the change: those that a challenger would learn from."""
_AT_ONCE = 24
"""Buckets whose counts are held at a time."""


@dataclass(frozen=True, slots=True)
class _Sound:
    """Buckets without those set aside, and their counts in one."""

    counts: FeatureCounts
    refs: list[WindowRef]
    spans: list[Span]

    def __add__(self, other: "_Sound") -> "_Sound":
        return _Sound(self.counts + other.counts, self.refs + other.refs, self.spans + other.spans)


@dataclass(frozen=True, slots=True)
class Back:
    """Looks back at what a log held until `now`."""

    eyes: Eyes
    store: WindowStore
    known: Known
    now: datetime

    def look(self, start: datetime) -> LookBack | None:
        """Return the features over the sound rows of the buckets from `start` on; None without any."""
        wanted = self._buckets(start)
        since = self._counted(wanted)
        if since is None:
            return None
        first, length = wanted[0].start, bucket_length(self.eyes.log.window)
        before = self._counted(buckets(first - len(wanted) * length, first, length))
        stretches = [self._stretch(each) if each else None for each in (since, before)]
        assert stretches[0]  # noqa: S101
        return self.known.look_back(since.refs[0].start, since.refs[-1].end, stretches[0], stretches[1], since.refs)

    def _buckets(self, start: datetime) -> list[Span]:
        newest = newest_buckets(self.eyes.log.window, self.now)
        return buckets(microseconds(start), newest[-1].end, bucket_length(self.eyes.log.window))[:MOST]

    def _counted(self, wanted: Sequence[Span]) -> _Sound | None:
        """Return the buckets' counts: from the store, but for what no check has counted yet."""
        groups = (wanted[at : at + _AT_ONCE] for at in range(0, len(wanted), _AT_ONCE))
        parts = [part for some in groups if (part := self._some(some))]
        return reduce(add, parts) if parts else None

    def _some(self, wanted: Sequence[Span]) -> _Sound | None:
        profile = self.known.profile
        windows = self.eyes.look(
            None, self.now, lambda sight: feature_windows.measure_features(sight, self.store, profile, wanted)
        )
        kept = keep(self.store, feature_windows.key_of(self.eyes.log, profile), windows)
        sound = [each for each in kept if not each.ref.quarantined and each.ref.rows]
        return reduce(add, map(_sound, sound)) if sound else None

    def _stretch(self, found: _Sound) -> Stretch:
        known = self.known
        joint = self.eyes.look(
            None, self.now, lambda sight: whole_rows.counted(sight, known.profile, known.joint, found.spans)
        )
        return Stretch(found.counts, joint)


def look_back(eyes: Eyes, store: WindowStore, start: datetime, now: datetime) -> LookBack | None:
    """Return the features since `start` and before, as of `now`; None where no reference or no rows are known."""
    profile = Profiles(eyes, store).features(now)
    if profile is None:
        return None
    joint = eyes.look(None, now, lambda sight: whole_rows.joint_model(sight, store, profile))
    return Back(eyes, store, Known(profile, joint, eyes.log.features), now).look(start)


def _sound(kept: Kept[FeatureCounts]) -> _Sound:
    return _Sound(kept.counts, [kept.ref], [kept.span])
