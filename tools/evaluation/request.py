"""What the parent asks the evaluation child for, and the names both sides use."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from graph.model import Comparison
from graph.spec import Metric, Task, ValidationSpec

Role = Literal["champion", "challenger", "origin"]
Doing = Literal["loading", "scoring", "timing"]

TIMED_ROWS = 100
PROGRESS = "progress"
"""File beside the result: what the child is doing now. "WHOM DOING" while it handles a model, one word otherwise."""


@dataclass(frozen=True, slots=True)
class Request:
    """One comparison. Paths are absolute; the child's working directory is a folder of its own."""

    model: str
    features: tuple[str, ...]
    metric: Metric
    validation: ValidationSpec
    holdout: str
    champion: str | None
    challenger: str
    harm_from: datetime | None
    positive: bool | int | float | str
    """The class whose probability is the score."""
    threshold: float
    """Scores from here on are decisions for the positive class."""
    deadline_s: float
    """The child ends itself then, in case nobody is left to end it."""
    command_timeout_s: float
    command_environment: dict[str, str]
    """All that the owner's metric command gets."""
    origin: str | None = None
    """The version that was approved first, where it is another than the champion."""
    task: Task = "binary_classification"
    timed_rows: int = TIMED_ROWS
    """How many single predictions of each model are timed."""


def nothing_measured(rows: int, positives: int, load_error: str | None = None) -> Comparison:
    """Return the comparison of models that were not scored."""
    return Comparison(
        rows=rows,
        positives=positives,
        differences=(),
        metrics={},
        calibration={},
        latency_ms={},
        negative_flips=0,
        load_error=load_error,
    )
