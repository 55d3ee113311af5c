"""Loads models in the child and has them score the rows. Judges nothing, measures nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from graph.spec import Task
from tools.evaluation import loading, schema
from tools.evaluation.holdout import Rows, Scores
from tools.evaluation.loading import LoadedModel
from tools.evaluation.mlmodel import ModelError
from tools.evaluation.request import Doing, Request, Role

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


def progress(whom: Role | Literal["models"], doing: Doing) -> str:
    """Return the note on what is done now, with which model."""
    return f"{whom} {doing}"


def load(request: Request, folders: Mapping[Role, str | None], note: Note) -> tuple[dict[Role, LoadedModel], list[str]]:
    """Return the models that load, and why the others do not."""
    models: dict[Role, LoadedModel] = {}
    refusals: list[str] = []
    for role, folder in folders.items():
        if folder is None:
            continue
        note(progress(role, "loading"))
        try:
            models[role] = loading.load(request, role, folder)
        except ModelError as error:
            refusals.append(str(error))
    return models, refusals


def score(
    models: Mapping[Role, LoadedModel], rows: Rows, note: Note, task: Task
) -> tuple[dict[Role, Scored], list[str]]:
    """Return the scores of the models that fit the rows, and what is wrong with models, frames or scores."""
    numbers = task == "regression"
    scored: dict[Role, Scored] = {}
    errors: list[str] = []
    for role, model in models.items():
        note(progress(role, "scoring"))
        frame, misfits = schema.fit(model.saved, model.trained_on, rows.features)
        errors += misfits
        if frame is None:
            continue
        scores = np.asarray(model.score(frame), dtype=np.float64)
        wrong = _wrong_scores(scores, len(rows.label), numbers)
        if wrong:
            errors.append(f"{role}: {wrong}")
        else:
            scored[role] = Scored(model, frame, scores if numbers else np.clip(scores, 0, 1))
    return scored, errors


def _wrong_scores(scores: Scores, rows: int, numbers: bool) -> str | None:
    if scores.shape != (rows,):
        return f"it returned scores of shape {scores.shape} for {rows} rows"
    if numbers:
        bad = int((~np.isfinite(scores)).sum())
        return f"{bad} of {rows} predictions are NaN or infinite" if bad else None
    bad = int((~((scores >= -_ROUNDING) & (scores <= 1 + _ROUNDING))).sum())
    return f"{bad} of {rows} scores are NaN or outside [0, 1]" if bad else None
