"""Evaluation as it is run: real models saved by MLflow, a real child process, and children that come to grief.

Where the start of the child, its environment or its end is the point it is an interpreter of its own, else a fork.
"""

import json
import os
import pickle
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import mlflow
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from graph import codec
from graph.errors import Misconfigured, Unavailable
from graph.model import Artifact, Comparison, Holdout
from graph.spec import ValidationSpec
from tests.saved_models import (
    ENVIRONMENT,
    FEATURES,
    artifact,
    custom,
    logistic,
    model_spec,
    payments,
    prepared,
    quietly,
    save,
    write_holdout,
)
from tools.evaluation.allow_list import ALLOWED
from tools.evaluation.child_process import ChildEvaluator
from tools.evaluation.processes import run
from tools.evaluation.request import Request

ROOT = Path(__file__).parents[2]
PLANTED = {"DATABASE_URL", "MLFLOW_TRACKING_URI", "OPENAI_API_KEY", "LANGSMITH_API_KEY", "AUTOPILOT_HOME", "EDITOR"}
TRUSTING = ValidationSpec(trust_model_code=True)


class Place:
    """A folder with a holdout, a champion, an evaluator, and one whose children are interpreters of their own."""

    def __init__(self, root: Path, forked: str) -> None:
        self.root = root
        self.scratch = root / "scratch"
        self.rows = payments()
        self.holdout = write_holdout(self.rows, root / "holdout.parquet")
        self.champion_model = logistic(C=1e-4)
        self.champion = save(self.champion_model, root / "champion")
        self.evaluator = ChildEvaluator(ENVIRONMENT, forked, self.scratch, timed_rows=3)
        self.real = ChildEvaluator(ENVIRONMENT, sys.executable, self.scratch, timed_rows=3)

    def judge(self, challenger: Artifact, validation: ValidationSpec | None = None) -> Comparison:
        return self.evaluator.compare(model_spec(validation), self.holdout, self.champion, challenger, None)

    def alone(self, challenger: Artifact, validation: ValidationSpec | None = None) -> Comparison:
        return self.evaluator.compare(model_spec(validation), self.holdout, None, challenger, None)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, forked_python: str) -> Place:
    return Place(tmp_path_factory.mktemp("evaluation"), forked_python)


@pytest.fixture(scope="module")
def planted() -> Iterator[None]:
    """What no child may see."""
    with pytest.MonkeyPatch.context() as patch:
        for name in PLANTED:
            patch.setenv(name, "planted")
        yield


METRIC = """
import json, os, sys
import pyarrow.parquet as pq

table = pq.read_table(sys.argv[1]).to_pandas()
gap = float((table.challenger_score - table.champion_score).abs().mean())
environment = {'env ' + name: len(value) for name, value in os.environ.items()}
print(json.dumps({'gap': {'challenger': gap, 'passed': gap > 0}, **environment}))
"""


@pytest.fixture(scope="module")
def measured(place: Place, planted: None) -> Comparison:
    """Two logistic models and the owner's metric command."""
    script = place.root / "metric.py"
    script.write_text(METRIC)
    spec = model_spec(custom(sys.executable, str(script)))
    return place.real.compare(spec, place.holdout, place.champion, save(logistic(), place.root / "logistic"), None)


def test_nothing_is_left_of_a_comparison(place: Place, measured: Comparison):
    assert measured.differences[0].difference is not None
    assert list(place.scratch.iterdir()) == []


def test_a_forged_tree_is_refused_before_it_predicts(place: Place):
    model = prepared(RandomForestClassifier(3)).fit(place.rows[list(FEATURES)], place.rows["label"])
    tree = model[-1].estimators_[1].tree_
    state = tree.__getstate__()
    state["nodes"]["left_child"][0] = 2**40
    tree.__setstate__(state)
    refused = place.alone(save(model, place.root / "forged", fit=False)).load_error
    assert refused is not None
    assert "DecisionTreeClassifier whose trees point outside themselves" in refused


def test_a_pickle_is_judged_where_it_is_trusted(place: Place):
    found = place.alone(save(logistic(), place.root / "pickled", serialization_format="cloudpickle"), TRUSTING)
    assert found.load_error is None
    assert found.metrics["roc_auc"]["challenger"] is not None


OWN_CODE = """
import json, os, sys
import mlflow
import numpy as np

class Own(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        {body}

mlflow.models.set_model(Own())
"""


def save_own(folder: Path, body: str) -> Artifact:
    """Save a model of the owner's own code, as code."""
    source = folder / "own.py"
    source.write_text(OWN_CODE.format(body=body))
    with quietly():
        mlflow.pyfunc.save_model(str(folder / "own"), python_model=str(source), pip_requirements=["mlflow"])
    return artifact(folder / "own")


