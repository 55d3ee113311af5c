"""The owner's metric command: what it is given, and what becomes of it when it fails."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from graph.model import Json
from graph.spec import ValidationSpec
from tests.saved_models import ENVIRONMENT, FEATURES, entry, payments, write_holdout
from tools.evaluation import custom, holdout
from tools.evaluation.request import Request


def asked(folder: Path, *command: str, timeout_s: float = 60) -> Request:
    return Request(
        model="m",
        features=FEATURES,
        metric="roc_auc",
        validation=ValidationSpec(metric_command=command),
        holdout=write_holdout(payments(60), folder / "holdout.parquet").path,
        champion=None,
        challenger="",
        harm_from=None,
        positive=1,
        threshold=0.5,
        deadline_s=60,
        command_timeout_s=timeout_s,
        command_environment={**ENVIRONMENT, "GIVEN": "yes"},
    )


def measure(folder: Path, request: Request, with_champion: bool = True) -> dict[str, Json]:
    scores = np.linspace(0, 1, 60)
    return custom.measure(request, holdout.read(request), 1 - scores if with_champion else None, scores, folder)


def python(folder: Path, code: str, **more) -> dict[str, Json]:
    return measure(folder, asked(folder, sys.executable, "-c", code, **more))


def error(heard: dict[str, Json]) -> str:
    assert list(heard) == ["metric_command"]
    assert heard["metric_command"]["passed"] is False
    return str(heard["metric_command"]["error"])


@pytest.mark.parametrize("with_champion", [True, False])
def test_it_gets_a_parquet_of_the_judged_rows(tmp_path, with_champion: bool):
    keep = "import shutil, sys; shutil.copy(sys.argv[1], 'kept.parquet'); print('{\"rows\": 60}')"
    request = asked(tmp_path, sys.executable, "-c", keep)
    assert measure(tmp_path, request, with_champion) == {"rows": entry(60)}
    table = pq.read_table(tmp_path / "kept.parquet")
    assert table.column_names == ["label", "event_time", "champion_score", "challenger_score", *FEATURES]
    assert str(table.schema.field("event_time").type) == "timestamp[us, tz=UTC]"
    assert table["champion_score"].null_count == (0 if with_champion else 60)
    assert table["challenger_score"].to_pylist() == np.linspace(0, 1, 60).tolist()
    assert not (tmp_path / "scored.parquet").exists()


def test_a_feature_with_one_of_our_names_gives_way(tmp_path):
    request = asked(tmp_path, sys.executable, "-c", "print('{\"ok\": 1}')")
    assert measure(tmp_path, replace(request, features=("amount", "label"))) == {"ok": entry(1)}


def test_it_gets_the_given_environment_and_nothing_else(tmp_path):
    code = "import json, os; print(json.dumps({name: len(name) for name in os.environ}))"
    assert set(python(tmp_path, code)) == {"PATH", "LANG", "GIVEN", "LC_CTYPE"} - {"LC_CTYPE"}


def test_it_runs_in_the_evaluations_own_folder(tmp_path):
    python(tmp_path, "open('here', 'w')")
    assert (tmp_path / "here").exists()


def test_it_may_remove_its_own_input(tmp_path):
    assert python(tmp_path, "import os, sys; os.remove(sys.argv[1]); print('{\"ok\": 1}')") == {"ok": entry(1)}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; print('no cost table', file=sys.stderr); sys.exit(4)", "exit status 4: no cost table"),
        ("import os; os.kill(os.getpid(), 11)", "was killed by SIGSEGV"),
        ("print('cost = 3')", "it printed cost = 3"),
        ("pass", "it printed nothing"),
        ("print('x' * 100_000_000)", "printed more than 1000000 bytes"),
    ],
)
def test_failing_is_an_entry_that_did_not_pass(tmp_path, code: str, said: str):
    assert said in error(python(tmp_path, code))


def test_hanging_is_too(tmp_path):
    assert "was stopped after 0.5 s" in error(python(tmp_path, "import time; time.sleep(600)", timeout_s=0.5))


def test_not_existing_is_too(tmp_path):
    assert "no-such-program could not be started: No such file" in error(
        measure(tmp_path, asked(tmp_path, "no-such-program"))
    )
