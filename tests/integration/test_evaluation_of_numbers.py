"""Regressions evaluated as they are run: saved by MLflow, loaded from skops in a child, compared on their losses."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import Ridge

from graph.model import Artifact, Comparison
from graph.spec import ValidationSpec
from tests.saved_models import ENVIRONMENT, START, custom, logistic, model_spec, payments, prepared, save, write_holdout
from tools.evaluation.child_process import ChildEvaluator

MEASURE = (
    "import json, sys, pandas as pd; t = pd.read_parquet(sys.argv[1]); "
    "print(json.dumps({'worst': float((t.label - t.challenger_score).abs().max())}))"
)


def prices(seed: int, rows: int = 1400) -> pd.DataFrame:
    """Return payments whose label is a number."""
    frame = payments(rows, seed)
    draw = np.random.default_rng(seed)
    exact = 10 + 2 * np.log(frame["amount"]) + frame["payments"].fillna(4.0)
    return frame.assign(label=exact + draw.normal(0, 0.5, rows))


class Place:
    """A folder with a holdout, a champion and an evaluator."""

    def __init__(self, root: Path, python: str) -> None:
        self.root = root
        self.learned = prices(1)
        self.holdout = write_holdout(prices(0), root / "holdout.parquet")
        self.champion = self.saved("champion", Ridge(1e5))
        self.evaluator = ChildEvaluator(ENVIRONMENT, python, root / "scratch", timed_rows=3)
        self.real = ChildEvaluator(ENVIRONMENT, sys.executable, root / "scratch", timed_rows=3)

    def saved(self, name: str, model: Any) -> Artifact:
        return save(prepared(model), self.root / name, self.learned)

    def judge(
        self,
        challenger: Artifact,
        validation: ValidationSpec | None = None,
        metric: str = "rmse",
        evaluator: ChildEvaluator | None = None,
    ) -> Comparison:
        asked = replace(validation or ValidationSpec(), min_positives=0)
        spec = replace(model_spec(asked, metric=metric), task="regression")
        evaluator = evaluator or self.evaluator
        return evaluator.compare(spec, self.holdout, self.champion, challenger, START.replace(day=10))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, forked_python: str) -> Place:
    return Place(tmp_path_factory.mktemp("numbers"), forked_python)


@pytest.mark.parametrize(
    "model",
    [
        Ridge(),
        RandomForestRegressor(20, max_depth=8),
        GradientBoostingRegressor(n_estimators=30),
        HistGradientBoostingRegressor(max_iter=30),
    ],
    ids=lambda model: type(model).__name__,
)
def test_regressors_load_from_skops_and_are_compared(place: Place, model: Any):
    # One in an interpreter that has loaded nothing: what the child lacks then is missing for everybody.
    evaluator = place.real if isinstance(model, Ridge) else place.evaluator
    found = place.judge(place.saved(type(model).__name__, model), evaluator=evaluator)
    assert (found.load_error, found.schema_errors) == (None, ())
    assert set(found.metrics) == {"rmse", "mae"}
    assert all(set(values) == {"champion", "challenger"} for values in found.metrics.values())
    assert [part.name for part in found.differences] == ["overall", "harm", "rest"]
    for part in found.differences:
        assert (part.metric, part.positives) == ("rmse", 0)
        assert part.difference is not None
        assert part.difference.low > 0
    assert found.searched > 5
    assert set(found.latency_ms) == {"champion", "challenger"}
    # What only a classifier has is absent.
    assert (found.positives, found.negative_flips, found.calibration) == (0, 0, {})
    assert (found.errors, found.reversals, found.told_apart) == ((), (), None)


def test_the_owners_command_gets_the_numbers(place: Place):
    found = place.judge(place.champion, custom(sys.executable, "-c", MEASURE), metric="mae")
    assert found.custom["worst"]["challenger"] > 1
    overall = found.differences[0]
    assert overall.difference is not None
    assert (overall.metric, overall.difference.value) == ("mae", 0)


def test_a_classifier_is_no_regression(place: Place):
    found = place.judge(save(logistic(), place.root / "classifier"))
    assert found.load_error is not None
    assert "predicts no numbers: train a regressor, or say task: binary_classification" in found.load_error


def test_a_loss_too_large_for_a_number_is_none(place: Place):
    found = place.judge(place.saved("infinite", DummyRegressor(strategy="constant", constant=1e308)))
    assert found.load_error is None
    assert found.metrics["rmse"]["challenger"] is None
