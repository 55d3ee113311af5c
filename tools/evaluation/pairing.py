"""The difference of two models on one part of the rows: both values, the interval, and how much there was to see."""

import math

import numpy as np

from graph.model import Difference
from graph.spec import Metric
from tools.evaluation import bootstrap, holdout, measures
from tools.evaluation.holdout import Flags, Rows, Scores
from tools.evaluation.request import Request


def difference(
    request: Request, rows: Rows, name: str, chosen: Flags, champion: Scores, challenger: Scores
) -> Difference:
    """Return challenger minus champion in the policy's metric on the chosen rows, with its bootstrap interval."""
    label, old, new = rows.label[chosen], champion[chosen], challenger[chosen]
    if not len(label):
        return Difference(name, request.metric, None, None, None, rows=0, positives=0, blocks=0)
    sample = bootstrap.Sample(label, holdout.blocks(rows.time[chosen]), request.threshold)
    return Difference(
        name=name,
        metric=request.metric,
        champion=value(request.metric, sample, old),
        challenger=value(request.metric, sample, new),
        difference=bootstrap.interval(request.metric, sample, old, new),
        rows=len(label),
        positives=measures.positives(label),
        blocks=sample.blocks,
    )


def errors(request: Request, rows: Rows, name: str, chosen: Flags, champion: Scores, challenger: Scores) -> Difference:
    """Return by how many wrong decisions per row the challenger is better on the chosen rows; at least one row."""
    label, old, new = measures.flags(rows.label)[chosen], champion[chosen], challenger[chosen]
    sample = bootstrap.Sample(label, holdout.blocks(rows.time[chosen]), request.threshold)
    wrong = [float(np.mean(~measures.hits(label, score, request.threshold))) for score in (old, new)]
    return Difference(
        name=name,
        metric="errors",
        champion=wrong[0],
        challenger=wrong[1],
        difference=bootstrap.interval("accuracy", sample, old, new),
        rows=len(label),
        positives=int(label.sum()),
        blocks=sample.blocks,
    )


def value(metric: Metric, sample: bootstrap.Sample, scores: Scores) -> float | None:
    """Return a metric of a model on a sample, None where the rows do not define it."""
    found = measures.value(metric, sample.label, scores, sample.threshold)
    return found if math.isfinite(found) else None
