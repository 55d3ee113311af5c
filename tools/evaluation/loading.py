"""Loads a saved model without running code that came with it, unless the owner trusts that code."""

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from skops import io as skops

from tools.evaluation import mlmodel, trees
from tools.evaluation.allow_list import ALLOWED
from tools.evaluation.holdout import Scores
from tools.evaluation.mlmodel import ModelError, SavedModel
from tools.evaluation.request import Request, Role

_TRUST = "set validation.trust_model_code: true if you trust the training code"
_WITH_CLASSES = ("sklearn", "xgboost", "lightgbm", "catboost")
"""Flavours of MLflow whose own loader may return an estimator with predict_proba."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model ready to score."""

    saved: SavedModel
    trained_on: Iterable[str] | None
    """The column names that the estimator remembers from its training."""
    score: Callable[[pd.DataFrame], Scores]
    """Rows of features to the probability of the positive class, or to a number, one per row; not yet checked."""


def load(request: Request, role: Role, folder: str) -> LoadedModel:
    """Return the model in `folder`. Raises ModelError when it needs trust it does not have or cannot give scores."""
    saved = mlmodel.read(role, Path(folder))
    if saved.skops_file is not None:
        foreign = sorted(set(skops.get_untrusted_types(file=saved.skops_file)) - ALLOWED)
        if not foreign:
            return _of_estimator(request, saved, _load_skops(saved, saved.skops_file))
        if not request.validation.trust_model_code:
            raise ModelError(f"the {role}'s model file holds {', '.join(foreign)}, which is not on the allow-list: "
                             f"leave that out of the model, or {_TRUST}")  # fmt: skip
    if not request.validation.trust_model_code:
        raise ModelError(f"the {role} was saved with flavour {saved.stored_as}, and loading that runs code that came "
                         f"with it: save it with mlflow.sklearn as skops, or {_TRUST}")  # fmt: skip
    return _load_trusted(request, saved)


def _load_skops(saved: SavedModel, file: Path) -> object:
    model: object = skops.load(file, trusted=sorted(ALLOWED))
    name = trees.broken(model)
    if name is not None:
        raise ModelError(f"the {saved.role}'s model file holds a {name} whose trees point outside themselves: "
                         "it is damaged or forged; train it again")  # fmt: skip
    return model


def _load_trusted(request: Request, saved: SavedModel) -> LoadedModel:
    for flavor in _WITH_CLASSES:
        if flavor in saved.flavors:
            model = importlib.import_module(f"mlflow.{flavor}").load_model(str(saved.folder))
            if hasattr(model, "predict_proba") or request.task == "regression":
                return _of_estimator(request, saved, model)
    pyfunc = importlib.import_module("mlflow.pyfunc").load_model(str(saved.folder))
    column = _only_column if request.task == "regression" else _positive_column
    return LoadedModel(saved, None, lambda frame: column(np.asarray(pyfunc.predict(frame), dtype=np.float64)))


def _only_column(predicted: Scores) -> Scores:
    """Return the predictions in what a model returned: itself, or its only column."""
    return predicted[:, 0] if predicted.ndim == 2 and predicted.shape[1] == 1 else predicted


def _positive_column(predicted: Scores) -> Scores:
    """Return the scores in what a pyfunc model returned: itself, its only column, or the second of two."""
    if predicted.ndim == 2 and predicted.shape[1] in (1, 2):
        return predicted[:, -1]
    return predicted


def _of_estimator(request: Request, saved: SavedModel, model: Any) -> LoadedModel:
    if request.task == "regression":
        return _of_regressor(saved, model)
    if not hasattr(model, "predict_proba"):
        raise ModelError(f"the {saved.role} is a {type(model).__name__}, which has no predict_proba and so gives no "
                         "scores: train a classifier with probabilities")  # fmt: skip
    column = _column(saved.role, list(model.classes_), request.positive)
    trained_on = getattr(model, "feature_names_in_", None)
    return LoadedModel(saved, trained_on, lambda frame: np.asarray(model.predict_proba(frame))[:, column])


def _of_regressor(saved: SavedModel, model: Any) -> LoadedModel:
    if not hasattr(model, "predict") or hasattr(model, "classes_"):
        raise ModelError(f"the {saved.role} is a {type(model).__name__}, which predicts no numbers: train a regressor, "
                         "or say task: binary_classification")  # fmt: skip
    trained_on = getattr(model, "feature_names_in_", None)
    return LoadedModel(saved, trained_on, lambda frame: _only_column(np.asarray(model.predict(frame))))


def _column(role: Role, classes: list[object], positive: object) -> int:
    matching = [i for i, value in enumerate(classes) if value == positive or str(value) == str(positive)]
    if len(classes) != 2 or len(matching) != 1:
        shown = ", ".join(str(value) for value in classes[:5])
        raise ModelError(f"the {role} knows the classes {shown}; it must know two, one of them the positive class "
                         f"{positive}: check the training data and score.positive")  # fmt: skip
    return matching[0]
