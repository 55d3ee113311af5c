"""`task: regression` in autopilot.yaml: what it needs, what it cannot have, and what becomes of it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from autopilot.effective import model_spec
from autopilot.spec import File, parse
from graph.errors import Misconfigured

ENTRY: dict[str, Any] = {
    "task": "regression",
    "registry": {"model": "minutes"},
    "monitor": {
        "kind": "predictions",
        "source": "log",
        "timestamp": "at",
        "prediction": "minutes",
        "features": ["distance"],
        "reference": {"from": "2026-01-01", "until": "2026-02-01"},
    },
    "policy": {"metric": "rmse", "max_drop": 0.5},
    "pipeline": {"kind": "local", "command": ["train"]},
    "validation": {"margin": 0.1},
    "approval": {"approvers": ["ana"]},
}


def read(**changes: Any) -> File:
    """Read the entry with parts of it changed; a part that is None is left out."""
    entry = {**ENTRY, **changes}
    document = {"people": {"ana": {}}, "models": {"minutes": {k: v for k, v in entry.items() if v is not None}}}
    return parse(yaml.safe_dump(document, sort_keys=False), "autopilot.yaml")


@pytest.mark.parametrize("metric", ["rmse", "mae"])
def test_an_entry_becomes_a_spec_without_positives(metric: str):
    entry = read(policy={"metric": metric, "max_drop": 0.5}).model("minutes")
    spec = model_spec("minutes", entry, Path("/"))
    assert (spec.task, spec.policy.metric) == ("regression", metric)
    assert (spec.policy.min_positives, spec.validation.min_positives) == (0, 0)


def test_a_classifier_asks_for_positives_as_before():
    entry = read(task="binary_classification", policy={"metric": "brier"}).model("minutes")
    spec = model_spec("minutes", entry, Path("/"))
    assert (spec.task, spec.policy.min_positives, spec.validation.min_positives) == ("binary_classification", 20, 20)


PRICES = {"train": 1, "promote": 2, "alert": 3}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"policy": {"max_drop": 0.5}}, "task: regression has no policy.metric roc_auc; it has rmse, mae"),
        ({"policy": {"metric": "rmse"}}, "needs policy.max_drop: it is in units of the label"),
        ({"validation": None}, "needs validation.margin: in units of the label"),
        ({"policy": {"metric": "rmse", "max_drop": 1, "prices": PRICES}}, "cannot have policy.prices"),
        ({"validation": {"margin": 0.1, "max_negative_flips": 0.1}}, "cannot have validation.max_negative_flips"),
        ({"validation": {"margin": 0.1, "minimum": {"roc_auc": 0.8}}}, "has no validation.minimum of roc_auc"),
        ({"monitor": {**ENTRY["monitor"], "score": {"threshold": 0.4}}}, "cannot have monitor.score"),
        ({"task": "binary_classification"}, "task: binary_classification has no policy.metric rmse"),
        ({"task": "multiclass"}, "Input should be 'binary_classification' or 'regression'"),
    ],
)
def test_what_does_not_fit_is_said(changes: dict[str, Any], words: str):
    with pytest.raises(Misconfigured) as refused:
        read(**changes)
    assert words in str(refused.value)


def test_multiclass_is_not_looked_after_yet():
    with pytest.raises(Misconfigured) as refused:
        read(task="multiclass_classification")
    assert "multiclass is not among them" in (refused.value.hint or "")
