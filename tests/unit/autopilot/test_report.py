"""The comparison as text: recommendation first, the numbers that matter, and every doubt said out loud."""

import json
from dataclasses import replace

import pytest

from autopilot.report.brief import facts, numbers
from autopilot.report.document import report_document
from autopilot.report.doubting import doubts, doubts_title
from autopilot.report.reading import headline
from autopilot.report.summary import ALONE, report_text
from graph.evidence import Interval
from graph.model import Json
from tests.unit.autopilot import documents
from tests.unit.autopilot.courses import FIRST, changed, check, course, harmed, past
from tests.unit.autopilot.documents import DEGRADED, FINE, STRICT, checked, trained, waiting, worse
from tests.unit.graph.policy.builders import DAY, QUIET, compared, part

EVERY = documents.every()


@pytest.mark.parametrize("kind", EVERY)
def test_every_run_can_be_reported(kind: str):
    lines = report_text(EVERY[kind]).splitlines()
    assert max(map(len, lines)) <= 120
    assert lines[0].startswith("fraud · ")


def test_the_recommendation_comes_first():
    lines = report_text(EVERY["waiting"]).splitlines()
    assert lines[2].startswith(
        "  RECOMMENDED: APPROVE: the challenger passed all 12 checks and is better by 0.0300 [0.0100, 0.0500]"
    )


@pytest.mark.parametrize(
    ("found", "word", "tone"),
    [
        (EVERY["waiting"], "Recommended: approve", "good"),
        (EVERY["asked_back"], "Recommended: deny", "bad"),
        (EVERY["promoted"], "Promoted", "good"),
        (EVERY["reported"], "Not good enough", "bad"),
        (EVERY["not_loaded"], "Not good enough", "bad"),
        (EVERY["failed_job"], "Failed", "bad"),
        (EVERY["quiet"], "No action", "open"),
        (
            waiting(compared(part("overall", -0.01, 0.02), part("harm", -0.01, 0.02))),
            "Recommended: deny for now",
            "open",
        ),
    ],
)
def test_the_headline_says_what_to_do_or_what_was_done(found: Json, word: str, tone: str):
    said = headline(found)
    assert (said.word, said.tone) == (word, tone)


def test_a_promotion_says_what_was_recommended():
    assert "the recommendation was: approve" in headline(EVERY["promoted"]).text


def test_the_gain_on_the_window_that_triggered_is_the_first_number_and_what_was_served_the_second():
    first, second, *_ = numbers(EVERY["waiting"])
    assert first.label == "roc_auc better by, window that triggered"
    assert (first.value, first.interval, first.tone) == ("0.0300", "[0.0100, 0.0500]", "good")
    assert first.note == "champion 0.85, challenger 0.88"
    assert (second.label, second.text, second.tone) == (
        "roc_auc that champion 3 served",
        "0.6600 [0.6100, 0.7100]",
        "bad",
    )


@pytest.mark.parametrize("kind", EVERY)
def test_no_run_has_more_than_three_numbers_and_a_judged_one_has_a_first(kind: str):
    known = numbers(EVERY[kind])
    assert len(known) <= 3
    assert known or not EVERY[kind]["validation"]


def test_wrong_decisions_are_told_to_a_thousand_rows():
    errors = (replace(part("overall", 0.001, 0.003), metric="errors", champion=0.031, challenger=0.029),)
    last = numbers(waiting(replace(FINE, errors=errors)))[-1]
    assert (last.label, last.text) == ("fewer wrong decisions in 1,000 rows", "2.0 [1.0, 3.0]")
    assert last.note == "champion 31, challenger 29"


def test_without_a_champion_the_minimum_stands_beside_the_number():
    first = numbers(EVERY["no_champion"])[0]
    assert (first.label, first.value, first.note) == ("roc_auc", "0.88", "asked for is 0.8")


def test_a_clear_gain_has_few_doubts():
    assert doubts(waiting(compared(part("overall"), part("harm"), part("rest", -0.002, 0.004)))) == []
    (only,) = doubts(waiting(compared(part("overall"), part("harm"))))
    assert "compared on the window that triggered only" in only
    assert "none: no check, slice or metric speaks against it" in report_text(
        waiting(compared(part("overall"), part("harm"), part("rest", -0.002, 0.004)))
    )


