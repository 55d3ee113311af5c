"""Over which rows a challenger is trained, and on which later ones it is judged: chosen once, before training."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from graph.evidence import Evidence, Learnable

FEWEST_WINDOWS = 4
"""Windows since the change before anything is trained: some to learn from, later ones to be judged by."""
MOST_JUDGED = 6
FEWEST_JUDGED = 2
LEARNING = 2.0
"""Wrong decisions per row that a model learned from n rows alone makes on top of the best: about this over sqrt(n)."""


@dataclass(frozen=True, slots=True)
class TrainingWindow:
    """Train on `[start, end)` less `exclude`; judged on labelled rows from `end` on."""

    start: datetime
    end: datetime
    rows: int
    """Labelled rows since the change in it."""
    exclude: tuple[tuple[datetime, datetime], ...] = ()


def since_change(evidence: Evidence, since: datetime, alone: bool = False) -> TrainingWindow | None:
    """Return the window since the change, alone or with the reference; None while there are too few rows.

    `alone` where the reference is known not to hold any more.

    The later part of the rows since the change is kept for judging: a challenger is never tested on rows from before
    its training ended.
    """
    windows = _since(evidence, since)
    if len(windows) < FEWEST_WINDOWS:
        return None
    judged = max(FEWEST_JUDGED, min(MOST_JUDGED, len(windows) // 2))
    learned = windows[:-judged]
    start, end, rows = learned[0].start, learned[-1].end, sum(window.rows for window in learned)
    reference = evidence.reference_start, evidence.reference_end
    if alone or reference[0] is None or reference[1] is None or not _both_wanted(evidence, since, rows):
        return TrainingWindow(start, end, rows)
    between = ((reference[1], start),) if reference[1] < start else ()
    return TrainingWindow(reference[0], end, rows, between)


def outgrown(evidence: Evidence, since: datetime, trained_until: datetime) -> bool:
    """Tell whether twice as many windows since the change could be learned from as a candidate was trained on."""
    chosen = since_change(evidence, since)
    if chosen is None:
        return False
    windows = _since(evidence, since)
    held = sum(1 for window in windows if window.end <= trained_until)
    return sum(1 for window in windows if window.end <= chosen.end) >= 2 * max(held, 1)


def learning_error(rows: int) -> float:
    """Return the wrong decisions per row that come from having learned from so few rows."""
    return LEARNING / math.sqrt(max(rows, 1))


def _both_wanted(evidence: Evidence, since: datetime, learnable: int) -> bool:
    """Tell whether what was true before is worth learning too: while it is less wrong than learning from few rows."""
    harm = [window for window in evidence.harm if window.start >= since and window.rows]
    rows = sum(window.rows for window in harm)
    if not rows:
        return False
    wrong = max(sum(window.wrong_excess for window in harm), sum(window.brier_excess for window in harm)) / rows
    return wrong < learning_error(learnable)


def _since(evidence: Evidence, since: datetime) -> Sequence[Learnable]:
    return [window for window in evidence.learnable if window.start >= since and window.rows]
