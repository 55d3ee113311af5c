"""What the gate knows beside the champion's numbers reaches whoever decides: in text, on the page, in JSON."""

from dataclasses import replace
from typing import Any

import pytest

from autopilot.report.doubting import doubts
from autopilot.report.explain import explain_text
from autopilot.report.page import report_html
from autopilot.report.summary import report_text
from graph.evidence import Interval
from graph.model import Comparison, Json, ModelRef, Reversal
from graph.policy import gate
from graph.policy.creep import Trial
from tests.unit.autopilot.documents import trained
from tests.unit.graph.policy.builders import compared, part

FIRST = Trial(2, origin=ModelRef("fraud-v1", "1"))
LOST = replace(FIRST, lost="the registry no longer holds its files")
DEEP = compared(
    part("overall"),
    part("harm"),
    found=(part("found:merchant=<b>fuel</b>", -0.02, 0.004, rows=300),),
    searched=45,
    origin=replace(part("overall", 0.01, 0.09), name="origin"),
    errors=(replace(part("overall", 0.001, 0.003), metric="errors", champion=0.031, challenger=0.029),),
    reversals=(Reversal("negative", 1500, 12, None),),
)
SUSPICIOUS = replace(
    DEEP,
    reversals=(Reversal("positive", 100, 95, Interval(0.9, 0.8, 1.0)),),
    told_apart=Interval(0.51, 0.49, 0.53),
)


def judged(comparison: Comparison = DEEP, trial: Trial = FIRST) -> Json:
    """Return the explanation of a run whose challenger was judged so."""
    shelf = trained(comparison)
    assert shelf.decision and shelf.validation_
    checks = gate.judge(comparison, shelf.spec, shelf.decision, False, trial)
    outcome, reason = gate.verdict(checks)
    shelf.validation_ = replace(shelf.validation_, checks=checks, outcome=outcome, reason=reason, origin=trial.origin)
    return shelf.explanation()


def checks(found: Json) -> dict[str, Any]:
    return {check["name"]: check for check in found["checks"]}


@pytest.mark.parametrize(
    "said",
    [
        "number 2 on rows that 1 earlier attempt used since the last promotion",
        "than version 1, which was approved first",
        "the worst of 45 slices of single features",
        "reverses 0.8 % of the champion's 1500 confident decisions that are negative",
    ],
)
def test_every_check_is_told_in_text_and_on_the_page(said: str):
    text = " ".join(report_text(judged()).split())
    page = " ".join(report_html(judged()).split()).replace("&#x27;", "'").replace("&#39;", "'")
    assert said in text
    assert said in page


def test_the_page_draws_what_was_compared_beside_the_champion():
    page = report_html(judged())
    for title in (
        "Losing slices, the surest of 45 slices of single features",
        "Beside the version that was approved first",
        "Wrong decisions per row",
    ):
        assert title in page
    assert "<b>fuel</b>" not in page


def test_without_them_nothing_is_drawn():
    page = report_html(judged(compared(), Trial()))
    for title in ("Losing slices", "Beside the version", "Wrong decisions per row"):
        assert title not in page


def test_the_checks_are_in_the_document():
    assert {"attempt", "origin", "found_slice", "suspicion"} <= set(checks(judged()))
    assert checks(judged())["attempt"]["value"] == 2
    assert judged()["validation"]["origin"]["version"] == "1"


def test_explain_names_them_and_tells_what_keeps_a_challenger_back():
    assert "suspicion" in explain_text(judged())
    said = " ".join(explain_text(judged(SUSPICIOUS)).split())
    assert "suspicion: reverses 95 % of the champion's 100 confident decisions that are positive" in said


def test_a_lost_first_version_is_a_doubt_though_it_fails_nobody():
    found = judged(trial=LOST)
    assert checks(found)["origin"]["outcome"] == "passed"
    assert any("cannot be compared any more: the registry no longer holds its files" in each for each in doubts(found))
    assert not any("approved first" in each for each in doubts(judged()))
