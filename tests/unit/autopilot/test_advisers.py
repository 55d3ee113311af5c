"""Who is asked about which model: nobody without a key, nobody about a model whose owner said no."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from autopilot import settings, spec
from autopilot.bootstrap import workshop
from graph.advice import TokenCaps
from graph.errors import Misconfigured
from graph.ports import Deps

KEY = {"AUTOPILOT_LLM_API_KEY": "key-0123456789abcdef"}
MODEL = {"AUTOPILOT_LLM_MODEL": "small"}
FILE = """
people: {ana: {}}
models:
  fraud:
    task: binary_classification
    registry: {model: fraud}
    monitor:
      kind: predictions
      source: log.csv
      timestamp: at
      prediction: score
      features: [amount]
      reference: {from: 2026-01-01, until: 2026-02-01}
    pipeline: {kind: local, command: [python, train.py]}
    approval: {approvers: [ana]}
"""


def parts(tmp_path: Path, environment: dict[str, str], more: str = "") -> Deps:
    known = settings.load({**environment, "AUTOPILOT_HOME": str(tmp_path)})
    found: Any = SimpleNamespace(registry="sqlite://", trainer="sqlite://", artifacts=None, cluster=None)
    book: Any = SimpleNamespace(windows=None)
    return workshop(known, spec.parse(f"{FILE}{more}", "here"), found, book)("fraud")


def test_without_a_key_there_is_nobody_to_ask(tmp_path):
    assert parts(tmp_path, MODEL).reasoner is None


def test_with_a_key_the_named_model_is_asked_within_its_caps(tmp_path):
    deps = parts(tmp_path, {**KEY, **MODEL, "AUTOPILOT_LLM_TOKENS_PER_CHECK": "9000"})
    assert deps.reasoner is not None
    assert deps.reasoner.name == "small"
    assert deps.caps == TokenCaps(per_check=9000)


def test_a_model_whose_owner_said_no_is_not_asked_about(tmp_path):
    assert parts(tmp_path, {**KEY, **MODEL}, "    advice: false\n").reasoner is None


@pytest.mark.parametrize("address", ["llm.example", "ftp://llm.example", "http://", "http://[::1"])
def test_an_address_that_is_none_is_said_at_once(tmp_path, address):
    with pytest.raises(Misconfigured, match="AUTOPILOT_LLM_BASE_URL is no address"):
        parts(tmp_path, {**KEY, **MODEL, "AUTOPILOT_LLM_BASE_URL": address})


def test_a_key_without_a_model_is_said_at_once(tmp_path):
    with pytest.raises(Misconfigured, match="AUTOPILOT_LLM_MODEL is not"):
        parts(tmp_path, KEY)
