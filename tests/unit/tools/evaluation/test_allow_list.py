"""What the allow-list lets in, and that it names things that exist."""

import importlib
import subprocess

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_selector, make_column_transformer
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
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, SGDClassifier
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)
from sklearn.svm import SVC
from skops import io as skops

from tools.evaluation.allow_list import ALLOWED

RANDOM = np.random.default_rng(0)
X = pd.DataFrame({"a": RANDOM.normal(size=200), "b": RANDOM.random(200), "m": RANDOM.choice(["x", "y"], 200)})
Y = (X["a"] + RANDOM.normal(size=200) > 0).astype(int)


def numbered(models) -> list[str]:
    return [f"{number}-{type(model).__name__}" for number, model in enumerate(models)]


def foreign(model) -> set[str]:
    """Return the types in the model's file that are not allowed."""
    return set(skops.get_untrusted_types(data=skops.dumps(model))) - ALLOWED


def before(step):
    """Return a pipeline that prepares the numbers with `step`."""
    return make_pipeline(make_column_transformer((step, ["a", "b"])), LogisticRegression())


CLASSIFIERS = [
    LogisticRegression(),
    LogisticRegressionCV(cv=2, scoring="neg_log_loss", l1_ratios=(0,), use_legacy_attributes=False),
    SGDClassifier(loss="log_loss"),
    GaussianNB(),
    CalibratedClassifierCV(SVC(), ensemble=False, cv=2),
    MLPClassifier(hidden_layer_sizes=(3,), solver="lbfgs", max_iter=1000, tol=1.0),
    MLPClassifier(hidden_layer_sizes=(3,), solver="sgd", tol=1.0, n_iter_no_change=1),
    RandomForestClassifier(3, random_state=np.random.RandomState(0)),
    ExtraTreesClassifier(3),
    GradientBoostingClassifier(n_estimators=3),
    HistGradientBoostingClassifier(max_iter=3, early_stopping=True),
    AdaBoostClassifier(n_estimators=3),
    BaggingClassifier(n_estimators=3),
    VotingClassifier([("a", LogisticRegression()), ("b", GaussianNB())], voting="soft"),
    StackingClassifier([("a", LogisticRegression()), ("b", RandomForestClassifier(3))], cv=2),
    CalibratedClassifierCV(RandomForestClassifier(3), cv=2),
    CalibratedClassifierCV(RandomForestClassifier(3), cv=2, method="isotonic"),
    CalibratedClassifierCV(RandomForestClassifier(3), cv=2, method="temperature"),
    GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, cv=TimeSeriesSplit(2), scoring="roc_auc"),
]
STEPS = [
    SimpleImputer(add_indicator=True),
    StandardScaler(),
    RobustScaler(),
    PowerTransformer(),
    QuantileTransformer(n_quantiles=10),
    KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf"),
    PolynomialFeatures(2),
    SplineTransformer(),
    FunctionTransformer(np.log1p),
    SelectKBest(k=1),
]


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_every_name_exists(name: str):
    module, _, type_name = name.rpartition(".")
    assert hasattr(importlib.import_module(module), type_name)


@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=numbered(CLASSIFIERS))
def test_common_classifiers_need_nothing_else(classifier):
    assert foreign(classifier.fit(X[["a", "b"]], Y)) == set()


@pytest.mark.parametrize("step", STEPS, ids=numbered(STEPS))
def test_common_preparations_need_nothing_else(step):
    assert foreign(before(step).fit(X.assign(a=X["a"].abs()), Y)) == set()


@pytest.mark.parametrize(
    "encoder", [OneHotEncoder(), OrdinalEncoder(), TargetEncoder(cv=2)], ids=lambda e: type(e).__name__
)
def test_common_encoders_need_nothing_else(encoder):
    columns = make_column_transformer(
        (encoder, make_column_selector(dtype_include=["str", "object"])), remainder="passthrough"
    )
    assert foreign(make_pipeline(columns, LogisticRegression()).fit(X, Y)) == set()


def test_histogram_boosting_on_categories_needs_nothing_else():
    typed = X.astype({"m": "category"})
    assert foreign(HistGradientBoostingClassifier(max_iter=3).fit(typed, Y)) == set()


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (before(FunctionTransformer(subprocess.list2cmdline, validate=False)), "subprocess.list2cmdline"),
        (before(FunctionTransformer(pd.eval)), "pandas.eval"),
        (KNeighborsClassifier(), "sklearn.neighbors._kd_tree.KDTree"),
    ],
    ids=["a function", "eval", "neighbours"],
)
def test_what_is_not_allowed_is_named(model, named: str):
    if isinstance(model, KNeighborsClassifier):
        model.fit(X[["a", "b"]], Y)
    assert any(named.rpartition(".")[2] in name for name in foreign(model))
