"""What a stranger or a storm may do to the doors: nothing that others notice."""

import json
import subprocess
import sys
import threading
from datetime import timedelta

import pytest

from autopilot.api.limits import _levels
from autopilot.api.problems import TooMany
from autopilot.api.rate import Rate
from graph.model import Answer
from tests.carrying import Carrier
from tests.house import HEALTHY, MODEL
from tests.serving import serving


@pytest.fixture
def doors(home, tmp_path):
    with serving(home, tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("body", "levels"),
    [
        (b'"' + b'\\"' * 400_000, 0),  # looked at once: from every quotation mark anew it would take hours
        (b'["[[[", {"a": "]"}]', 2),
        (b'{"a\\"[": [[1]]}', 3),
        (b"[" * 50, 50),
        (b'"\\', 0),
    ],
)
def test_levels_are_counted_outside_of_texts(body, levels):
    assert _levels(body) == levels


def test_a_steady_stream_above_the_rate_gets_the_rate_through():
    now = [0.0]
    rate, passed = Rate(20.0, 1.0, clock=lambda: now[0]), 0
    for _ in range(250):
        now[0] += 0.04
        try:
            rate.require("one")
            passed += 1
        except TooMany:
            pass
    assert 120 <= passed <= 201


def test_the_same_request_twice_at_once_is_done_once(doors):
    start, codes = threading.Barrier(6), []

    def ask():
        start.wait()
        headers = {**doors.headers("otto"), "Idempotency-Key": "same"}
        codes.append(doors.client.post("/runs", json={"model": MODEL}, headers=headers).status_code)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert set(codes) <= {202, 503}
    assert 202 in codes
    assert len(doors.home.book.runs.recent(MODEL, 20)) == 1


def test_a_request_whose_process_died_is_taken_over(doors):
    requests, clock = doors.home.book.requests, doors.home.clock
    assert requests.begin("otto", "k", b"x", clock.now()) is None
    clock.pass_time(timedelta(minutes=6))
    assert requests.begin("otto", "k", b"x", clock.now()) is None


def test_a_check_that_the_api_asked_for_voids_what_waits(doors):
    run = doors.home.waiting()
    doors.home.monitor.evidence = HEALTHY
    doors.home.clock.pass_time(timedelta(hours=2))
    doors.client.post("/runs", json={"model": MODEL}, headers=doors.headers("otto"))
    Carrier(doors.desk).turn(lambda: False)
    assert doors.home.row(run)["outcome"] == "voided"


@pytest.mark.parametrize(
    "change",
    [
        {"fingerprint": "a\\u0000b"},
        {"labels": {"model": MODEL, "alertname": "\\u0000"}},
        {"annotations": {"x": "\\ud800"}},
        {"startsAt": "9999-12-31T23:59:59-14:00"},
        {"startsAt": "0001-01-01T00:00:00+14:00"},
    ],
)
def test_alerts_with_what_nothing_can_hold_are_refused(doors, change):
    alert = {"status": "firing", "fingerprint": "f", "startsAt": "2026-03-01T00:00:00Z", "labels": {"model": MODEL}}
    body = json.dumps({"version": "4", "alerts": [{**alert, **change}]}).replace("\\\\u", "\\u")
    answer = doors.client.post("/alerts", content=body, headers=doors.headers("otto"))
    assert answer.status_code == 422
    assert doors.home.book.alerts.waiting() == []


def test_an_alert_leads_to_one_check_of_its_model(doors):
    body = {
        "version": "4",
        "alerts": [
            {"status": "firing", "fingerprint": f"f{n}", "startsAt": "2026-03-01T00:00:00Z", "labels": {"model": MODEL}}
            for n in range(5)
        ],
    }
    for expected in (5, 0):
        answer = doors.client.post("/alerts", json=body, headers=doors.headers("otto"))
        assert (answer.status_code, answer.json()["new"]) == (202, expected)
    for _ in range(3):
        Carrier(doors.desk).turn(lambda: False)
    (run,) = doors.home.book.runs.recent(MODEL, 10)
    assert len(doors.home.book.alerts.of(str(run["run"]))) == 5


def test_a_comment_with_what_nothing_can_hold_is_kept_without_it(home):
    run = home.waiting()
    home.engine.answer(run, Answer("ana", "deny", "cli", home.clock.now(), "no\0\ud800t"))
    assert home.book.approval(run).answers[0].comment == "no?t"


def test_a_server_that_is_told_to_end_lets_its_runner_end_first():
    """What uvicorn does with the signal that ended it, in a process of its own: it must not end ours."""
    script = (
        "import os, signal, sys\n"
        "from autopilot.serve.process import _signals_taken\n"
        "with _signals_taken():\n"
        "    signal.raise_signal(signal.SIGTERM)\n"
        "print('then the runner')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "then the runner\n")
