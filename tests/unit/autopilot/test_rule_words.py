"""What a page says of each rule: what it asks, on which side it is fine, and what became of it."""

import re
from pathlib import Path

import pytest

from autopilot.report.happened import rules
from autopilot.report.rule_words import asks, state
from graph.model import Json
from tests.unit.autopilot import documents

POLICY = Path(__file__).resolve().parents[3] / "graph" / "policy"


def rule(name: str, outcome: str = "passed", value: object = None, limit: object = None, detail: str = "") -> Json:
    return {"rule": name, "outcome": outcome, "value": value, "limit": limit, "detail": detail}


def test_every_rule_of_the_policy_says_what_it_asks():
    named = {name for file in POLICY.glob("*.py") for name in re.findall(r'Step\("([a-z_]+)"', file.read_text("utf-8"))}
    assert len(named) > 50
    assert {name for name in named if not asks(name)[1]} == set()


@pytest.mark.parametrize(
    ("seen", "stands"),
    [
        (rule("unexplained_drop", "blocked", 0.05, 0.02, "fell"), "stops"),
        (rule("features_moved", "blocked", 0.0, 1.0, "amount: PSI 0.3"), "alarm"),
        (rule("sequential_harm", value=25.0, limit=7.6, detail="… (5 windows): alarm"), "alarm"),
        (rule("sequential_harm", value=11.4, limit=7.6, detail="…: no alarm, the newest window shows none"), "beyond"),
        (rule("unexplained_drop", value=0.08, limit=0.02, detail="the drop may be chance"), "beyond"),
        (rule("positives_collapsed", value=0.2, limit=0.5, detail="the scores moved too"), "beyond"),
        (rule("positives_collapsed", value=0.9, limit=0.5), "fine"),
        (rule("outside_range"), "fine"),
        (rule("null_share", value=0.0, limit=0.05, detail="largest in amount"), "fine"),
        (rule("unexplained_loss"), "not evaluated"),
        (rule("null_share", detail="there is no reference to compare with"), "not evaluated"),
    ],
)
def test_a_state_tells_what_stopped_from_what_was_never_asked(seen: Json, stands: str):
    assert state(seen) == stands


def test_the_table_shows_the_side_of_the_limit_and_keeps_the_contracts_words_in_the_document():
    found = documents.every()["waiting"]
    shown = rules(found)
    assert "≤ 0.02" in shown
    assert "≥ 200" in shown
    assert "✗ stops" in shown
    assert {each["outcome"] for each in found["rules"]} <= {"passed", "blocked", "not_reached"}
