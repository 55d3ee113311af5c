"""Faulty configuration is refused in one line and starts nothing; faulty data gets a verdict that is kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.acceptance import fraud
from tests.acceptance.desk import Desk
from tests.acceptance.stage import EARLY

LAST_DAY = pd.Timestamp("2026-02-07", tz="UTC")
Logs = list[pd.DataFrame]
"""The predictions' files, then the labels' one."""


# --- configuration: exit code 2, one line with file, place and fix; nothing started ---


CONFIGURATIONS: dict[str, tuple[Callable[[str], str], str, str]] = {
    "not YAML": (lambda text: text.replace("  fraud:", "  fraud: ["), "autopilot.yaml:", "not YAML"),
    "unknown field": (lambda text: text.replace("max_drop", "max_dorp"), "models.fraud.policy.max_dorp", "max_dorp"),
    "missing field": (lambda text: text.replace("timestamp: event_time", ""), "models.fraud.monitor.timestamp", "add"),
    "wrong value": (lambda text: text.replace("cooldown: 12h", "cooldown: soon"), "policy.cooldown", "like 3d, 12h"),
    "another task": (lambda text: text.replace("binary_classification", "ranking"), "task", "binary_classification"),
    "stranger approves": (lambda text: text.replace("- ana", "- zoe"), "zoe", "people"),
    "empty": (lambda text: "", "holds no mapping", "models:"),
}


@pytest.mark.parametrize("fault", CONFIGURATIONS)
def test_a_faulty_file_is_named_with_line_field_and_fix(desk: Desk, fault: str):
    change, place, fix = CONFIGURATIONS[fault]
    desk.write({**fraud.example(), "models": {"fraud": fraud.entry("fraud", "world")}})
    desk.config.write_text(change(desk.config.read_text()))
    error = desk.ask("run", "fraud", "--now", EARLY, code=2)["error"]
    assert set(error) == {"kind", "message", "hint"}
    assert error["kind"] == "misconfigured"
    assert "\n" not in error["message"]
    assert place in error["message"]
    assert fix in f"{error['message']} {error['hint']}"
    assert error["message"].startswith("autopilot.yaml:")
    assert desk.ask("runs", "fraud") == {"runs": []}


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        (("run", "no-such-model"), "not_found", "no model 'no-such-model'"),
        (("run", "fraud", "--config", "elsewhere.yaml"), "misconfigured", "no configuration at elsewhere.yaml"),
        (("run", "fraud", "--now", "yesterday"), "misconfigured", "'yesterday' is not a time"),
        (("run", "fraud", "--now", "2026-02-08T00:00:00"), "misconfigured", "has no zone"),
        (("resume", "00000000"), "not_found", "no run 00000000"),
        (("approve", "00000000"), "misconfigured", "an answer needs a name"),
    ],
)
def test_a_wrong_word_is_told(desk: Desk, words: tuple[str, ...], kind: str, message: str):
    desk.write({**fraud.example(), "models": {"fraud": fraud.entry("fraud", "world")}})
    error = desk.ask(*words, code=2)["error"]
    assert error["kind"] == kind
    assert message in error["message"]


def test_a_shell_sees_the_same(desk: Desk):
    desk.write({})
    said = desk.in_a_shell("run", "fraud")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("autopilot: autopilot.yaml:1: models: Field required")


# --- columns that are not what the file says: exit code 2, and the check is kept as failed ---


def _last(log: pd.DataFrame) -> pd.Series:
    return log["event_time"] >= LAST_DAY


def _last_day(log: pd.DataFrame, **values: Any) -> Logs:
    return [log[~_last(log)], log[_last(log)].assign(**values)]


COLUMNS: dict[str, tuple[Callable[[pd.DataFrame, pd.DataFrame], Logs], str, str]] = {
    "renamed": (lambda log, labels: [log.rename(columns={"amount": "amout"}), labels], "no column amount", "amout?"),
    "text for numbers": (lambda log, labels: [*_last_day(log, amount="12 EUR"), labels], "column amount", "numbers"),
    "words for scores": (lambda log, labels: [log.assign(score="high"), labels], "column score", "probability"),
    "words for labels": (lambda log, labels: [log, labels.assign(is_fraud="yes")], "column is_fraud", "positive"),
    "numbers for times": (lambda log, labels: [log.assign(event_time=1.5), labels], "column event_time", "timestamps"),
}


@pytest.mark.parametrize("fault", COLUMNS)
def test_a_column_that_is_not_as_written_is_named(desk: Desk, quiet: Path, fault: str):
    change, message, fix = COLUMNS[fault]
    model = written(desk, quiet, fault, change)
    error = desk.ask("run", model, "--now", EARLY, code=2)["error"]
    assert error["message"].startswith(f"{model}: {desk.folder}")
    assert "\n" not in error["message"]
    assert message in error["message"]
    assert fix in error["hint"]
    (run,) = desk.ask("runs", model)["runs"]
    assert (run["outcome"], run["action"], run["job"]) == ("failed", None, None)
    assert error["message"] in run["reason"]
    assert f"autopilot explain {run['run']}" in error["hint"]
    assert message in " ".join(desk.type("explain", run["run"]).out.split())


def written(desk: Desk, quiet: Path, fault: str, change: Callable[[pd.DataFrame, pd.DataFrame], Logs]) -> str:
    """Write a log with a fault, and the configuration of a model that only watches it; return the model's name."""
    model = fault.replace(" ", "-")
    *predictions, labels = change(pd.read_parquet(quiet / "predictions"), pd.read_parquet(quiet / "labels"))
    for kind, frames in (("predictions", predictions), ("labels", [labels])):
        (desk.folder / "world" / kind).mkdir(parents=True)
        for number, frame in enumerate(frames):
            frame.to_parquet(desk.folder / "world" / kind / f"{number}.parquet", index=False)
    desk.write({**fraud.example(), "models": {model: fraud.entry("quiet", "world", mode="shadow")}})
    return model


