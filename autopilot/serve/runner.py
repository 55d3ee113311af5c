"""The threads behind the doors: one reminds, one per channel tells and hears. Each looks, acts, waits.

A channel that is slow or dead holds up its own thread and nothing else. A thread that ends by an error of ours ends
the process: whoever supervises it starts a new one, and every row says where to go on.
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from autopilot.desk import Desk
from autopilot.serve.callbacks import handle, slack
from autopilot.serve.failures import Failures
from autopilot.serve.hearing import hear
from autopilot.serve.incidents import tell_incidents
from autopilot.serve.reminding import digest, remind
from autopilot.serve.telling import Teller
from graph.errors import AutopilotError

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())
_PAUSE_S = 1.0
_HEAR_EVERY_S = 30.0
_REMIND_EVERY_S = 15.0


class Runner:
    """Runs until stopped; `failed` holds what ended a thread before that."""

    def __init__(self, desk: Desk, pause_s: float = _PAUSE_S, hear_every_s: float = _HEAR_EVERY_S) -> None:
        self._desk, self._failures = desk, Failures(desk)
        self._pause_s, self._hear_every_s = pause_s, hear_every_s
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self.failed: BaseException | None = None

    def start(self, on_failure: Callable[[], None] = lambda: None) -> None:
        """Start the threads; `on_failure` is called when one ends by an error."""
        turns = [("remind", self._reminding)]
        turns += [(f"tell {kind}", self._telling(kind)) for kind in self._desk.office.file.channels]
        if getattr(self._desk.office.file.channels.get("slack"), "socket_mode", False):
            turns.append(("listen to slack", self._listening))
        for name, turn in turns:
            loop = threading.Thread(target=self._loop, args=(turn, on_failure), name=name, daemon=True)
            self._threads.append(loop)
            loop.start()

    def stop(self, within_s: float = 30.0) -> bool:
        """Let each thread finish what it is at. False when one did not within the time: its run stays resumable."""
        self._ended.set()
        until = time.monotonic() + within_s
        for each in self._threads:
            each.join(max(0.0, until - time.monotonic()))
        return not any(each.is_alive() for each in self._threads)

    def _loop(self, turn: Callable[[], None], on_failure: Callable[[], None]) -> None:
        try:
            while not self._ended.is_set():
                turn()
        except BaseException as error:  # noqa: BLE001 - not hidden: it ends the process
            self.failed = error
            on_failure()

    def _listening(self) -> None:
        try:
            channel = slack(self._desk)
            channel.listen(partial(handle, self._desk, channel), self._ended, self._heard_again)
        except AutopilotError as error:
            # A person must change something there; everything else goes on, and it is tried again.
            self._desk.unheard = error.message
            self._ended.wait(60 * self._pause_s)

    def _heard_again(self) -> None:
        self._desk.unheard = None

    def _reminding(self) -> None:
        try:
            remind(self._desk)
            digest(self._desk)
            tell_incidents(self._desk)
            self._failures.tell()
        except AutopilotError as error:
            # The database is away: every row is still there when it is back.
            _log.warning("%s", error.message, extra={"event": error.kind})
            self._ended.wait(5 * self._pause_s)
        else:
            self._ended.wait(_REMIND_EVERY_S)

    def _telling(self, kind: str) -> Callable[[], None]:
        teller, heard = Teller(self._desk, kind), 0.0

        def turn() -> None:
            nonlocal heard
            self._ended.wait(self._pause_s)
            try:
                teller.turn()
                if time.monotonic() - heard > self._hear_every_s:
                    heard = time.monotonic()
                    hear(self._desk, kind)
            except AutopilotError as error:
                # The channel or the database is away: what is to be told stands in its row.
                _log.warning("%s: %s", kind, error.message, extra={"event": error.kind})
                self._ended.wait(5 * self._pause_s)

        return turn