def test_a_skops_file_with_more_is_judged_where_it_is_trusted(place: Place):
    types = ["sklearn.metrics._dist_metrics.EuclideanDistance64", "sklearn.neighbors._kd_tree.KDTree", *ALLOWED]
    model = prepared(KNeighborsClassifier(algorithm="kd_tree"))
    found = place.alone(save(model, place.root / "neighbours", skops_trusted_types=types), TRUSTING)
    assert found.load_error is None
    assert found.metrics["roc_auc"]["challenger"] is not None


def test_a_model_of_own_code_is_refused_unless_trusted(place: Place, tmp_path: Path):
    challenger = save_own(tmp_path, "return np.full(len(model_input), 0.5)")
    refused = place.alone(challenger).load_error
    assert refused is not None
    assert "flavour python_function" in refused
    found = place.alone(challenger, TRUSTING)
    assert found.metrics["brier"] == {"champion": None, "challenger": 0.25}
    assert found.metrics["roc_auc"]["challenger"] == 0.5
    assert found.calibration["challenger"]["slope"] is None


def test_scores_that_are_none_are_an_error_and_no_numbers(place: Place, tmp_path: Path):
    nans = save_own(tmp_path, "return np.where(model_input['amount'] > 20, np.nan, 0.5)")
    found = place.judge(nans, TRUSTING)
    count = int((place.rows["amount"] > 20).sum())
    assert found.schema_errors == (f"challenger: {count} of 1400 scores are NaN or outside [0, 1]",)
    assert found.differences == ()
    assert found.metrics["roc_auc"]["challenger"] is None
    assert found.metrics["roc_auc"]["champion"] is not None


@pytest.fixture(scope="module")
def killing(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """A model that writes down its environment, as `seen.json` beside its folder, and kills the process."""
    folder = tmp_path_factory.mktemp("killing")
    seen = f"open({str(folder / 'seen.json')!r}, 'w').write(json.dumps(dict(os.environ)))"
    return save_own(folder, f"{seen}; os.write(2, b'about to end'); os.kill(os.getpid(), 9)")


@pytest.fixture(scope="module")
def killed(place: Place, killing: Artifact, planted: None) -> Comparison:
    """The champion and a model that kills the process."""
    return place.real.compare(model_spec(TRUSTING), place.holdout, place.champion, killing, None)


def test_a_model_that_kills_the_process_is_named_with_its_last_words(killed: Comparison):
    assert killed.load_error is not None
    assert "was killed by SIGKILL (often: out of memory) while scoring the challenger" in killed.load_error
    assert killed.load_error.endswith("about to end")
    assert (killed.rows, killed.differences) == (1400, ())


def test_a_version_approved_first_that_kills_the_process_costs_nobody_the_judgement(place: Place, killing: Artifact):
    spec = model_spec(TRUSTING)
    found = place.real.compare(spec, place.holdout, place.champion, place.champion, None, killing)
    assert (found.load_error, found.origin) == (None, None)
    assert found.origin_error is not None
    assert "while scoring the origin; the end of its output: " in found.origin_error
    assert found.origin_error.endswith("about to end")
    assert found.differences[0].rows == 1400


@pytest.mark.usefixtures("killed")
def test_a_model_sees_nothing_of_our_environment(place: Place, killing: Artifact):
    environment = json.loads((Path(killing.path).parent / "seen.json").read_text())
    assert environment["PATH"] == ENVIRONMENT["PATH"]
    assert environment.keys() & PLANTED == set()
    assert environment["HOME"].startswith(str(place.scratch.resolve()))


def test_a_model_that_cannot_take_the_rows_is_said_with_its_reason(place: Place):
    numbers = LogisticRegression().fit([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]], [0, 1])
    error = place.alone(save(numbers, place.root / "numbers", fit=False, signature=None)).load_error
    assert error is not None
    assert "ended with exit status 1 while scoring the challenger" in error
    assert "could not convert string to float" in error


def test_the_metric_command_sees_both_scores_and_no_secret(measured: Comparison):
    heard = measured.custom
    assert heard["gap"]["passed"] is True
    names = {name.removeprefix("env ") for name in heard if name.startswith("env ")}
    threads = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}
    assert names == {"PATH", "LANG", "HOME", "TMPDIR", "TZ", *threads}


