"""`autopilot work`: one worker, until somebody ends it."""

import signal
import sys
import threading
from dataclasses import replace

from autopilot.bootstrap import office
from autopilot.capabilities import Capability
from autopilot.clock import RunningClock
from autopilot.desk import Desk
from autopilot.fleet.worker import Worker
from autopilot.log import logging_to
from autopilot.settings import Settings
from autopilot.staying import code, say

GRACE_S = 10.0
"""For what it is at, once it is to end."""


def work(settings: Settings, can: frozenset[Capability], jobs: int) -> int:
    """Work until SIGTERM or SIGINT, then finish or hand back what is at hand. Return the exit code."""
    if settings.now:
        settings = replace(settings, running=RunningClock(settings.now))
    with logging_to(sys.stderr, settings.log, settings.secrets):
        return _worked(settings, can, jobs)


def _worked(settings: Settings, can: frozenset[Capability], jobs: int) -> int:
    ended = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: ended.set())
    with office(settings, can=can) as at_work:
        desk = Desk(settings.config, settings.clock, settings.logins, at_work)
        worker = Worker(desk, at_work.dsn, can, jobs, GRACE_S)
        say(settings, f"working: {', '.join(sorted(can))} (stop with Ctrl-C)")
        worker.start(on_failure=ended.set)
        ended.wait()
        finished = worker.stop()
    return code(settings, worker.failed, finished)
