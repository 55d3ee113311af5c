"""A regression, end to end: what its incidents are told for, and one that is retrained, approved and promoted."""

from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.deliveries import CHANGED, START
from tests.acceptance.deliveries_train import FEATURES
from tests.acceptance.desk import Desk, Forge

TRAIN = Path(__file__).with_name("deliveries_train.py")
CHAMPION, OTHER = "deliveries", "deliveries-elsewhere"
QUIET, METRES, SECONDS, ASTRAY, CHANGE = (
    f"deliveries-{name}" for name in ("quiet", "metres", "seconds", "astray", "change")
)
MODELS = {
    QUIET: ("quiet", "quiet", "labels"),
    METRES: ("quiet", "metres", "labels"),
    SECONDS: ("quiet", "quiet", "seconds"),
    ASTRAY: ("quiet", "quiet", "others"),
    CHANGE: ("change", "change", "labels"),
}
"""Model → the incident, the log that it is watched by, and what its labels are."""
QUIET_DAY, ILL, WELL = "2026-02-10T06:00:00Z", "2026-02-21T06:00:00Z", "2026-03-02T06:00:00Z"


def entry(incident: str, log: str, labels: str, registry: str) -> dict[str, Any]:
    """Return a model's entry."""
    return {
        "task": "regression",
        "registry": {"model": registry},
        "monitor": {
            "kind": "predictions",
            "source": f"{log}/*.parquet",
            "id": "id",
            "timestamp": "time",
            "version": "version",
            "prediction": "prediction",
            "features": FEATURES,
            "labels": {
                "source": f"{incident}-{labels}.parquet",
                "id": "id",
                "label": "minutes",
                "timestamp": "known_at",
                "delay": "6h",
            },
            "window": "1d",
            "reference": {"from": f"{START:%Y-%m-%d}", "until": f"{CHANGED:%Y-%m-%d}"},
        },
        "policy": {"metric": "rmse", "max_drop": 0.5},
        "training": {"window": "12d", "holdout": "6d"},
        "pipeline": {"kind": "local", "command": ["python", str(TRAIN), f"{incident}.parquet"], "deadline": "5m"},
        "validation": {"margin": 0.1, "slices": ["vehicle"], "max_latency_ms": 200},
        "approval": {"approvers": ["ana"]},
    }


@pytest.fixture(scope="module")
def deliveries(forge: Forge, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = Desk(forge, home, tmp_path_factory.mktemp("deliveries")).with_forked_children()
    models = {name: entry(*parts, OTHER if name == CHANGE else CHAMPION) for name, parts in MODELS.items()}
    desk.write({"people": {"ana": {}}, "models": models})
    built = desk.call("tests.acceptance.deliveries", "build", str(desk.folder), CHAMPION, OTHER)
    assert built.code == 0, built.err
    for incident, log in {("quiet", "quiet"), ("quiet", "metres"), ("change", "change")}:
        serve(desk, incident, log, CHAMPION, START.isoformat(), "2026-02-21T00:00:00+00:00")
    return desk


def serve(desk: Desk, incident: str, log: str, name: str, start: str, until: str) -> None:
    said = desk.call("tests.acceptance.deliveries", "serve", str(desk.folder), incident, log, name, start, until)
    assert said.code == 0, said.err


def test_a_quiet_day_is_healthy(deliveries: Desk):
    run = deliveries.ask("run", QUIET, "--now", QUIET_DAY)
    assert (run["verdict"], run["cause"], run["action"]) == ("healthy", "none", "none")
    assert run["reason"].startswith("rmse is")


def test_a_unit_bug_names_the_column(deliveries: Desk):
    run = deliveries.ask("run", METRES, "--now", QUIET_DAY)
    assert (run["verdict"], run["cause"], run["action"]) == ("broken_data", "data_quality", "fix_data")
    assert "distance_km: values are 1000 times too large" in run["reason"]


@pytest.mark.parametrize(
    ("model", "words"), [(SECONDS, "minutes: values are"), (ASTRAY, "do not go with the predictions")]
)
def test_labels_in_another_unit_or_of_other_rows_are_a_label_fault(deliveries: Desk, model: str, words: str):
    run = deliveries.ask("run", model, "--now", QUIET_DAY)
    assert (run["verdict"], run["cause"], run["action"]) == ("broken_data", "label_quality", "fix_data")
    assert words in run["reason"]


def test_a_changed_concept_is_retrained_approved_and_promoted(deliveries: Desk):
    run = deliveries.ask("run", CHANGE, "--wait", "--now", ILL, code=3)
    assert (run["verdict"], run["cause"], run["action"]) == ("degraded", "concept_drift", "retrain")
    checks = {check["name"]: check["outcome"] for check in run["checks"]}
    assert set(checks.values()) == {"passed"}
    assert {"superiority", "slice:vehicle=bike", "latency", "found_slice"} <= set(checks)
    assert not {"calibration", "suspicion", "negative_flips", "pay_back"} & set(checks)
    assert deliveries.type("explain", run["run"]).code == 0
    page = deliveries.type("report", run["run"]).out
    assert "rmse" in page
    for word in ("positive", "negative flips", "calibration"):
        assert word not in page
    promoted = deliveries.ask("approve", run["run"], "--as", "ana", "--now", ILL)
    assert promoted["outcome"] == "promoted"
    serve(deliveries, "change", "change", OTHER, "2026-02-21T00:00:00+00:00", WELL)
    after = deliveries.ask("run", CHANGE, "--now", WELL)
    assert (after["verdict"], after["action"], after["champion"]) == ("healthy", "none", "2")
