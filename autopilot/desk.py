"""What everybody in the process shares: the office at work, and the clock."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from autopilot import spec as written
from autopilot.bootstrap import Office
from autopilot.settings import OWN_SERIES
from graph.advice import TokenCaps
from graph.errors import AutopilotError
from graph.ports import Clock

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())


@dataclass
class Desk:
    """Follows autopilot.yaml: a changed file is taken over once it can be read, a broken one is said and kept out."""

    config: Path
    clock: Clock
    logins: Mapping[str, str] = field(repr=False)
    _office: Office
    problem: str | None = None
    """What is wrong with the file as it is now; None when it is the one at work."""
    unheard: str | None = None
    """Why nothing that people do in Slack comes over Socket Mode; None where it does, or is not expected to."""
    own_series: int = OWN_SERIES
    """How many models may have series of their own at /metrics."""
    caps: TokenCaps = field(default_factory=TokenCaps)
    _stamp: tuple[int, int] = (0, 0)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def __post_init__(self) -> None:
        self._stamp = self._stamped()

    @property
    def office(self) -> Office:
        """The office under the newest file that could be read."""
        stamp = self._stamped()
        with self._lock:
            if stamp != self._stamp:
                self._take_over(stamp)
            return self._office

    def _take_over(self, stamp: tuple[int, int]) -> None:
        self._stamp = stamp
        try:
            self._office = self._office.under(written.read(self.config))
            self.problem = None
            _log.info("%s was read again", self.config)
        except AutopilotError as error:
            self.problem = f"{error.message}; what was read before is still at work"
            _log.warning("%s", self.problem, extra={"event": error.kind})

    def _stamped(self) -> tuple[int, int]:
        try:
            found = self.config.stat()
        except OSError:
            return (0, 0)
        return (found.st_mtime_ns, found.st_size)
