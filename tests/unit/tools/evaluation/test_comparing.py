"""Comparisons of real models that MLflow saved, in this process: nothing here runs code that came with a model."""

import os
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from graph.model import Artifact, Comparison
from graph.spec import ValidationSpec
from tests.saved_models import FEATURES, logistic, payments, prepared, save, write_holdout
from tools.evaluation.allow_list import ALLOWED
from tools.evaluation.comparing import compare
from tools.evaluation.request import Request


class Bench:
    """A holdout and a champion."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.rows = payments()
        self.holdout = write_holdout(self.rows, root / "holdout.parquet")
        self.champion = logistic(C=1e-4)
        self._saved = save(self.champion, root / "champion")
        self.noted: list[str] = []

    def judge(self, challenger: Artifact, **changes) -> Comparison:
        request = Request(
            model="fraud-detector-v1",
            features=FEATURES,
            metric="roc_auc",
            validation=ValidationSpec(),
            holdout=self.holdout.path,
            champion=self._saved.path,
            challenger=challenger.path,
            harm_from=None,
            positive=1,
            threshold=0.5,
            deadline_s=60,
            command_timeout_s=60,
            command_environment={},
            timed_rows=3,
        )
        self.noted.clear()
        return compare(replace(request, **changes), self.root, self.noted.append)

    def refused(self, challenger: Artifact, **changes) -> str:
        found = self.judge(challenger, **{"champion": None, **changes})
        assert found.load_error is not None
        assert (found.rows, found.differences, found.metrics) == (len(self.rows), (), {})
        return found.load_error


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("comparing"))


@pytest.fixture(scope="module")
def better(bench: Bench) -> Artifact:
    return save(logistic(), bench.root / "better")


def test_the_numbers_are_those_of_the_models(bench: Bench):
    model = prepared(RandomForestClassifier(30, min_samples_leaf=20, random_state=0))
    found = bench.judge(save(model, bench.root / "forest"))
    features, label = bench.rows[list(FEATURES)], bench.rows["label"]
    old, new = (m.predict_proba(features)[:, 1] for m in (bench.champion, model))
    overall = found.differences[0]
    assert overall.champion == pytest.approx(roc_auc_score(label, old))
    assert overall.challenger == pytest.approx(roc_auc_score(label, new))
    assert overall.difference is not None
    assert overall.difference.value == pytest.approx(roc_auc_score(label, new) - roc_auc_score(label, old))
    assert overall.difference.low < overall.difference.value < overall.difference.high
    assert overall.blocks == 14
    assert found.metrics["roc_auc"] == {"champion": overall.champion, "challenger": overall.challenger}
    assert found.negative_flips == int((((old >= 0.5) == label) & ((new >= 0.5) != label)).sum())
    assert (found.schema_errors, found.load_error, found.custom) == ((), None, {})


def test_slices_are_compared_like_the_whole(bench: Bench, better: Artifact):
    found = bench.judge(better, validation=ValidationSpec(slices=("merchant",)))
    by_name = {d.name: d for d in found.differences}
    travel = by_name["slice:merchant=travel"]
    chosen = bench.rows["merchant"] == "travel"
    score = bench.champion.predict_proba(bench.rows[list(FEATURES)])[:, 1]
    assert travel.champion == pytest.approx(roc_auc_score(bench.rows["label"][chosen], score[chosen]))
    assert (travel.rows, travel.positives) == (chosen.sum(), bench.rows["label"][chosen].sum())
    assert travel.difference is not None


def test_what_is_done_is_noted_while_it_is_done(bench: Bench, better: Artifact):
    bench.judge(better)
    assert bench.noted == [
        "reading", "challenger loading", "champion loading", "challenger scoring", "champion scoring", "models timing",
        "measuring",
    ]  # fmt: skip


@pytest.mark.parametrize("with_categories", [False, True])
def test_histogram_boosting_is_judged_and_the_same_each_time(bench: Bench, with_categories: bool):
    rows = payments(seed=1)
    model = prepared(HistGradientBoostingClassifier(max_iter=20))
    if with_categories:
        rows["merchant"] = rows["merchant"].astype("category")
        model = Pipeline([("only", HistGradientBoostingClassifier(max_iter=20))])
    challenger = save(model, bench.root / f"histogram-{with_categories}", rows)
    first, second = (bench.judge(challenger) for _ in range(2))
    assert (first.load_error, first.schema_errors) == (None, ())
    assert replace(first, latency_ms={}) == replace(second, latency_ms={})


@pytest.mark.parametrize("how", ["pickle", "cloudpickle"])
def test_a_pickle_is_refused(bench: Bench, how: str):
    refused = bench.refused(save(logistic(), bench.root / how, serialization_format=how))
    assert f"the challenger was saved with flavour sklearn as {how}" in refused
    assert "validation.trust_model_code: true" in refused


def test_a_refused_champion_is_named_as_well(bench: Bench):
    pickled = save(logistic(), bench.root / "both", serialization_format="pickle")
    refused = bench.refused(pickled, champion=pickled.path)
    assert "the challenger was saved" in refused
    assert "the champion was saved" in refused


def test_a_type_that_could_run_code_is_named_and_not_built(bench: Bench):
    evil = make_pipeline(FunctionTransformer(os.system), LogisticRegression())
    refused = bench.refused(save(evil, bench.root / "evil", fit=False, skops_trusted_types=["posix.system", *ALLOWED]))
    assert "holds posix.system, which is not on the allow-list" in refused
    assert "validation.trust_model_code: true" in refused


@pytest.fixture
def no_module_of_that_name() -> Iterator[None]:
    sys.modules.pop("antigravity", None)
    yield
    assert "antigravity" not in sys.modules


@pytest.mark.usefixtures("no_module_of_that_name")
def test_looking_at_a_file_imports_nothing_that_it_names(bench: Bench):
    challenger = save(logistic(), bench.root / "importing")
    file = Path(challenger.path) / "model.skops"
    forge(file, b"sklearn.linear_model._logistic", b"antigravity")
    assert "holds antigravity.LogisticRegression" in bench.refused(challenger)


def forge(file: Path, old: bytes, new: bytes) -> None:
    """Exchange text in the schema of a skops file."""
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old in parts["schema.json"]
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content.replace(old, new) if name == "schema.json" else content)


def test_a_model_without_probabilities_is_refused(bench: Bench):
    refused = bench.refused(save(prepared(LinearRegression()), bench.root / "linear"))
    assert "the challenger is a Pipeline, which has no predict_proba" in refused


def test_a_model_without_the_positive_class_is_refused(bench: Bench, better: Artifact):
    refused = bench.refused(better, positive="fraud")
    assert "knows the classes 0, 1; it must know two, one of them the positive class fraud" in refused


@pytest.mark.parametrize(("positive", "negative"), [("yes", "no"), (True, False), ("1", "0"), (0, 1)])
def test_the_positive_class_may_be_called_anything(bench: Bench, positive, negative):
    rows = payments(seed=1)
    rows["label"] = [positive if label else negative for label in rows["label"]]
    challenger = save(logistic(), bench.root / f"class {positive!r}", rows)
    area = bench.judge(challenger, champion=None, positive=positive).metrics["roc_auc"]["challenger"]
    assert area is not None
    assert area > 0.6


def test_a_log_without_a_column_is_a_schema_error(bench: Bench, better: Artifact):
    found = bench.judge(better, features=("amount", "merchant"))
    said = "the model takes column payments, which the log's features do not hold"
    assert found.schema_errors == (f"challenger: {said}", f"champion: {said}")
    assert (found.load_error, found.differences, found.metrics) == (None, (), {})


def test_a_log_with_a_column_more_is_one_too_but_can_be_scored(bench: Bench, better: Artifact):
    found = bench.judge(better, features=(*FEATURES, "score"))
    said = "the model does not take the log's feature score"
    assert found.schema_errors == (f"challenger: {said}", f"champion: {said}")
    assert found.differences[0].difference is not None


def test_one_class_leaves_no_difference(bench: Bench, better: Artifact, tmp_path: Path):
    holdout = write_holdout(bench.rows[bench.rows["label"] == 0], tmp_path / "negatives.parquet")
    found = bench.judge(better, holdout=holdout.path)
    assert found.differences[0].difference is None
    assert found.differences[0].champion is None
    assert found.metrics["roc_auc"] == {"champion": None, "challenger": None}
    assert found.calibration["champion"]["slope"] is None


def test_no_rows_are_an_answer_without_numbers(bench: Bench, better: Artifact, tmp_path: Path):
    holdout = write_holdout(bench.rows.head(0), tmp_path / "empty.parquet")
    found = bench.judge(better, holdout=holdout.path)
    assert (found.rows, found.differences, found.load_error) == (0, (), None)


def test_one_row_is_enough_for_an_answer(bench: Bench, better: Artifact, tmp_path: Path):
    found = bench.judge(better, holdout=write_holdout(bench.rows.head(1), tmp_path / "one.parquet").path)
    assert found.differences[0].difference is None
    assert np.isfinite(found.latency_ms["challenger"])