def test_every_doubt_is_said():
    said = "\n".join(doubts(trained(worse()).explanation()))
    assert "superiority" not in said  # the headline says it
    assert "calibration failed" in said
    assert "minimum:roc_auc failed: roc_auc is 0.7, asked for is 0.8" in said
    assert "fails in 1 of 2 slices: merchant=grocery worse by 0.25" in said
    assert "worse in 1 of 2 slices, by more than the margin of 0.01 in none for certain: merchant=fuel by 0.04" in said
    assert "also worse over all rows: log_loss 0.3 against 0.2" in said
    assert "(overconfident), slope 0.3 where 1 is right" in said


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
    assert "also worse over all rows: accuracy 0.8 against 0.9" in said


def test_all_parts_of_the_comparison_are_there():
    text = report_text(EVERY["waiting"])
    for piece in ("all rows", "window that triggered", "rows before it", "merchant=fuel", "log_loss", "calibration"):
        assert piece in text
    assert "sealed to " + "f" * 64 in text
    assert f"autopilot approve {documents.RUN} --as NAME" in text


def told(found: Json, beside: Json = ALONE) -> dict[str, tuple[str, str]]:
    return {each.term: (each.text, each.command) for each in facts(found, beside)}


def test_the_way_back_is_named_before_and_after_something_moved():
    for kind, said in (
        ("promoted", "this asks for version 3 again; that needs an approval of its own"),
        ("waiting", "after an approval this asks for ver"),
    ):
        text, command = told(EVERY[kind])["to go back"]
        assert text.startswith(said)
        assert command == "autopilot rollback fraud"
    assert "to go back" not in told(EVERY["reported"])
    assert told(EVERY["reported"])["serves now"][0].startswith("champion 3, as before")


def test_what_either_answer_changes_is_said_while_one_is_waited_for():
    said = told(EVERY["waiting"])
    assert said["if you approve"][0] == (
        "challenger 7 becomes the next version of fraud-v1 and serves; version 3 is kept as previous"
    )
    assert said["if you deny"][0].startswith("version 3 goes on serving; nothing moves")
    assert said["sealed to"][0].startswith("fingerprint ffffffffffffffff of both models, the rows compared")
    assert said["if you do nothing"][0].startswith("the same as a no, from 2026-03-02 10:30Z on: version 3")
    assert "what happens next" not in said
    assert "serves again in place of version 3" in told(EVERY["asked_back"])["if you approve"][0]
    assert "and serves" in told(EVERY["no_champion"])["if you approve"][0]
    assert "if you approve" not in told(EVERY["promoted"])


def test_since_when_is_the_dated_beginning_with_what_was_known_before_it():
    said = told(changed().explanation(), course())["since"][0]
    assert said == (
        "2026-02-17, as the sequential test dates it;"
        " of 10 windows before it, from 2026-02-07 on, none was worse than chance"
    )


def test_where_no_harm_is_dated_a_feature_that_moved_is():
    drifted = replace(DEGRADED, labels=None)
    shelf = checked(drifted, spec=replace(STRICT, policy=replace(STRICT.policy, max_drift=0.1)))
    well, ill = (check(each, FIRST + at * DAY) for each, at in ((QUIET, 0), (drifted, 1)))
    found = shelf.explanation()
    assert found["decision"]["since"] is None
    assert (
        told(found, past(well, ill))["since"][0]
        == "the drift: 2026-02-08: amount lies beyond chance in each of the last 1 check"
    )
    assert told(found, past(ill, ill))["since"][0].startswith("the drift: at the latest 2026-02-08")
    assert "no check looked before" in told(found)["since"][0]


def test_the_first_25_lines_hold_what_an_approver_asks_first():
    first = "\n".join(report_text(EVERY["waiting"]).splitlines()[:25])
    for piece in ("APPROVE", "0.0300 [0.0100, 0.0500]", "0.6600 [0.6100, 0.7100]", "doubts", "few positives"):
        assert piece in first, piece
    for term in ("what broke", "since", "if you approve", "to go back", "autopilot rollback fraud"):
        assert term in first, term


