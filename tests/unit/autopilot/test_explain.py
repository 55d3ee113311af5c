"""Why a run acted or not, on one screen: nothing is hidden, nothing wraps badly, nothing is invented."""

from copy import deepcopy
from dataclasses import replace

import pytest

from autopilot.report.explain import explain_text
from tests.unit.autopilot import documents
from tests.unit.autopilot.documents import DEGRADED, JOB, NINE, RUN, checked, promoted, trained
from tests.unit.graph.policy.builders import QUIET, compared, part

EVERY = documents.every()


@pytest.mark.parametrize("kind", EVERY)
def test_it_fits_on_one_screen(kind):
    lines = explain_text(EVERY[kind]).splitlines()
    assert len(lines) <= 42
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("width", [100, 80])
def test_on_a_narrow_screen_what_found_nothing_is_counted_and_the_rest_stays(kind, width):
    text = explain_text(EVERY[kind], width)
    assert len(text.splitlines()) <= 42
    plain = " ".join(text.split())
    for rule in EVERY[kind]["rules"]:
        assert rule["outcome"] != "blocked" or f"✗ {rule['rule']}" in plain
    if "as they should be" in text:
        assert f"autopilot explain {RUN[:8]} --json" in plain


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("width", [60, 80, 100])
def test_it_keeps_to_a_narrow_terminal(kind, width):
    # Names and paths cannot be broken without making them useless; every line that is only words keeps to the width.
    lines = explain_text(EVERY[kind], width).splitlines()
    assert [line for line in lines if len(line) > width and " " in line.strip(" |·✓✗")] == []


def test_where_much_passed_with_something_to_say_it_is_named_with_its_value_alone():
    found = deepcopy(EVERY["waiting"])
    passed = [rule for rule in found["rules"] if rule["outcome"] == "passed"]
    for number, rule in enumerate(passed):
        rule["detail"] = f"something worth saying, the {number}th"
    text = explain_text(found)
    assert len(text.splitlines()) <= 42
    assert "worth saying" not in text
    assert [rule["rule"] for rule in passed if rule["rule"] not in text] == []


@pytest.mark.parametrize("kind", EVERY)
def test_every_rule_is_named(kind):
    text = explain_text(EVERY[kind])
    assert [rule["rule"] for rule in EVERY[kind]["rules"] if rule["rule"] not in text] == []


def test_a_quiet_day_says_that_nothing_is_done_and_by_which_numbers():
    text = explain_text(EVERY["quiet"])
    assert "healthy → no action" in text
    assert "roc_auc is 0.905 [0.88, 0.93], foreseen 0.91 on 990 labelled rows" in text
    assert "1,000 rows where 1,000 are usual" in text
    assert "unexplained_drop 0.005 (0.02)" in text
    assert "9 beyond noise" in text
    assert "nothing; the next check looks again" in text


def test_broken_data_names_the_feature_and_the_rule_that_stopped_the_check():
    text = explain_text(EVERY["broken"])
    assert "broken_data, data_quality → fix_data" in text
    assert "amount: values are 100 times too large" in text
    assert "✗ constant_factor 100 (2.4)" in text
    assert "not reached:" in text
    assert "fixed" in text.splitlines()[-1]


def test_a_promotion_tells_who_approved_what_moved_and_how_to_go_back():
    text = explain_text(EVERY["promoted"])
    assert "degraded, concept_drift → retrain" in text
    assert "✓ superiority:" in text
    assert 'ana approved (cli, as root) 2026-03-01 12:30Z "clear gain"' in text
    assert "champion 3 → 4" in text
    assert "autopilot rollback fraud" in text


def test_a_job_that_still_runs_says_where_its_output_is():
    assert f"its output: {JOB.log}" in explain_text(EVERY["training"])


def test_a_failed_job_shows_its_exit_code_the_end_of_its_output_and_its_log():
    text = explain_text(EVERY["failed_job"])
    assert "exit code 3" in text
    assert "| KeyError: 'amount'" in text
    assert str(JOB.log) in text.replace("\n", "")
    assert "Traceback (most recent call last):" in text  # the job's own, quoted
    assert text.count("KeyError") == 1


def test_only_the_end_of_long_output_is_shown():
    output = "\n".join(f"line {number}" for number in range(200))
    found = {**EVERY["failed_job"], "reason": f"the training job failed: exit code 1\n{output}"}
    text = explain_text(found)
    assert "| line 199" in text
    assert "| line 100" not in text


def test_what_a_person_must_do_next_is_one_command_a_line():
    lines = explain_text(EVERY["waiting"]).splitlines()
    assert lines[-2].endswith(f"autopilot approve {RUN} --as NAME")
    assert lines[-1].endswith(f"autopilot deny {RUN} --as NAME")


def test_a_run_without_a_decision_says_so_and_how_to_carry_it_on():
    text = explain_text(EVERY["undecided"])
    assert "no decision yet" in text
    assert f"autopilot resume {RUN}" in text


def test_an_empty_log_is_not_called_healthy():
    text = explain_text(EVERY["empty_log"])
    assert "insufficient" in text
    assert "0 rows" in text
    assert "no file matches it" in text
    assert "healthy" not in text


def test_a_run_that_stands_still_shows_why_and_what_to_do():
    text = explain_text(EVERY["stopped"])
    assert "MLflow away" in text
    assert "→ wait" in text


def test_a_return_names_the_person_and_what_speaks_against_it():
    text = explain_text(EVERY["asked_back"])
    assert "asked for by ben" in text
    assert "a person asked → rollback" in text
    assert "✗ superiority:" in text
    assert "fails in 1 of 2 slices: merchant=grocery worse by 0.25" in text
    assert "ben: rollback" in text


def test_a_reason_that_was_taken_away_is_said_before_the_run_is_carried_on():
    shelf = trained(status="awaiting_approval", void_reason="a later check found the model healthy")
    assert "a later check found the model healthy" in explain_text(shelf.explanation())


def test_a_kept_candidate_is_said_to_be_judged_again():
    shelf = checked(DEGRADED)
    assert shelf.decision
    shelf.decision = replace(shelf.decision, reuse=documents.kept_candidate())
    assert "candidate 7 is judged again" in explain_text(shelf.explanation())


def test_words_from_outside_cannot_take_over_the_terminal():
    evil = "amount\x1b[2J\x1b]0;owned\x07\u202e"
    found = promoted(comment=evil, evidence=replace(DEGRADED, features=(documents.odd_feature(evil), *NINE)))
    text = explain_text(found)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\u202e" not in text
    assert "�[2J" in text


def test_line_breaks_in_names_and_comments_stay_inside_their_line():
    found = promoted(comment="first\nsecond", evidence=replace(QUIET, features=(documents.odd_feature("a\nb"),)))
    text = explain_text(found)
    assert '"first second"' in text
    assert not any(line.startswith(("second", "b")) for line in text.splitlines())


def test_many_slices_are_counted_not_listed():
    parts = [part(f"slice:merchant=m{number}") for number in range(200)]
    text = explain_text(trained(compared(part("overall"), part("harm"), *parts)).explanation())
    assert "no certain loss in 200 slices" in text
    assert len(text.splitlines()) <= 40
