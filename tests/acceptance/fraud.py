"""The example's world around a home: its log, its champions, and the example's own entry of autopilot.yaml."""

import copy
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.acceptance.desk import ROOT, Desk

EXAMPLE = "fraud-detector-v1"


def entry(model: str, world: str, **parts: Any) -> dict[str, Any]:
    """Return the example's entry for another model, served in `world`; `parts` change parts of it."""
    written: dict[str, Any] = copy.deepcopy(example()["models"][EXAMPLE])
    written["registry"] = {"model": model}
    written["monitor"]["source"] = f"{world}/predictions/*.parquet"
    written["monitor"]["labels"]["source"] = f"{world}/labels/*.parquet"
    written["pipeline"]["command"] = ["python", str(ROOT / "examples" / "fraud_detector" / "train.py"), "--data", world]
    for part, changes in parts.items():
        written[part] = {**written.get(part, {}), **changes} if isinstance(changes, dict) else changes
    return written


def example() -> Any:
    """Return the project's own autopilot.yaml."""
    return yaml.safe_load((ROOT / "autopilot.yaml").read_text())


def build(desk: Desk, world: str, incident: str, until: str | None = None) -> None:
    """Write an incident's log, by the example's own script."""
    more = ("--until", until) if until else ()
    said = desk.call("examples.fraud_detector.world", world, "--incident", incident, *more)
    assert said.code == 0, said.err


def make_champions(desk: Desk, world: str, *models: str) -> None:
    """Register the champion of a world, by the example's own script, and under further names."""
    said = desk.call("tests.acceptance.fraud", world, *models)
    assert said.code == 0, said.err


def main() -> None:
    """Register `WORLD NAME…` with the owner's login."""
    from mlflow import MlflowClient

    from examples.fraud_detector.register_champion import register
    from tests.acceptance.owner import as_owner, make_champion

    world, first, *others = sys.argv[1:]
    with as_owner():
        version = MlflowClient().get_model_version(first, register(Path(world), first))
        make_champion(str(version.source), *others)
