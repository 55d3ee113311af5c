"""Each incident of the example gets the verdict, the cause and the action that a good engineer would give it."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from examples.fraud_detector.incidents import INCIDENTS
from tests.acceptance import fraud
from tests.acceptance.desk import Desk, Forge

SCREEN = 45
CHAMPION = "champion-of-january"
"""What all the worlds were served by."""
DRIFT_COUNTS = "harder_traffic_where_drift_counts"
WANTED = {
    "quiet": ("healthy", "none", "none"),
    "unit_bug": ("broken_data", "data_quality", "fix_data"),
    "lost_labels": ("broken_data", "label_quality", "fix_data"),
    "concept_change": ("degraded", "concept_drift", "retrain"),
    "harder_traffic": ("degraded", "covariate_shift", "none"),
    "late_labels": ("insufficient", "unknown", "wait"),
    DRIFT_COUNTS: ("degraded", "covariate_shift", "retrain"),
}
BLAMED = {"unit_bug": "amount", "harder_traffic": "merchant", DRIFT_COUNTS: "merchant"}
WORDS = {
    "quiet": "roc_auc is",
    "unit_bug": "100 times too large",
    "lost_labels": "positive labels arrived where the calibrated scores foresee",
    "concept_change": "no feature moved: what they mean for the label did",
    "harder_traffic": "harder traffic",
    "late_labels": "labels are late",
    DRIFT_COUNTS: "drifted beyond max_drift 0.1",
}


@pytest.fixture(scope="module")
def incidents(forge: Forge, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A world and a model for each incident. In shadow mode nothing is trained: here the decision is what counts."""
    desk = Desk(forge, home, tmp_path_factory.mktemp("incidents"))
    models = {name: fraud.entry(CHAMPION, name) for name in INCIDENTS}
    models[DRIFT_COUNTS] = fraud.entry(CHAMPION, "harder_traffic", policy={"max_drift": 0.1})
    desk.write({**fraud.example(), "defaults": {"mode": "shadow"}, "models": models})
    first, *others = INCIDENTS
    fraud.build(desk, first, first)
    for name in others:
        (desk.folder / name).mkdir()
        shutil.copy(desk.folder / first / "champion.skops", desk.folder / name)
        fraud.build(desk, name, name)
    fraud.make_champions(desk, first, CHAMPION)
    return desk


def checked(desk: Desk, name: str) -> Any:
    check = INCIDENTS.get(name, INCIDENTS["harder_traffic"]).checks[-1]
    return desk.ask("run", name, "--now", check.now.isoformat())


@pytest.mark.parametrize("name", WANTED)
def test_an_incident_is_told_for_what_it_is(incidents: Desk, name: str):
    run = checked(incidents, name)
    assert (run["verdict"], run["cause"], run["action"]) == WANTED[name]
    assert WORDS[name] in run["reason"]
    assert run["job"] is None
    told = incidents.ask("explain", run["run"])
    assert [blame["feature"] for blame in told["blame"]][:1] == ([BLAMED[name]] if name in BLAMED else [])
    page = incidents.type("explain", run["run"]).out
    assert len(page.splitlines()) <= SCREEN, page
    for word in (*WANTED[name][:1], BLAMED.get(name, ""), "rules"):
        assert word.replace("_", " ") in page.replace("_", " ")
