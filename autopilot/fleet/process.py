"""`autopilot work`: one worker, until somebody ends it."""

import signal
import threading
from dataclasses import replace

from autopilot import output
from autopilot.bootstrap import office
from autopilot.capabilities import Capability
from autopilot.clock import RunningClock
from autopilot.desk import Desk
from autopilot.fleet.worker import Worker
from autopilot.settings import Settings
from graph.errors import AutopilotError

GRACE_S = 10.0
"""For what it is at, once it is to end."""


def work(settings: Settings, can: frozenset[Capability], jobs: int) -> int:
    """Work until SIGTERM or SIGINT, then finish or hand back what is at hand. Return the exit code."""
    if settings.now:
        settings = replace(settings, running=RunningClock(settings.now))
    ended = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: ended.set())
    with office(settings, can=can) as at_work:
        desk = Desk(settings.config, settings.clock, settings.logins, at_work)
        worker = Worker(desk, at_work.dsn, can, jobs, GRACE_S)
        output.say(f"working: {', '.join(sorted(can))} (stop with Ctrl-C)")
        worker.start(on_failure=ended.set)
        ended.wait()
        finished = worker.stop()
    return code(worker.failed, finished)


def code(failed: BaseException | None, finished: bool) -> int:
    """Say how a process that stays has ended; return its exit code."""
    if isinstance(failed, AutopilotError):
        return output.failed(failed, as_json=False)
    if failed is not None:
        raise failed
    if not finished:
        output.say("stopped in the middle of a run; another worker or the next start carries it on")
    return 0
