"""What scores and labels are, by task: probabilities and two classes, or a regression's numbers."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tools.monitors.log_columns import BAD_LABEL, Labels, Place, Scores, labels, number_labels
from tools.profile.arrays import Mask
from tools.profile.counting import UNLABELLED


class Task(Protocol):
    """How one task's columns are read and held."""

    @property
    def label_type(self) -> pa.DataType:
        """Return the type of a label in a holdout."""

    def unlabelled(self, rows: int) -> Labels:
        """Return the labels of rows that have none."""

    def own(self, column: pa.Array, place: Place) -> Labels:
        """Read labels that are a column of the log: null or NaN is "not yet"."""

    def delivered(self, column: pa.Array, place: Place) -> Labels:
        """Read labels out of a file of their own."""

    def missing(self, label: Labels) -> Mask:
        """Tell which rows have no label."""

    def bad(self, label: Labels) -> Mask:
        """Tell which labels cannot be right."""

    def sound(self, label: Labels) -> Labels:
        """Return the labels with the bad ones taken away."""

    def classes(self, label: Labels) -> NDArray[np.int8]:
        """Return labels as classes, for counting them: all labelled rows of a regression are of one class, 0."""

    def bad_score(self, score: Scores) -> Mask:
        """Tell which scores cannot be right."""


@dataclass(frozen=True, slots=True)
class Classifying:
    """Labels are 1 for `positive`, 0 for the other class, UNLABELLED or BAD_LABEL; scores are probabilities."""

    positive: str | int | bool

    @property
    def label_type(self) -> pa.DataType:
        """Return the type of a label in a holdout."""
        return pa.int8()

    def unlabelled(self, rows: int) -> Labels:
        """Return the labels of rows that have none."""
        return np.full(rows, UNLABELLED, np.int8)

    def own(self, column: pa.Array, place: Place) -> Labels:
        """Read labels that are a column of the log."""
        if pa.types.is_floating(column.type):
            # In a log that waits for its labels, NaN is how many a library writes "not yet".
            column = pc.if_else(pc.is_nan(column), pa.nulls(len(column), column.type), column)
        return labels(column, self.positive, place)

    def delivered(self, column: pa.Array, place: Place) -> Labels:
        """Read labels out of a file of their own; a null is none."""
        return labels(column, self.positive, place)

    def missing(self, label: Labels) -> Mask:
        """Tell which rows have no label."""
        return np.equal(label, UNLABELLED)

    def bad(self, label: Labels) -> Mask:
        """Tell which labels are neither of the two classes."""
        return np.equal(label, BAD_LABEL)

    def sound(self, label: Labels) -> Labels:
        """Return the labels, without those that are neither 0 nor 1."""
        return np.where(label == BAD_LABEL, UNLABELLED, label).astype(np.int8)

    def classes(self, label: Labels) -> NDArray[np.int8]:
        """Return the labels as they are."""
        return label.astype(np.int8, copy=False)

    def bad_score(self, score: Scores) -> Mask:
        """Tell which scores are null, NaN or outside [0, 1]."""
        inside: Mask = (score >= 0) & (score <= 1)
        return ~inside


@dataclass(frozen=True, slots=True)
class Regressing:
    """Labels are numbers, NaN where there is none and infinite where it cannot be right; scores are predictions."""

    @property
    def label_type(self) -> pa.DataType:
        """Return the type of a label in a holdout."""
        return pa.float64()

    def unlabelled(self, rows: int) -> Labels:
        """Return the labels of rows that have none."""
        return np.full(rows, np.nan)

    def own(self, column: pa.Array, place: Place) -> Labels:
        """Read labels that are a column of the log."""
        return number_labels(column, place)

    def delivered(self, column: pa.Array, place: Place) -> Labels:
        """Read labels out of a file of their own; one that came without a number is bad, not late."""
        found = number_labels(column, place)
        return np.where(np.isnan(found), np.inf, found)

    def missing(self, label: Labels) -> Mask:
        """Tell which rows have no label."""
        return np.isnan(label)

    def bad(self, label: Labels) -> Mask:
        """Tell which labels are no numbers."""
        return np.isinf(label)

    def sound(self, label: Labels) -> Labels:
        """Return the labels, without those that are no numbers."""
        return np.where(np.isinf(label), np.nan, label)

    def classes(self, label: Labels) -> NDArray[np.int8]:
        """Return 0 for labelled rows."""
        return np.where(np.isnan(label), UNLABELLED, 0).astype(np.int8)

    def bad_score(self, score: Scores) -> Mask:
        """Tell which predictions are null, NaN or infinite."""
        return ~np.isfinite(score)
