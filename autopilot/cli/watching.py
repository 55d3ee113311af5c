"""A screen that is drawn again and again on a terminal, until somebody ends it."""

from collections.abc import Callable
from typing import TextIO

from autopilot import words
from graph.errors import Unavailable

EVERY_S = 3.0
_CLEAR, _HOME, _REST_OF_LINE, _REST = "\x1b[2J", "\x1b[H", "\x1b[K", "\x1b[J"


def watch(draw: Callable[[], str], to: TextIO, wait: Callable[[float], None]) -> int:
    """Draw until Ctrl-C, which is how it ends: exit code 0. A database that is away is said in place of old rows."""
    to.write(_CLEAR)
    try:
        while True:
            to.write(_HOME + "".join(f"{line}{_REST_OF_LINE}\n" for line in _seen(draw).split("\n")) + _REST)
            to.flush()
            wait(EVERY_S)
    except KeyboardInterrupt:
        return 0


def _seen(draw: Callable[[], str]) -> str:
    try:
        return draw()
    except Unavailable as away:
        return words.printable(f"{away.message}\n  {away.hint}\n  asked again every {EVERY_S:g} seconds (Ctrl-C ends)")
