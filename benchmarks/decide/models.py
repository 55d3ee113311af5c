"""The champion's algorithm, and every candidate's: three families, quick to fit, nothing left to chance."""

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from benchmarks.decide.tables import Column, FloatArray, IntArray

Algorithm = Literal["boosting", "logistic", "forest"]


@dataclass(frozen=True)
class Model:
    """Scores rows given as `Table.x` is; a category that it was not trained on counts as missing."""

    estimator: Any
    encoder: "OneHot | Codes"

    def score(self, x: FloatArray) -> FloatArray:
        """Return P(y = 1) of each row."""
        if not len(x):
            return np.empty(0)
        if isinstance(self.estimator, float):
            return np.full(len(x), self.estimator)
        return np.asarray(self.estimator.predict_proba(self.encoder(x))[:, 1])


def fit(algorithm: Algorithm, columns: tuple[Column, ...], x: FloatArray, y: IntArray) -> Model:
    """Train; rows of one class alone give a model that always says their share."""
    encoder = OneHot(columns, x) if algorithm == "logistic" else Codes(columns)
    if len(np.unique(y)) < 2:
        return Model(float(np.mean(y)), encoder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Model(_estimator(algorithm, columns).fit(encoder(x), y), encoder)


def _estimator(algorithm: Algorithm, columns: tuple[Column, ...]) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    if algorithm == "logistic":
        return LogisticRegression(C=0.5, max_iter=200)
    if algorithm == "forest":
        return RandomForestClassifier(40, max_depth=9, min_samples_leaf=8, max_samples=0.6, random_state=0, n_jobs=1)
    categorical = [at for at, column in enumerate(columns) if column.categorical]
    return HistGradientBoostingClassifier(
        max_iter=40,
        max_leaf_nodes=12,
        min_samples_leaf=25,
        early_stopping=False,
        categorical_features=categorical or None,
        random_state=0,
    )


class Codes:
    """Categories stay codes; one beyond the known values becomes missing."""

    def __init__(self, columns: tuple[Column, ...]) -> None:
        self._sizes = np.array([len(c.values) if c.categorical else np.inf for c in columns])

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return `x` without unknown codes."""
        return np.where(x < self._sizes, x, np.nan) if np.isfinite(self._sizes).any() else x


class OneHot:
    """Numeric columns standardised, clipped and filled with the mean, categories one column each."""

    def __init__(self, columns: tuple[Column, ...], x: FloatArray) -> None:
        self._sizes = [len(c.values) for c in columns]
        numeric = [at for at, size in enumerate(self._sizes) if not size]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a column of nulls alone has no mean
            self._mean, spread = np.nan_to_num(np.nanmean(x, 0)), np.nan_to_num(np.nanstd(x, 0))
        self._numeric, self._spread = numeric, np.where(spread > 0, spread, 1.0)

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return rows × encoded columns."""
        z = np.clip((x - self._mean) / self._spread, -6, 6)[:, self._numeric]
        hot = [x[:, [at]] == np.arange(size) for at, size in enumerate(self._sizes) if size]
        return np.column_stack([np.nan_to_num(z), *hot]).astype(float)
