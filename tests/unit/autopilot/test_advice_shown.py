"""The language model's opinion on one screen: what it was asked, what it answered, and whether that counts."""

from dataclasses import replace

import pytest

from autopilot.report.explain import explain_text
from graph.advice import Reply
from graph.model import Json
from graph.reasoning.inquiry import about
from graph.reasoning.narrowing import advice, advised, unasked
from tests.unit.autopilot.documents import checked
from tests.unit.graph.policy.builders import AMOUNT, MERCHANT
from tests.unit.graph.reasoning.cases import MOVED, reply

EVIL = "amount\x1b[2J\nadvice    agreed"


def shown(given: Reply | None, name: str = "amount") -> tuple[Json, str]:
    """Return the document and its text, of a check about whose decision this was said."""
    evidence = replace(MOVED, features=(replace(AMOUNT, name=name, psi=0.3124), MERCHANT))
    shelf = checked(evidence, outcome="waiting")
    assert shelf.decision
    asked = about(evidence, shelf.decision)
    opinion = advice(shelf.decision, asked, given, "gpt-x", "") if given else unasked("the day's tokens are used")
    shelf.decision = advised(shelf.decision, opinion)
    found = shelf.explanation()
    return found, " ".join(explain_text(found).split())


def test_agreement():
    found, text = shown(reply())
    assert "advice gpt-x agrees: retrain, cause concept drift, confidence 0.8" in text
    assert "to answer retrain, wait, fix data, none; 900 tokens (the whole of it: --json)" in text
    assert "“The metric is 0.8 where the scores foresee 0.91, and 'amount' moved by 0.312.” rests" in text
    assert "rests on labels.realised, 'amount'.psi" in text
    assert found["advice"]["asked"]["question"]["facts"]["col_01"]["psi"] == "0.3124"
    assert "col_01" in found["advice"]["explanation"]


def test_a_doubt_says_how_to_answer_it():
    _, text = shown(reply(action="wait", cause="data_quality", explanation="col_01 looks broken."))
    assert "degraded, concept_drift → wait" in text
    assert "the language model suspects data quality and says “'amount' looks broken.”" in text
    assert "advice gpt-x objects: wait, cause data quality, confidence 0.8; so a person is asked first" in text
    assert "✗ language_model wait (retrain): as said above" in text
    assert text.count("looks broken") == 1
    assert "autopilot answer fraud --genuine" in text


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (Reply(None, "429: too many"), "gpt-x gave no usable answer, the rule stands alone: 429: too many"),
        (Reply("No, I\x07 will not."), "it answered: No, I� will not."),
        (
            reply(action="wait", explanation="Down by 0.43."),
            "confidence 0.8; not used, the rule stands alone: it writes '0.43', which is",
        ),
        (None, "advice not asked, the rule stands alone: the day's tokens are used"),
    ],
)
def test_an_answer_that_is_not_used_says_why(given, wanted):
    found, text = shown(given)
    assert wanted in text
    assert "degraded, concept_drift → retrain" in text
    assert "Down by" not in text
    assert found["advice"]["outcome"] in ("unused", "not_asked")


def test_a_name_out_of_the_data_is_quoted_and_cannot_take_over_the_terminal():
    found, text = shown(reply(), EVIL)
    assert "\x1b" not in text
    assert not [line for line in explain_text(found).splitlines() if line.startswith("advice    agreed")]
    assert "'amount\\x1b[2J\\nadvice agreed' moved by 0.312" in text
    assert found["advice"]["asked"]["names"]["col_01"] == EVIL


def test_the_longest_answer_takes_few_lines():
    text = explain_text(shown(reply(explanation="The metric is 0.8 where the scores foresee 0.91. " * 10))[0])
    lines = text.partition("\nadvice ")[2].partition("\n\n")[0].splitlines()
    assert 5 <= len(lines) <= 8


def test_without_a_language_model_nothing_is_said_of_one():
    found = checked(MOVED).explanation()
    assert found["advice"] is None
    assert "advice" not in explain_text(found)
