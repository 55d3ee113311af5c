"""Trees as fitted pass; trees whose indices were forged do not."""

from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from tools.evaluation import trees

RANDOM = np.random.default_rng(0)
X = pd.DataFrame(RANDOM.normal(size=(300, 4)), columns=list("abcd"))
X["d"] = pd.Categorical(RANDOM.choice(["x", "y", "z"], 300))
NUMBERS = X[["a", "b", "c"]]
Y = (X["a"] + (X["d"] == "x") + RANDOM.normal(size=300) > 0.5).astype(int)


def forest():
    return RandomForestClassifier(3, random_state=0).fit(NUMBERS, Y)


def histogram():
    return HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=5).fit(X, Y)


MODELS = [
    LogisticRegression(),
    DecisionTreeClassifier(),
    DecisionTreeClassifier(max_leaf_nodes=7),  # grown best first: its nodes come in another order
    DecisionTreeClassifier(ccp_alpha=0.01),  # pruned
    DecisionTreeClassifier(max_depth=1),
    RandomForestClassifier(5),
    ExtraTreesClassifier(5),
    GradientBoostingClassifier(n_estimators=5),
    HistGradientBoostingClassifier(max_iter=5),
    AdaBoostClassifier(n_estimators=5),
    BaggingClassifier(n_estimators=5, max_features=2),
    VotingClassifier([("forest", RandomForestClassifier(5)), ("tree", DecisionTreeClassifier())]),
    StackingClassifier([("forest", RandomForestClassifier(5))]),
    CalibratedClassifierCV(RandomForestClassifier(5), cv=2),
    make_pipeline(StandardScaler(), RandomForestClassifier(5)),
]


@pytest.mark.parametrize(
    "model", MODELS, ids=[f"{number}-{type(model).__name__}" for number, model in enumerate(MODELS)]
)
def test_fitted_models_are_whole(model):
    assert trees.broken(model.fit(NUMBERS, Y)) is None


def test_trees_on_categories_are_whole():
    assert trees.broken(histogram()) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("left_child", 10**6),
        ("right_child", 10**6),
        ("left_child", 0),
        ("right_child", -7),
        ("feature", 99),
        ("feature", -3),
    ],
)
def test_a_forged_node_is_found_however_deep_it_lies(field: str, value: int):
    model = forest()
    tree = model.estimators_[2].tree_
    state = deepcopy(tree.__getstate__())
    state["nodes"][field][0] = value
    tree.__setstate__(state)
    held = np.empty((2, 1), dtype=object)
    held[1, 0] = (make_pipeline(StandardScaler(), model),)
    assert trees.broken({"deep": [held]}) == "DecisionTreeClassifier"


@pytest.mark.parametrize(
    ("field", "value"),
    [("left", 10**6), ("right", 10**6), ("left", 0), ("feature_idx", 99), ("feature_idx", -1)],
)
def test_a_forged_node_of_a_histogram_tree_is_found(field: str, value: int):
    model = histogram()
    model._predictors[1][0].nodes[field][0] = value
    assert trees.broken(model) == "HistGradientBoostingClassifier"


def test_a_forged_category_is_found():
    model = histogram()
    nodes = model._predictors[0][0].nodes
    nodes["is_categorical"][0], nodes["bitset_idx"][0] = 1, 10**6
    assert trees.broken(model) == "HistGradientBoostingClassifier"


def test_a_category_in_a_column_of_numbers_is_found():
    model = histogram()
    model._bin_mapper.is_categorical_ = np.zeros(4, dtype=np.uint8)
    assert any((p.nodes["is_categorical"] != 0).any() for round_ in model._predictors for p in round_)
    assert trees.broken(model) == "HistGradientBoostingClassifier"


def test_a_forest_narrower_than_its_trees_is_found():
    model = forest()
    model.n_features_in_ = 2
    assert trees.broken(model) == "RandomForestClassifier"


def test_a_tree_that_lies_about_its_width_is_found():
    model = DecisionTreeClassifier().fit(NUMBERS, Y)
    model.n_features_in_ = 2
    assert trees.broken(model) == "DecisionTreeClassifier"


def test_boosting_with_a_column_too_many_is_found():
    model = GradientBoostingClassifier(n_estimators=3).fit(NUMBERS, Y)
    model.estimators_ = np.repeat(model.estimators_, 2, axis=1)
    assert trees.broken(model) == "GradientBoostingClassifier"
