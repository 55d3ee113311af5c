"""The lines of the pipe: what the world sends, what it is asked, and the clear end of a broken one."""

import json
from typing import Protocol

from graph.errors import Misconfigured
from graph.model import Json


class Reads(Protocol):
    """Where lines come from."""

    def readline(self) -> str:
        """Return the next line with its end, or an empty text when there is none."""


class Writes(Protocol):
    """Where lines go to."""

    def write(self, text: str, /) -> object:
        """Take a text."""

    def flush(self) -> None:
        """Hand on what was taken."""


class Pipe:
    """Reads the world's lines and writes ours; nothing else reaches stdout."""

    def __init__(self, incoming: Reads, outgoing: Writes) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._line = 0

    def receive(self, *kinds: str) -> Json:
        """Return the next line, which must be of one of these types. Raises Misconfigured otherwise."""
        text = self._incoming.readline()
        self._line += 1
        if not text:
            raise self.wrong("the pipe was closed before an `end` line", "the world ends a stream with type end")
        try:
            message = json.loads(text)
        except ValueError as error:
            raise self.wrong(f"is no JSON: {error}", "one JSON object a line") from error
        kind = message.get("type") if isinstance(message, dict) else None
        if kind not in kinds:
            raise self.wrong(f"has type {kind!r} where {' or '.join(kinds)} was expected", "see the judge's contract")
        return dict(message)

    def send(self, message: Json) -> None:
        """Write one line."""
        self._outgoing.write(json.dumps(message, sort_keys=True, allow_nan=False, separators=(",", ":")) + "\n")
        self._outgoing.flush()

    def wrong(self, what: str, hint: str) -> Misconfigured:
        """Return the error of the line just read."""
        return Misconfigured(f"judge: line {self._line} {what}", hint)
