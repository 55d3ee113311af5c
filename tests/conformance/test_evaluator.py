"""What every Evaluator promises."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from graph import codec
from graph.model import Artifact, Comparison, Holdout
from graph.ports import Evaluator
from tests.fakes.evaluator import FakeEvaluator
from tests.saved_models import ENVIRONMENT, START, artifact, logistic, model_spec, payments, save, write_holdout
from tools.evaluation.child_process import ChildEvaluator

HARM = START + timedelta(days=9)


@dataclass(frozen=True)
class Bench:
    """An evaluator, rows to judge on, and three models of which one cannot be loaded."""

    evaluator: Evaluator
    holdout: Holdout
    champion: Artifact
    challenger: Artifact
    unloadable: Artifact

    def compare(
        self, champion: bool = True, harm: bool = True, loadable: bool = True, origin: Artifact | None = None
    ) -> Comparison:
        return self.evaluator.compare(
            model_spec(metric="average_precision"),
            self.holdout,
            self.champion if champion else None,
            self.challenger if loadable else self.unloadable,
            HARM if harm else None,
            origin,
        )


def _fake(folder: Path, _: pytest.FixtureRequest) -> Bench:
    evaluator = FakeEvaluator()
    holdout = write_holdout(payments(), folder / "holdout.parquet")
    champion, challenger, unloadable = (artifact(folder / name) for name in ("old", "new", "broken"))
    evaluator.unloadable.add(unloadable.digest)
    return Bench(evaluator, holdout, champion, challenger, unloadable)


def _child(folder: Path, request: pytest.FixtureRequest) -> Bench:
    return Bench(
        ChildEvaluator(ENVIRONMENT, request.getfixturevalue("forked_python"), folder / "scratch", timed_rows=3),
        write_holdout(payments(), folder / "holdout.parquet"),
        save(logistic(C=1e-4), folder / "old"),
        save(logistic(), folder / "new"),
        artifact(folder / "broken"),
    )


@pytest.fixture(scope="module", params=[_fake, _child], ids=["fake", "child"])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    made: Bench = request.param(tmp_path_factory.mktemp("models"), request)
    return made


@pytest.fixture(scope="module")
def compare(bench: Bench) -> Callable[..., Comparison]:
    """`bench.compare`, asked once for each question."""
    return cache(bench.compare)


def test_the_rows_are_the_holdouts(bench, compare):
    assert (compare().rows, compare().positives) == (bench.holdout.rows, bench.holdout.positives)


def test_differences_are_of_the_policys_metric(compare):
    assert {d.metric for d in compare().differences} == {"average_precision"}
    assert all(d.difference is not None for d in compare().differences)


def test_the_harm_splits_the_rows(compare):
    assert [d.name for d in compare().differences] == ["overall", "harm", "rest"]


def test_without_a_harm_there_is_no_rest(compare):
    assert [d.name for d in compare(harm=False).differences] == ["overall"]


def test_both_models_are_measured(compare):
    found = compare()
    assert {role for values in found.metrics.values() for role, value in values.items() if value is not None} == {
        "champion",
        "challenger",
    }
    assert set(found.calibration) == set(found.latency_ms) == {"champion", "challenger"}
    assert (found.schema_errors, found.load_error) == ((), None)


def test_without_a_champion_only_the_challenger_is_measured(compare):
    found = compare(champion=False)
    assert found.differences == ()
    assert {values["champion"] for values in found.metrics.values()} == {None}
    assert None not in {values["challenger"] for values in found.metrics.values()}
    assert set(found.calibration) == set(found.latency_ms) == {"challenger"}
    assert found.negative_flips == 0


def test_a_model_that_cannot_be_loaded_is_an_answer(bench, compare):
    found = compare(loadable=False)
    assert found.load_error is not None
    assert "challenger" in found.load_error
    assert (found.differences, found.metrics, found.calibration, found.latency_ms) == ((), {}, {}, {})
    assert found.rows == bench.holdout.rows


def test_wrong_decisions_are_compared_on_all_rows_and_where_the_harm_was(compare):
    assert [(d.name, d.metric) for d in compare().errors] == [("overall", "errors"), ("harm", "errors")]
    assert [d.name for d in compare(harm=False).errors] == ["overall"]
    assert compare(champion=False).errors == ()
    gained = compare(harm=False).errors[0]
    assert gained.difference is not None
    assert gained.difference.value == pytest.approx(gained.champion - gained.challenger)


def test_confident_decisions_are_counted_by_kind(compare):
    assert [each.decision for each in compare().reversals] == ["positive", "negative"]
    assert compare(champion=False).reversals == ()


def test_the_version_approved_first_is_another_difference(bench, compare):
    beside = compare(origin=bench.champion).origin
    assert beside is not None
    assert (beside.name, beside.metric) == ("origin", "average_precision")
    assert beside.difference is not None
    assert (compare().origin, compare().origin_error) == (None, None)


def test_a_version_approved_first_that_cannot_be_loaded_is_said_and_changes_nothing(bench, compare):
    found = compare(origin=bench.unloadable)
    assert found.origin is None
    assert found.origin_error
    assert found.load_error is None
    assert found.differences == compare().differences


@pytest.mark.parametrize("question", [{}, {"champion": False}, {"loadable": False}], ids=str)
def test_every_answer_survives_being_stored(compare, question):
    found = compare(**question)
    assert codec.load(Comparison, codec.dump(found)) == found
    assert codec.canonical(codec.dump(found))  # raises on NaN
