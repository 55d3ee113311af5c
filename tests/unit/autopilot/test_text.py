"""Runs and models as lines of a terminal."""

import pytest

from autopilot.cli.text import run_text, runs_text, status_text
from tests.unit.autopilot import documents
from tests.unit.autopilot.documents import RUN, promoted

EVERY = documents.every()


@pytest.mark.parametrize("kind", EVERY)
def test_a_run_is_a_few_lines(kind: str):
    lines = run_text(EVERY[kind]).splitlines()
    assert len(lines) <= 16
    assert max(map(len, lines)) <= 120


def test_passed_checks_are_counted_others_are_told():
    text = run_text(EVERY["asked_back"])
    assert "✗ superiority: roc_auc" in text
    assert "1 slice" in text
    assert "✓ 16 of 16" not in text


def test_each_next_command_has_a_line_of_its_own():
    lines = run_text(EVERY["waiting"]).splitlines()
    assert lines[-2] == f"  next: autopilot approve {RUN} --as NAME"
    assert lines[-1] == f"  next: autopilot deny {RUN} --as NAME"


def test_the_end_of_a_failed_jobs_output_keeps_its_lines():
    lines = run_text(EVERY["failed_job"]).splitlines()
    assert "    | KeyError: 'amount'" in lines


def test_one_run_is_one_line_whatever_its_reason_holds():
    text = runs_text([EVERY["failed_job"], promoted(comment="two\nlines\x1b[2J")])
    assert len(text.splitlines()) == 3
    assert "\x1b" not in text


def test_no_runs_and_no_models_say_what_to_do():
    assert "autopilot run" in runs_text([])
    assert "autopilot init" in status_text({"models": []})


def test_a_model_that_was_never_checked_is_unknown_not_healthy():
    never = {"verdict": None, "action": None, "waiting_for": None, "champion": None, "checked_at": None}
    text = status_text({"models": [{"model": "fraud", **never, "reason": "never checked"}]})
    assert "unknown" in text
    assert "never" in text
