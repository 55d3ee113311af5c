"""The comparison as text: recommendation first, the numbers that matter, and every doubt said out loud."""

from dataclasses import replace

import pytest

from autopilot.report.reading import doubts, figures, headline
from autopilot.report.summary import report_text
from graph.model import Json
from tests.unit.autopilot import documents
from tests.unit.autopilot.documents import FINE, trained, waiting, worse
from tests.unit.graph.policy.builders import compared, part

EVERY = documents.every()


@pytest.mark.parametrize("kind", EVERY)
def test_every_run_can_be_reported(kind: str):
    lines = report_text(EVERY[kind]).splitlines()
    assert max(map(len, lines)) <= 120
    assert lines[0].startswith("fraud · ")


def test_the_recommendation_comes_first():
    lines = report_text(EVERY["waiting"]).splitlines()
    assert lines[2] == "  APPROVE: the challenger passed every check"


@pytest.mark.parametrize(
    ("found", "word", "tone"),
    [
        (EVERY["waiting"], "Approve", "good"),
        (EVERY["asked_back"], "Deny", "bad"),
        (EVERY["promoted"], "Promoted", "good"),
        (EVERY["reported"], "Not good enough", "bad"),
        (EVERY["not_loaded"], "Not good enough", "bad"),
        (EVERY["failed_job"], "Failed", "bad"),
        (EVERY["quiet"], "No action", "open"),
        (waiting(compared(part("overall", -0.01, 0.02), part("harm", -0.01, 0.02))), "Deny for now", "open"),
    ],
)
def test_the_headline_says_what_to_do_or_what_was_done(found: Json, word: str, tone: str):
    said = headline(found)
    assert (said.word, said.tone) == (word, tone)


def test_a_promotion_says_what_was_recommended():
    assert "the recommendation was: approve" in headline(EVERY["promoted"]).text


def test_the_window_that_triggered_is_the_first_number():
    first = figures(EVERY["waiting"])[0]
    assert first.label == "roc_auc, window that triggered"
    assert first.value == "0.88"
    assert "better by +0.0300 [+0.0100, +0.0500]" in first.note
    assert first.tone == "good"


def test_without_a_champion_the_minimum_stands_beside_the_number():
    first = figures(EVERY["no_champion"])[0]
    assert (first.label, first.value, first.note) == ("roc_auc", "0.88", "asked for is 0.8")


def test_a_clear_gain_has_few_doubts():
    assert doubts(waiting(compared(part("overall"), part("harm"), part("rest", -0.002, 0.004)))) == []
    assert "none: no check, slice or metric speaks against it" in report_text(
        waiting(compared(part("overall"), part("harm"), part("rest", -0.002, 0.004)))
    )


def test_every_doubt_is_said():
    said = "\n".join(doubts(trained(worse()).explanation()))
    assert "superiority failed" in said
    assert "calibration failed" in said
    assert "minimum:roc_auc failed: roc_auc is 0.7, asked for is 0.8" in said
    assert "fails in 1 of 2 slices, better by: merchant=grocery -0.25" in said
    assert "worse in 1 of 2 slices, not certainly beyond the margin: merchant=fuel -0.04" in said
    assert "worse over all rows: roc_auc 0.7 against 0.85, log_loss 0.3 against 0.2" in said
    assert "overconfident: calibration slope 0.3" in said


def test_a_slice_with_few_positives_is_a_doubt():
    assert "few positives to judge by: merchant=fuel (4)" in doubts(EVERY["waiting"])


def test_logged_numbers_are_called_so():
    assert any("as their pipelines logged them" in doubt for doubt in doubts(EVERY["reported"]))


def test_lower_is_better_for_losses():
    metrics: dict[str, dict[str, float | None]] = {
        "log_loss": {"champion": 0.3, "challenger": 0.2},
        "accuracy": {"champion": 0.9, "challenger": 0.8},
    }
    said = doubts(trained(replace(FINE, metrics=metrics)).explanation())
    assert "worse over all rows: accuracy 0.8 against 0.9" in said


def test_all_parts_of_the_comparison_are_there():
    text = report_text(EVERY["waiting"])
    for piece in ("all rows", "window that triggered", "rows before it", "merchant=fuel", "log_loss", "calibration"):
        assert piece in text
    assert "sealed to " + "f" * 64 in text
    assert f"autopilot approve {documents.RUN} --as NAME" in text


def test_the_way_back_is_named_where_something_moved():
    assert "how to go back: autopilot rollback fraud" in report_text(EVERY["promoted"])
    assert "how to go back" not in report_text(EVERY["waiting"])


def test_the_owners_own_metric_is_shown_with_its_judgement():
    custom = {"cost": {"champion": 10.0, "challenger": 8.0, "passed": True}}
    assert "cost" in report_text(waiting(replace(FINE, custom=custom)))
    assert "by your command: passed" in report_text(waiting(replace(FINE, custom=custom)))


def test_a_run_that_compared_nothing_says_so():
    assert "nothing was compared" in report_text(EVERY["quiet"])
