"""The language model's settings: off without a key, and a cap that is no number is said."""

import pytest

from autopilot import settings
from graph.advice import TokenCaps
from graph.errors import Misconfigured

KEY = "sk-0123456789abcdef"


def test_there_is_no_language_model_without_a_key():
    known = settings.load({"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "http://elsewhere"})
    assert known.llm_api_key is None
    assert known.llm_base_url == "https://api.openai.com/v1"
    assert known.llm_caps == TokenCaps()


def test_the_key_is_a_secret():
    known = settings.load({"AUTOPILOT_LLM_API_KEY": KEY, "AUTOPILOT_LLM_BASE_URL": "https://me:pass@llm.example/v1"})
    assert KEY in known.secrets
    assert KEY not in repr(known)
    assert "pass@" not in repr(known)


def test_caps_are_read():
    names = ("TOKENS_PER_CHECK", "TOKENS_PER_MODEL_PER_DAY", "TOKENS_PER_DAY")
    known = settings.load({f"AUTOPILOT_LLM_{name}": str(at) for at, name in enumerate(names, 1)})
    assert known.llm_caps == TokenCaps(1, 2, 3)


@pytest.mark.parametrize("given", ["many", "0", "-1", "1.5", "1_000", "\u0667", "9" * 20, " "])
def test_a_cap_that_is_no_number_is_said(given):
    with pytest.raises(Misconfigured, match="AUTOPILOT_LLM_TOKENS_PER_DAY"):
        settings.load({"AUTOPILOT_LLM_TOKENS_PER_DAY": given})
