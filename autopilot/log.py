"""The log of a process that stays: lines for people, or one JSON object a line. No secret is in either."""

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TextIO

from autopilot import words
from autopilot.settings import LogForm
from tools.redaction import Redactor

FIELDS = ("event", "model", "run")
"""What a line may say beside its message, where there is one."""
_LOUDER = "autopilot"
"""Of ours also what is no warning is written; of libraries their warnings."""


class _Line(logging.Formatter):
    """Takes secrets out of everything that a record says."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._redact = redact

    def said(self, record: logging.LogRecord) -> dict[str, str]:
        """Return time, level, message, the fields that are there, and under `error` a traceback."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        found = {"time": at, "level": record.levelname.lower(), "message": self._redact(record.getMessage())}
        fields = {name: self._redact(str(getattr(record, name))) for name in FIELDS if hasattr(record, name)}
        error = {"error": self._redact(self.formatException(record.exc_info))} if record.exc_info else {}
        return {**found, **fields, **error}


class JsonLine(_Line):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return json.dumps(self.said(record), ensure_ascii=False)


class TextLine(_Line):
    """One line for people; a traceback takes more."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        said = self.said(record)
        what = "  ".join(f"{name}={said[name]}" for name in ("model", "run") if name in said)
        # Indented: what a remote system wrote into its error begins no line of its own.
        error = "".join(f"\n  {words.printable(each)}" for each in said.get("error", "").splitlines())
        message = words.one_line(words.printable(said["message"]))
        return f"{said['time']} {said['level']:8} {message}{'  ' if what else ''}{what}{error}"


_FORMS: dict[LogForm, type[_Line]] = {"json": JsonLine, "text": TextLine}


@contextmanager
def logging_to(stream: TextIO, form: LogForm, secrets: Iterable[str]) -> Iterator[None]:
    """Write what this process logs into a stream for as long as this lasts."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_FORMS[form](Redactor.of(secrets)))
    root, ours = logging.getLogger(), logging.getLogger(_LOUDER)
    before = ours.level
    root.addHandler(handler)
    ours.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        ours.setLevel(before)