def test_a_child_that_nobody_waits_for_ends_itself(place: Place, tmp_path: Path):
    os.mkfifo(tmp_path / "holdout.parquet")  # reading it waits for a writer that never comes
    request = Request(
        model="fraud-detector-v1",
        features=FEATURES,
        metric="roc_auc",
        validation=ValidationSpec(),
        holdout=str(tmp_path / "holdout.parquet"),
        champion=None,
        challenger=place.champion.path,
        harm_from=None,
        positive=1,
        threshold=0.5,
        deadline_s=1,
        command_timeout_s=1,
        command_environment={},
    )
    (tmp_path / "request.json").write_text(json.dumps(codec.dump(request)))
    command = [sys.executable, "-m", "tools.evaluation.child", "request.json", str(tmp_path / "result.json")]
    ended = run(command, tmp_path, 100, 1000, {**ENVIRONMENT, "PYTHONPATH": str(ROOT)})
    assert ended.how(100) == "was killed by SIGALRM"
    assert (tmp_path / "progress").read_text() == "reading"


# --- children that never get as far as a model: a program in the interpreter's place ------------------------------


def stand_in(folder: Path, script: str) -> str:
    """Return the path of an "interpreter" that runs `script`; $6 is where the result would go."""
    program = folder / "python"
    program.write_text(f'#!/bin/sh\ncd "$(dirname "$5")"\n{script}\n')
    program.chmod(0o755)
    return str(program)


def judge_with(place: Place, python: str, **settings) -> Comparison:
    evaluator = ChildEvaluator(ENVIRONMENT, python, place.scratch, **settings)
    return evaluator.compare(model_spec(), place.holdout, place.champion, place.champion, None)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo champion loading > progress; echo sorry >&2; exec sleep 600",
         "was stopped after 1 s while loading the champion; the end of its output: sorry"),
        ("echo challenger scoring > progress; kill -SEGV $$",
         "was killed by SIGSEGV while scoring the challenger; the end of its output: it printed nothing"),
        ("echo models timing > progress; echo first; exit 7", "ended with exit status 7 while timing the models"),
        ("echo challenger loading > progress; yes 0123456789 | head -c 100000000 >&2; echo the end >&2; exit 1",
         "the end"),
    ],
    ids=["hangs", "crashes", "exits", "shouts"],
)  # fmt: skip
def test_a_child_that_dies_on_a_model_is_a_load_error(place: Place, tmp_path: Path, script: str, said: str):
    error = judge_with(place, stand_in(tmp_path, script), timeout_s=1 if "sleep" in script else 60).load_error
    assert error is not None
    assert said in error
    assert len(error) < 1000


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo gone >&2; exit 1", "ended with exit status 1 while starting; the end of its output: gone"),
        ("echo measuring > progress; kill -KILL $$", "was killed by SIGKILL .* while measuring"),
        ("exit 0", "ended with exit status 0 while starting"),
    ],
    ids=["at once", "measuring", "without a result"],
)
def test_a_child_that_dies_otherwise_is_unavailable(place: Place, tmp_path: Path, script: str, said: str):
    with pytest.raises(Unavailable, match=f"fraud-detector-v1: the evaluation process {said}"):
        judge_with(place, stand_in(tmp_path, script))


def test_no_interpreter_is_unavailable(place: Place):
    with pytest.raises(Unavailable, match="No such file or directory: '/no/python'"):
        judge_with(place, "/no/python")


def test_a_place_that_cannot_be_written_is_unavailable(place: Place, tmp_path: Path):
    (tmp_path / "file").touch()
    evaluator = ChildEvaluator(ENVIRONMENT, sys.executable, tmp_path / "file")
    with pytest.raises(Unavailable, match="could not be run"):
        evaluator.compare(model_spec(), place.holdout, None, place.champion, None)


@pytest.mark.parametrize("damage", ["gone", "cut off"])
def test_a_damaged_holdout_is_unavailable(place: Place, tmp_path: Path, damage: str):
    file = tmp_path / "holdout.parquet"
    holdout: Holdout = replace(place.holdout, path=str(file))
    if damage == "cut off":
        file.write_bytes(Path(place.holdout.path).read_bytes()[:-100])
    with pytest.raises(Unavailable, match="exit status 1 while reading"):
        place.evaluator.compare(model_spec(), holdout, None, place.champion, None)


def test_a_slice_that_is_no_feature_is_misconfigured(place: Place):
    with pytest.raises(Misconfigured, match=r"validation\.slices names country"):
        place.alone(place.champion, ValidationSpec(slices=("country",)))


def test_a_damaged_model_file_is_a_load_error(place: Place, tmp_path: Path):
    shutil.copytree(place.champion.path, tmp_path / "model")
    (tmp_path / "model" / "model.skops").write_bytes(pickle.dumps("not a zip"))
    error = place.alone(artifact(tmp_path / "model")).load_error
    assert error is not None
    assert "while loading the challenger" in error
    assert "File is not a zip file" in error
