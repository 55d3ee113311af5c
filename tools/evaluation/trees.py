"""Looks at the node indices of fitted trees before anything predicts with them.

scikit-learn follows stored indices without looking: with a crafted file it would read and write outside its arrays, or
run in a circle, here and later wherever the model serves. skops therefore trusts no tree; the allow-list does, because
of this file.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble._forest import BaseForest
from sklearn.ensemble._gb import BaseGradientBoosting
from sklearn.ensemble._hist_gradient_boosting.gradient_boosting import BaseHistGradientBoosting
from sklearn.tree import BaseDecisionTree

Indices = NDArray[np.integer[Any]]


def broken(model: object) -> str | None:
    """Return the class of an estimator inside `model` whose trees do not fit together, or None when all are whole."""
    return next((type(part).__name__ for part in _parts(model) if not _whole(part)), None)


def _parts(root: object) -> Iterator[object]:
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        waiting.extend(_inside(part))


def _inside(part: Any) -> Iterable[object]:
    if isinstance(part, dict):
        return part.values()
    if isinstance(part, (list, tuple, set)):
        return part
    if isinstance(part, np.ndarray):
        return part.ravel() if part.dtype == object else ()
    return vars(part).values() if hasattr(part, "__dict__") and not isinstance(part, type) else ()


def _whole(part: Any) -> bool:
    if isinstance(part, BaseDecisionTree):
        return not hasattr(part, "tree_") or (_whole_tree(part.tree_) and part.tree_.n_features == part.n_features_in_)
    if isinstance(part, (BaseForest, BaseGradientBoosting)):
        return _same_width(part, getattr(part, "estimators_", []))
    if isinstance(part, BaseHistGradientBoosting):
        return all(_whole_predictor(p, part) for round_ in getattr(part, "_predictors", []) for p in round_)
    return True


def _same_width(ensemble: Any, trees: Any) -> bool:
    # Two classes need one tree per round; gradient boosting adds the k-th tree to the k-th column without looking.
    one_column = not isinstance(ensemble, BaseGradientBoosting) or np.shape(trees)[1:] == (1,)
    return one_column and all(tree.tree_.n_features == ensemble.n_features_in_ for tree in np.ravel(trees))


def _follows(children: Indices, parents: Indices, count: int) -> bool:
    # A child always has a higher index than its parent, however the tree was grown: so there can be no circle either.
    return bool(np.all(children > parents) and np.all(children < count))


def _whole_tree(tree: Any) -> bool:
    inner = np.flatnonzero(tree.children_left != -1)
    feature = tree.feature[inner]
    return (
        tree.node_count > 0
        and _follows(tree.children_left[inner], inner, tree.node_count)
        and _follows(tree.children_right[inner], inner, tree.node_count)
        and bool(np.all((feature >= 0) & (feature < tree.n_features)))
    )


def _whole_predictor(predictor: Any, ensemble: Any) -> bool:
    nodes, categorical = predictor.nodes, np.asarray(ensemble._bin_mapper.is_categorical_)
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    feature, is_categorical = nodes["feature_idx"][inner], nodes["is_categorical"][inner] != 0
    return (
        len(nodes) > 0
        and len(categorical) == ensemble.n_features_in_
        and _follows(nodes["left"][inner], inner, len(nodes))
        and _follows(nodes["right"][inner], inner, len(nodes))
        and bool(np.all((feature >= 0) & (feature < len(categorical))))
        and bool(np.all(categorical[feature[is_categorical]]))
        and bool(np.all(nodes["bitset_idx"][inner][is_categorical] < len(predictor.raw_left_cat_bitsets)))
    )