# --- data: exit code 0, a verdict, recorded ---


def _empty(log: pd.DataFrame, labels: pd.DataFrame) -> Logs:
    return [log[~_last(log)], labels]


def _repeated(log: pd.DataFrame, labels: pd.DataFrame) -> Logs:
    return [log.assign(prediction_id=log["prediction_id"].mask(_last(log), "one-for-all")), labels]


def _future(log: pd.DataFrame, labels: pd.DataFrame) -> Logs:
    late = _last(log) & (np.arange(len(log)) % 3 == 0)
    return [log.assign(event_time=log["event_time"] + pd.to_timedelta(np.where(late, 300, 0), unit="D")), labels]


def _orphans(log: pd.DataFrame, labels: pd.DataFrame) -> Logs:
    return [log, labels.assign(prediction_id="other-" + labels["prediction_id"])]


DATA: dict[str, tuple[Callable[[pd.DataFrame, pd.DataFrame], Logs], str, str, str]] = {
    "empty": (_empty, "insufficient", "unknown", "no rows arrived"),
    "no values": (
        lambda log, labels: [*_last_day(log, device_risk=np.nan), labels],
        "broken_data",
        "data_quality",
        "device_risk: no value in any of",
    ),
    "repeated ids": (_repeated, "broken_data", "data_quality", "repeat an id"),
    "future times": (_future, "broken_data", "data_quality", "carry a time that lies in the future"),
    "foreign labels": (_orphans, "broken_data", "label_quality", "belong to no prediction in the log"),
}


@pytest.mark.parametrize("fault", DATA)
def test_faulty_data_gets_a_verdict_that_is_kept(desk: Desk, quiet: Path, fault: str):
    change, verdict, cause, words = DATA[fault]
    model = written(desk, quiet, fault, change)
    run = desk.ask("run", model, "--now", EARLY)
    assert (run["verdict"], run["cause"]) == (verdict, cause)
    assert words in run["reason"]
    assert run["outcome"] == ("waiting" if verdict == "insufficient" else "data_issue")
    assert desk.ask("runs", model)["runs"] == [run]
    (shown,) = (line for line in desk.ask("status")["models"] if line["model"] == model)
    assert (shown["verdict"], shown["reason"]) == (verdict, run["reason"])


def test_a_log_that_is_not_there_is_insufficient(desk: Desk):
    desk.write({**fraud.example(), "models": {"nowhere": fraud.entry("nowhere", "nowhere", mode="shadow")}})
    run = desk.ask("run", "nowhere", "--now", EARLY)
    assert (run["verdict"], run["action"]) == ("insufficient", "wait")
    assert "no rows arrived" in run["reason"]


def test_times_without_a_zone_are_taken_as_utc_and_it_is_said(desk: Desk, quiet: Path):
    def bare(log: pd.DataFrame, labels: pd.DataFrame) -> Logs:
        return [
            log.assign(event_time=log["event_time"].dt.tz_localize(None)),
            labels.assign(labelled_at=labels["labelled_at"].dt.tz_localize(None)),
        ]

    model = written(desk, quiet, "without zone", bare)
    run = desk.ask("run", model, "--now", EARLY)
    assert (run["verdict"], run["action"]) == ("healthy", "none")
    assert "carry no zone and are taken as UTC" in " ".join(desk.type("explain", run["run"]).out.split())
