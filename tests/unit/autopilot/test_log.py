"""The log of a process that stays: a JSON object or a line each, and no secret in it."""

import io
import json
import logging
from datetime import datetime

import pytest

from autopilot import run_log
from autopilot.log import logging_to
from autopilot.settings import load
from graph.errors import Misconfigured, Unavailable

SECRET = "s3cret-of-the-database"
_ours = logging.getLogger("autopilot.test")


def written(form, *write, secrets=(SECRET,)):
    stream = io.StringIO()
    with logging_to(stream, form, secrets):
        for each in write:
            each()
    return stream.getvalue()


def lines(*write):
    return [json.loads(line) for line in written("json", *write).splitlines()]


def test_a_line_is_an_object_with_time_level_and_message():
    (found,) = lines(lambda: _ours.info("as it %s", "is"))
    assert {**found, "time": None} == {"time": None, "level": "info", "message": "as it is"}
    assert datetime.fromisoformat(found["time"]).tzinfo is not None


def test_a_run_is_named_with_its_model():
    error = Unavailable("MLflow does not answer", "look at it")
    found = lines(
        lambda: run_log.decided("fraud", "r1", {"verdict": "healthy", "action": "none", "reason": "all is well"}),
        lambda: run_log.waits("fraud", "r2", "training"),
        lambda: run_log.answered("fraud", "r2", "ana", "approve", "slack"),
        lambda: run_log.stood_still("fraud", "r2", error),
        lambda: run_log.ended("fraud", "r2", "promoted"),
    )
    assert [(each["model"], each["run"], each["event"], each["level"]) for each in found] == [
        ("fraud", "r1", "decided", "info"),
        ("fraud", "r2", "waits", "info"),
        ("fraud", "r2", "answered", "info"),
        ("fraud", "r2", "unavailable", "warning"),
        ("fraud", "r2", "ended", "info"),
    ]
    assert found[0]["message"] == "healthy, none: all is well"


def connect():
    raise ValueError(f"postgresql://autopilot:{SECRET}@db/x")


def failing():
    try:
        connect()
    except ValueError:
        _ours.exception("it failed with %s", SECRET)


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_secret_is_written(form):
    """Neither in a message nor in a traceback; nor one that only looks like one."""
    text = written(form, failing, lambda: _ours.info("token ap_%s", "A" * 43))
    assert SECRET not in text
    assert "A" * 43 not in text
    assert "Traceback" in text
    assert "***" in text


def test_an_error_with_its_traceback_is_one_line_of_json():
    (found,) = lines(failing)
    assert "ValueError" in found["error"]


def test_text_is_one_line_whatever_is_said():
    text = written("text", lambda: run_log.decided("fraud", "r1", {"verdict": "healthy", "reason": "a\nb\x1b[31m"}))
    assert text.count("\n") == 1
    assert "\x1b" not in text
    assert text.endswith("model=fraud  run=r1\n")


def test_libraries_are_heard_when_they_warn():
    library = logging.getLogger("some.library")
    found = lines(lambda: library.info("chatter"), lambda: library.warning("trouble"))
    assert [each["message"] for each in found] == ["trouble"]


def test_afterwards_nothing_is_written():
    stream = io.StringIO()
    with logging_to(stream, "json", ()):
        pass
    _ours.warning("late")
    assert stream.getvalue() == ""


def test_without_a_log_a_command_says_nothing_of_it(capsys):
    run_log.stood_still("fraud", "r1", Unavailable("away"))
    assert capsys.readouterr() == ("", "")


def test_its_form_is_a_setting_and_an_option_wins():
    assert [load({}).log, load({"AUTOPILOT_LOG": "json"}).log] == ["text", "json"]
    assert load({"AUTOPILOT_LOG": "json"}, log="text").log == "text"
    with pytest.raises(Misconfigured, match="AUTOPILOT_LOG is 'xml'"):
        load({"AUTOPILOT_LOG": "xml"})


def test_how_many_models_have_series_is_a_setting():
    assert [load({}).own_series, load({"AUTOPILOT_METRICS_MODELS": "0"}).own_series] == [20, 0]
    with pytest.raises(Misconfigured, match="AUTOPILOT_METRICS_MODELS is '-1'"):
        load({"AUTOPILOT_METRICS_MODELS": "-1"})
