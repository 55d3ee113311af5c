"""The file with another policy: laid over the entry, and wrong in one line."""

from datetime import timedelta
from pathlib import Path

import pytest

from autopilot import spec
from autopilot.backtest.policies import other
from graph.errors import Misconfigured

ENTRY = """
people: {ana: {}}
models:
  fraud:
    task: binary_classification
    registry: {model: fraud}
    monitor:
      kind: predictions
      source: log.parquet
      timestamp: at
      prediction: score
      features: [amount]
      labels: {label: fraud, delay: 3d}
      reference: {from: 2026-01-01, until: 2026-02-01}
    policy: {max_drop: 0.04, cooldown: 3d, prices: {train: 1, promote: 2, alert: 3}}
    training: {window: 30d, holdout: 5d}
    pipeline: {kind: local, command: [train]}
    approval: {approvers: [ana]}
"""


@pytest.fixture
def entry() -> spec.Model:
    return spec.parse(ENTRY, "autopilot.yaml").model("fraud")


def written(folder: Path, text: str) -> Path:
    file = folder / "other.yaml"
    file.write_text(text, "utf-8")
    return file


def test_what_is_not_named_stays_as_the_entry_has_it(entry: spec.Model, tmp_path: Path):
    found = other(written(tmp_path, "policy: {max_drift: 0.1, cooldown: 1h}"), entry)
    assert found.policy == entry.policy.model_copy(update={"max_drift": 0.1, "cooldown": timedelta(hours=1)})
    assert (found.training, found.validation, found.monitor) == (entry.training, entry.validation, entry.monitor)


def test_an_empty_value_takes_away(entry: spec.Model, tmp_path: Path):
    found = other(written(tmp_path, "policy: {prices: null}\ntraining: {window: null}"), entry)
    assert (found.policy.prices, found.training.window) == (None, None)
    assert found.training.holdout == timedelta(days=5)


def test_validation_may_differ_too(entry: spec.Model, tmp_path: Path):
    assert other(written(tmp_path, "validation: {margin: 0.1}"), entry).validation.margin == 0.1


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("policy: {max_drfit: 1}", ":1: policy.max_drfit: Extra inputs", "remove 'max_drfit', or check its spelling"),
        ("policy:\n  cooldown: soon", ":2: policy.cooldown: a duration is written like", ""),
        ("max_drift: 0.1", ":1: max_drift: Extra inputs", "write 'max_drift' under policy:"),
        ("holdout: 3d", ":1: holdout: Extra inputs", "write 'holdout' under training:"),
        ("pipeline: {}", ":1: pipeline: Extra inputs", "remove 'pipeline', or check its spelling"),
        ("validation: {slices: [colour]}", "validation.slices names colour, which monitor.features does not list", ""),
        ("policy:", ":1: policy: ", ""),
        ("", ": the file holds no policy", "it begins with policy:, training: or validation:"),
        ("- policy", ": the file holds no policy", "it begins with policy:, training: or validation:"),
        ("policy: {", ":1: not YAML", ""),
    ],
)
def test_what_is_wrong_names_file_line_and_field(entry: spec.Model, tmp_path: Path, text: str, message: str, hint: str):
    with pytest.raises(Misconfigured) as error:
        other(written(tmp_path, text), entry)
    assert error.value.message.startswith(str(tmp_path / "other.yaml"))
    assert message in error.value.message
    assert error.value.hint == hint


def test_a_file_that_cannot_be_read_is_said(entry: spec.Model, tmp_path: Path):
    with pytest.raises(Misconfigured, match="no policy at"):
        other(tmp_path / "missing.yaml", entry)
    with pytest.raises(Misconfigured, match="cannot be read"):
        other(tmp_path, entry)
    (tmp_path / "latin.yaml").write_bytes(b"policy: \xff")
    with pytest.raises(Misconfigured, match="cannot be read"):
        other(tmp_path / "latin.yaml", entry)