def test_the_document_holds_what_text_and_page_say_first():
    found = changed().explanation()
    report = report_document(found, course())["report"]
    assert report["recommendation"]["text"] == headline(found).text
    assert [each["name"] for each in report["over_time"]] == ["roc_auc", "Brier loss", "PSI of amount"]
    assert sum(each["beyond_chance"] for each in report["over_time"][0]["points"]) == 8
    assert {each["term"]: each["text"] for each in report["facts"]}["since"].startswith("2026-02-17")
    whole = report_document(EVERY["waiting"], ALONE)
    assert {**whole, "report": None} == {**EVERY["waiting"], "report": None}
    assert whole["report"]["doubts"] == doubts(EVERY["waiting"])
    assert json.loads(json.dumps(whole)) == whole


def test_the_owners_own_metric_is_shown_with_its_judgement():
    custom = {"cost": {"champion": 10.0, "challenger": 8.0, "passed": True}}
    assert "cost" in report_text(waiting(replace(FINE, custom=custom)))
    assert "by your command: passed" in report_text(waiting(replace(FINE, custom=custom)))


def test_a_run_that_compared_nothing_says_so():
    assert "nothing was compared" in report_text(EVERY["quiet"])


def test_a_refused_challenger_leads_with_the_metric_and_says_what_would_let_one_pass():
    found = trained(worse(), outcome="validation_failed", reason="calibration: worse").explanation()
    said = headline(found).text
    assert said.startswith("the challenger is worse: roc_auc 0.7 against the champion's 0.85, worse by 0.1500")
    assert "failed: superiority, slice:merchant=grocery, calibration, minimum:roc_auc" in said
    assert said.endswith("Champion 3 stays")
    coming = told(found)["what happens next"][0]
    assert coming.startswith(
        "no decision is needed: the next check may train another, 12 hours after the last training"
    )
    assert "a Brier score of at most 0.055" in coming
    assert doubts_title(found) == "why not"


def test_a_loss_that_may_be_chance_is_told_as_worse():
    unsure = compared(part("overall", -0.03, 0.01), part("harm", -0.03, 0.01))
    found = trained(unsure, outcome="validation_inconclusive", reason="undecided").explanation()
    assert "worse by 0.0100 [-0.0100, 0.0300], which may be chance" in headline(found).text
    first = numbers(found)[0]
    assert (first.label, first.value, first.interval) == (
        "roc_auc worse by, window that triggered",
        "0.0100",
        "[-0.0100, 0.0300]",
    )
    assert "judges this candidate again" in told(found)["what happens next"][0]


def test_harm_that_is_not_certain_slower_scores_and_rows_newly_wrong_are_doubts():
    slow = compared(part("overall"), part("harm"), negative_flips=30, latency_ms={"champion": 2.0, "challenger": 3.0})
    doubtful = harmed()
    assert doubtful.labels
    doubtful = replace(doubtful, labels=replace(doubtful.labels, brier_excess=Interval(0.02, -0.01, 0.05)))
    spec = replace(STRICT, validation=replace(STRICT.validation, max_latency_ms=None))
    shelf = checked(doubtful, spec=spec)
    shelf.validation_ = documents.judged(slow, shelf)
    said = "\n".join(doubts(shelf.explanation()))
    assert "harm is certain from 2026-02-17 on, not over all of" in said
    assert "newly wrong: 30 rows" in said
    assert "slower: p95 3.0 ms per row against 2.0 ms, and no limit is set" in said


def test_dated_harm_is_told_in_wrong_decisions_first():
    found = changed().explanation()
    fact = next(each for each in facts(found, course()) if each.term == "what broke")
    assert fact.text.startswith(
        "since 2026-02-17 champion 3 makes 60 wrong decisions in 1,000 rows where its scores foresee 0"
    )
    assert fact.detail == found["decision"]["reason"]
