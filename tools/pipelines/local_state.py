"""Reads the folder of a local job as a TrainingJob: its state, and why it is in it, in words. Changes nothing."""

import re
import signal
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from graph.errors import Refused
from graph.model import JobState, Json, TrainingJob
from tools.pipelines.local_job import CANCEL, DONE, LOCK, ORDER, OUTPUT, STARTED, alive, held, read
from tools.pipelines.local_output import end_of
from tools.redaction import Redactor

KIND = "local"

_READ_BYTES = 16_384
_UNSAFE_CHARACTERS = 1000
_SHOWN_LINES = 10
_SHOWN_CHARACTERS = 300
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def look(key: str, folder: Path, redact: Redactor) -> TrainingJob | None:
    """Return the job of a folder, None when none was started in it. Raises OSError, ValueError, KeyError; Refused."""
    order = read(folder / ORDER)
    if order is None:
        return None
    if order["parameters"]["AUTOPILOT_KEY"] != key:
        raise Refused(f"{folder} belongs to job {order['parameters']['AUTOPILOT_KEY']}, not to {key}")
    # In this order: a job that starts or ends while we look must not seem to be lost.
    started, done = read(folder / STARTED), read(folder / DONE)
    lives = held(folder / LOCK)
    done = done or read(folder / DONE)
    if done is not None:
        job = _job(key, folder, *_ended(order, done, folder, redact))
        return replace(job, ran_s=_ran_s(started or read(folder / STARTED), done))
    if lives:
        return _job(key, folder, *_going(folder, started))
    if started is None:
        return None
    detail = f"started at {started['started_at']} and gone without a result: killed, or the machine went down"
    return _job(key, folder, "unknown", detail)


def _job(key: str, folder: Path, state: JobState, detail: str) -> TrainingJob:
    log = folder / OUTPUT
    return TrainingJob(folder.name, key, KIND, state, detail, str(log) if log.exists() else None)


def _going(folder: Path, started: Json | None) -> tuple[JobState, str]:
    if started is None:
        return "queued", "its supervisor is about to start it"
    detail = f"process {started['pid']} since {started['started_at']}"
    if not alive(started["supervisor"]):
        detail += "; its supervisor was killed, so its exit code will not be known"
    return "running", detail + ("; asked to stop" if (folder / CANCEL).exists() else "")


def _ended(order: Json, done: Json, folder: Path, redact: Redactor) -> tuple[JobState, str]:
    note = f"; {done['note']}" if done["note"] else ""
    if done["reason"] == "cancelled":
        return "cancelled", f"stopped on request{note}"
    if done["reason"] == "ended" and done["exit_code"] == 0:
        return "succeeded", f"exit code 0{note}"
    return "failed", f"{_why(order, done)}{note}; {_end_of_output(folder / OUTPUT, redact)}"


def _ran_s(started: Json | None, done: Json) -> float | None:
    """Return how long the command ran, to the second; None where nobody saw its end."""
    if started is None:
        return 0.0
    if done["exit_code"] is None and done["signal"] is None:
        return None
    begun, ended = (datetime.fromisoformat(at) for at in (started["started_at"], done["ended_at"]))
    return max(0.0, (ended - begun).total_seconds())


def _why(order: Json, done: Json) -> str:
    if done["reason"] == "deadline":
        return f"stopped at its deadline of {timedelta(seconds=order['deadline_s'])}"
    if done["reason"] == "terminated":
        return "stopped because its supervisor got SIGTERM: a shutdown, or somebody's kill"
    if done["signal"] is None:
        return f"exit code {done['exit_code']}"
    name = next((s.name for s in signal.Signals if s == done["signal"]), f"signal {done['signal']}")
    return f"killed by {name}" + (" (the system does that when memory runs out)" if name == "SIGKILL" else "")


def _end_of_output(log: Path, redact: Redactor) -> str:
    raw = end_of(log, _READ_BYTES)
    text = redact(_COLOUR.sub("", raw.decode(errors="replace")))
    if len(raw) == _READ_BYTES:
        # A secret that the window's edge cuts in two is not recognised: what may be its rest is not shown.
        text = text[max(redact.longest, _UNSAFE_CHARACTERS) :]
    lines = [_printable(line) for line in text.splitlines() if line.strip()]
    if not lines:
        return "it printed nothing"
    return "\n".join([f"its output in {log} ends:", *lines[-_SHOWN_LINES:]])


def _printable(line: str) -> str:
    return "".join(c for c in line if c.isprintable() or c == "\t")[:_SHOWN_CHARACTERS]
