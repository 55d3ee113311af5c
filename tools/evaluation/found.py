"""The search for slices in which the challenger lost: every fifth of a numeric feature, every larger category."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.model import Difference
from tools.evaluation import bootstrap, holdout, jackknife, measures, pairing
from tools.evaluation.holdout import Flags, Labels, Rows, Scores
from tools.evaluation.request import Request

PARTS = 5
"""Parts of as many rows each that a numeric feature is cut into."""
KEPT = 20
"""How many of the losing slices are handed on, the surest losses first."""


def search(request: Request, rows: Rows, champion: Scores, challenger: Scores) -> tuple[tuple[Difference, ...], int]:
    """Return the slices that lost, and how many were looked at: those with the rows and positives the policy wants."""
    compared = [
        _difference(request, rows, name, chosen, champion, challenger)
        for name, chosen in _slices(rows.features)
        if not chosen.all() and _enough(request, rows.label[chosen])
    ]
    lost = [(sureness, found) for found in compared if (sureness := _sureness(found)) > 0]
    lost.sort(key=lambda each: (-each[0], each[1].name))
    return tuple(found for _, found in lost[:KEPT]), len(compared)


def _enough(request: Request, label: Labels) -> bool:
    asked, positives = request.validation, measures.positives(label)
    return len(label) >= asked.min_rows and asked.min_positives <= positives < len(label)


def _sureness(found: Difference) -> float:
    """Return how many of its own half-widths a slice lost; nothing for a gain."""
    interval = found.difference
    if interval is None or interval.value >= 0:
        return 0.0
    return -interval.value / max(interval.high - interval.value, np.finfo(np.float64).tiny)


def _difference(
    request: Request, rows: Rows, name: str, chosen: Flags, champion: Scores, challenger: Scores
) -> Difference:
    label, old, new = rows.label[chosen], champion[chosen], challenger[chosen]
    sample = bootstrap.Sample(label, holdout.blocks(rows.time[chosen]), request.threshold)
    return Difference(
        name=name,
        metric=request.metric,
        champion=pairing.value(request.metric, sample, old),
        challenger=pairing.value(request.metric, sample, new),
        difference=jackknife.difference(request.metric, sample, old, new),
        rows=len(label),
        positives=measures.positives(label),
        blocks=sample.blocks,
    )


def _slices(features: pa.Table) -> Iterator[tuple[str, Flags]]:
    for name in features.column_names:
        column = features[name]
        kind = column.type
        numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
        cut = _cut(column) if numeric else holdout.categories(column)
        for what, chosen in cut:
            yield f"found:{name}={what}", chosen


def _cut(column: pa.ChunkedArray) -> Iterator[tuple[str, Flags]]:
    """Yield the parts of a numeric column between its quantiles, then the rows without a number."""
    values = pc.cast(column, pa.float64(), safe=False).to_numpy()
    known = np.isfinite(values)
    if known.any():
        edges = _edges(np.sort(values[known]))
        part = np.searchsorted(edges, values, "right")
        for number in range(len(edges) + 1):
            yield _between(edges, number), known & (part == number)
    if not known.all():
        yield "null", ~known


def _edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the quantiles of sorted values, and what follows a value that is so frequent that it is two of them."""
    cuts = np.quantile(values, np.arange(1, PARTS) / PARTS, method="higher")
    follows = np.searchsorted(values, cuts[1:][cuts[1:] == cuts[:-1]], "right")
    return np.unique(np.concatenate([cuts, values[follows[follows < len(values)]]]))


def _between(edges: NDArray[np.float64], number: int) -> str:
    if number == 0:
        return f"below {edges[0]:.4g}"
    if number == len(edges):
        return f"{edges[-1]:.4g} or more"
    return f"[{edges[number - 1]:.4g}, {edges[number]:.4g})"
