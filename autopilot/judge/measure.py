"""From a stream's rows to the evidence of one tick, by the counts and profiles that a live monitor uses."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from autopilot.judge.profiles import Reference
from autopilot.judge.rows import arrays
from autopilot.judge.start import MODEL, TICK, time_of
from autopilot.judge.stream import Stream, Tick
from graph.evidence import Archived, Channel, Evidence, HarmWindow, LabelEvidence, Learnable, LookBack, Paired
from tools.evaluation.paired import paired
from tools.monitors.evidence import LabelledWindow, feature_evidence, label_evidence
from tools.monitors.joint_evidence import with_joint
from tools.monitors.long_evidence import Known, Stretch
from tools.profile import consistency
from tools.profile.counting import count_cells, count_features
from tools.profile.counts import CellCounts, ScoreCounts
from tools.profile.harm import harm_window, wrong_error
from tools.profile.profile import ScoreProfile
from tools.profile.slices import SliceCounts, channel, count_slices, segments

_CHANNEL_WINDOWS = (2, 4, 8)


@dataclass(frozen=True, slots=True)
class Matured:
    """A matured tick, counted for one version."""

    revision: int
    cells: CellCounts
    harm: HarmWindow
    slices: SliceCounts


@dataclass(slots=True)
class Measure:
    """Counts each tick once for each version, and again when more of its labels come."""

    stream: Stream
    reference: Reference
    _kept: dict[tuple[str, int], Matured] = field(default_factory=dict)
    _served: dict[int, Stretch] = field(default_factory=dict)

    def evidence(self, profile: ScoreProfile | None, usable: Sequence[int], learnable: Sequence[int]) -> Evidence:
        """Return the evidence of the newest tick.

        `usable` are the matured ticks to follow harm in, `learnable` those to learn from, both oldest first.

        Without a profile (of a version too new to have one) nothing is said of labels and harm.
        """
        tick, features = self.stream.ticks[-1], self.reference.features
        columns = arrays(tick.rows, self.stream.start.features)
        counts = count_features(columns, len(tick.rows), features)
        seen = feature_evidence(features, counts, self.stream.start.features)
        joint = consistency.count(columns, features, self.reference.joint)
        self._served[tick.number] = Stretch(counts, joint)
        matured = [self.matured(profile, number) for number in usable] if profile else []
        return Evidence(
            model=MODEL,
            champion=self.stream.champion,
            as_of=time_of(tick.number + 1),
            source="pipe",
            start=time_of(tick.number),
            end=time_of(tick.number + 1),
            rows=len(tick.rows),
            reference_rows=features.rows,
            expected_rows=float(self.stream.start.rows_per_tick),
            features=with_joint(seen, features, counts, consistency.moved(self.reference.joint, joint)),
            labels=self._labels(profile, set(learnable)) if profile else None,
            bad_scores=_bad(tick),
            reference_start=features.start,
            reference_end=features.end,
            harm=tuple(each.harm for each in matured),
            learnable=tuple(
                Learnable(time_of(t), time_of(t + 1), int(self.stream.ticks[t].known.sum())) for t in learnable
            ),
            harm_error=profile.excess_se if profile else 0.0,
            wrong_error=wrong_error(profile) if profile else 0.0,
            channels=self._channels(matured, profile.spread if profile else 1.0),
        )

    def matured(self, profile: ScoreProfile, number: int) -> Matured:
        """Return a matured tick's counts for the version of the profile."""
        key, tick = (profile.version, number), self.stream.ticks[number]
        known = self._kept.get(key)
        if known is None or known.revision != tick.revision:
            known = self._kept[key] = self._counted(profile, tick)
        return known

    def look_back(self, ticks: Sequence[int], before: Sequence[int]) -> LookBack | None:
        """Return the features over all rows of these ticks beside those before, both oldest first; None without any."""
        if not ticks:
            return None
        known = Known(self.reference.features, self.reference.joint, self.stream.start.features)
        since, earlier = self._stretch(ticks), self._stretch(before) if before else None
        return known.look_back(time_of(ticks[0]), time_of(ticks[-1] + 1), since, earlier)

    def _stretch(self, ticks: Sequence[int]) -> Stretch:
        return reduce(add, (self._served[number] for number in ticks))

    def with_archived(
        self, evidence: Evidence, versions: Sequence[str], ticks: Sequence[int], spread: float
    ) -> Evidence:
        """Add earlier versions, scored as they are, beside the champion on the labelled rows of these ticks."""
        scored = tuple(Archived(version, self.paired(version, ticks, spread)) for version in versions)
        return replace(evidence, archived=scored)

    def paired(self, version: str, ticks: Sequence[int], spread: float) -> Paired:
        """Return the champion's wrong decisions less another version's on the labelled rows of these ticks."""
        known = [self.stream.ticks[number].known for number in ticks]
        if not ticks:
            return Paired(0, 0, 0.0, 0.0)
        wrong = [self._wrong(each, ticks, known) for each in (self.stream.champion, version)]
        window = np.concatenate([np.full(int(mask.sum()), number) for number, mask in zip(ticks, known, strict=True)])
        return paired(wrong[0], wrong[1], window, spread)

    def _wrong(self, version: str, ticks: Sequence[int], known: Sequence[NDArray[np.bool_]]) -> NDArray[np.bool_]:
        threshold = self.stream.start.threshold
        return np.concatenate(
            [
                (score[mask] > threshold) != (self.stream.ticks[number].label[mask] == 1)
                for number, mask, score in zip(ticks, known, self.stream.scores(version, ticks), strict=True)
            ]
        )

    def _counted(self, profile: ScoreProfile, tick: Tick) -> Matured:
        known = tick.known
        score = self.stream.scores(profile.version, [tick.number])[0][known]
        label = tick.label[known]
        cells = count_cells(score, label, profile.cuts)
        columns = arrays(tick.rows.filter(known), self.stream.start.features)
        start, end = time_of(tick.number), time_of(tick.number + 1)
        slices = count_slices(columns, score, label, self.reference.features, profile)
        return Matured(tick.revision, cells, harm_window(start, end, cells, profile), slices)

    def _labels(self, profile: ScoreProfile, usable: set[int]) -> LabelEvidence | None:
        due = self.stream.now - self.stream.start.delay
        if due < 0 or (due not in usable and self.stream.labelled(due)):
            return None
        tick = self.stream.ticks[due]
        cells = self.matured(profile, due).cells
        counts = ScoreCounts(cells=cells, rows=len(tick.rows))
        newest = time_of(due + 1) + self.stream.start.delay * TICK if self.stream.labelled(due) else None
        window = LabelledWindow(time_of(due), time_of(due + 1), [counts], counts, newest)
        return replace(label_evidence(profile, window, self.stream.start.spec.policy.metric), lag_p50_h=None)

    def _channels(self, matured: Sequence[Matured], spread: float) -> tuple[Channel, ...]:
        found = []
        for size in _CHANNEL_WINDOWS:
            windows = [each for each in matured if each.harm.rows][-size:]
            if len(windows) < size:
                continue
            total = reduce(add, (each.slices for each in windows))
            start, end = windows[0].harm.start, windows[-1].harm.end
            sides = (channel(start, end, size, total, side, spread) for side in ("all", "positive", "negative"))
            found += [each for each in sides if each]
            found += segments(start, end, size, total, spread)
        return tuple(found)


def _bad(tick: Tick) -> int:
    score = tick.column("score")
    return int((~((score >= 0) & (score <= 1))).sum())
