"""Compares champion and challenger on the holdout: load, score, measure. Runs in the child; judges nothing."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
import pandas as pd

from graph.model import Comparison, Difference, Json
from tools.evaluation import bootstrap, custom, holdout, latency, loading, measures, schema
from tools.evaluation.holdout import Flags, Rows, Scores
from tools.evaluation.loading import LoadedModel
from tools.evaluation.mlmodel import ModelError
from tools.evaluation.request import Doing, Request, Role, nothing_measured

Name = TypeVar("Name", bound=str)
Note = Callable[[str], None]
"""Tells the parent what is done now."""
_ROUNDING = 1e-9
"""A mean of a forest's votes may come out as 1.0000000000000002."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A model with the frame it was given and the scores it gave."""

    model: LoadedModel
    frame: pd.DataFrame
    scores: Scores


def compare(request: Request, folder: Path, note: Note) -> Comparison:
    """Return everything measured. Lets through what a model raises: the parent then says which model, doing what."""
    note("reading")
    rows = holdout.read(request)
    models, refusals = _load(request, note)
    if refusals or not len(rows.label):
        return nothing_measured(len(rows.label), int(rows.label.sum()), "; ".join(refusals) or None)
    scored, errors = _score(models, rows, note)
    timed = {role: (s.model, s.frame) for role, s in scored.items()}
    note(_progress("models", "timing"))
    latencies = latency.p95_ms(timed)
    note("measuring")
    return _measure(request, rows, scored, tuple(errors), latencies, folder)


def _progress(whom: Role | Literal["models"], doing: Doing) -> str:
    return f"{whom} {doing}"


def _load(request: Request, note: Note) -> tuple[dict[Role, LoadedModel], list[str]]:
    models: dict[Role, LoadedModel] = {}
    refusals: list[str] = []
    folders: dict[Role, str | None] = {"challenger": request.challenger, "champion": request.champion}
    for role, folder in folders.items():
        if folder is None:
            continue
        note(_progress(role, "loading"))
        try:
            models[role] = loading.load(request, role, folder)
        except ModelError as error:
            refusals.append(str(error))
    return models, refusals


def _score(models: Mapping[Role, LoadedModel], rows: Rows, note: Note) -> tuple[dict[Role, Scored], list[str]]:
    scored: dict[Role, Scored] = {}
    errors: list[str] = []
    for role, model in models.items():
        note(_progress(role, "scoring"))
        frame, misfits = schema.fit(model.saved, model.trained_on, rows.features)
        errors += misfits
        if frame is None:
            continue
        scores = np.asarray(model.score(frame), dtype=np.float64)
        wrong = _wrong_scores(scores, len(rows.label))
        if wrong:
            errors.append(f"{role}: {wrong}")
        else:
            scored[role] = Scored(model, frame, np.clip(scores, 0, 1))
    return scored, errors


def _wrong_scores(scores: Scores, rows: int) -> str | None:
    if scores.shape != (rows,):
        return f"it returned scores of shape {scores.shape} for {rows} rows"
    bad = int((~((scores >= -_ROUNDING) & (scores <= 1 + _ROUNDING))).sum())
    return f"{bad} of {rows} scores are NaN or outside [0, 1]" if bad else None


def _measure(
    request: Request,
    rows: Rows,
    scored: Mapping[Role, Scored],
    errors: tuple[str, ...],
    latencies: Mapping[str, float],
    folder: Path,
) -> Comparison:
    scores = {role: s.scores for role, s in scored.items()}
    pair = (scores["champion"], scores["challenger"]) if len(scores) == 2 else None
    return Comparison(
        rows=len(rows.label),
        positives=int(rows.label.sum()),
        differences=tuple(_differences(request, rows, *pair)) if pair else (),
        metrics=_metrics(rows.label, scores, request.threshold),
        calibration={role: _known(measures.calibration(rows.label, score)) for role, score in scores.items()},
        latency_ms=dict(latencies),
        negative_flips=measures.negative_flips(rows.label, *pair, request.threshold) if pair else 0,
        schema_errors=errors,
        custom=_custom(request, rows, scores, folder),
    )


def _custom(request: Request, rows: Rows, scores: Mapping[Role, Scores], folder: Path) -> dict[str, Json]:
    asked = request.validation.metric_command and "challenger" in scores
    if not asked or (request.champion is not None and "champion" not in scores):
        return {}
    return custom.measure(request, rows, scores.get("champion"), scores["challenger"], folder)


def _metrics(label: Flags, scores: Mapping[Role, Scores], threshold: float) -> dict[str, dict[str, float | None]]:
    values = {role: _known(measures.metrics(label, score, threshold)) for role, score in scores.items()}
    roles: tuple[Role, ...] = ("champion", "challenger")
    names = next(iter(values.values()), {})
    return {name: {role: values.get(role, {}).get(name) for role in roles} for name in names}


def _known(values: Mapping[Name, float]) -> dict[Name, float | None]:
    """Return the values with None for what is not defined: NaN is no number in JSON and never one in a report."""
    return {name: value if math.isfinite(value) else None for name, value in values.items()}


def _differences(request: Request, rows: Rows, champion: Scores, challenger: Scores) -> Iterator[Difference]:
    for name, chosen in holdout.parts(request, rows):
        yield _difference(request, rows, name, chosen, champion, challenger)


def _difference(
    request: Request, rows: Rows, name: str, chosen: Flags, champion: Scores, challenger: Scores
) -> Difference:
    label, old, new = rows.label[chosen], champion[chosen], challenger[chosen]
    if not len(label):
        return Difference(name, request.metric, None, None, None, rows=0, positives=0, blocks=0)
    sample = bootstrap.Sample(label, holdout.blocks(rows.time[chosen]), request.threshold)
    return Difference(
        name=name,
        metric=request.metric,
        champion=_value(request, label, old),
        challenger=_value(request, label, new),
        difference=bootstrap.interval(request.metric, sample, old, new),
        rows=len(label),
        positives=int(label.sum()),
        blocks=sample.blocks,
    )


def _value(request: Request, label: Flags, scores: Scores) -> float | None:
    value = measures.value(request.metric, label, scores, request.threshold)
    return value if math.isfinite(value) else None
