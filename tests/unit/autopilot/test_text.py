"""Runs and models as lines of a terminal."""

import pytest

from autopilot.cli.text import run_text, runs_text
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


def test_no_runs_say_what_to_do():
    assert "autopilot run" in runs_text([])


def test_a_run_of_a_paused_model_says_so_while_it_lives():
    paused = {"text": "paused by ana since 2026-03-01T10:30:00Z: the feed moves", "next": "autopilot unpause fraud"}
    assert "paused by ana since" in run_text(EVERY["waiting"], paused)
    assert "autopilot unpause fraud" in run_text(EVERY["waiting"], paused)
    assert "paused" not in run_text(EVERY["failed_job"], paused)
