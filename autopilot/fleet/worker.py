"""A worker: takes jobs out of the queue and does them, until it is stopped.

Several checks at once, and beside them as many runs that are carried on. It lives in a thread with an event loop of its
own, beside the doors of `serve` or alone under `autopilot work`. While the database is away it waits; what it was at is
taken back by whoever sweeps next.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from procrastinate import App

from autopilot.capabilities import Capability
from autopilot.desk import Desk
from autopilot.fleet.queues import lanes
from autopilot.fleet.tasks import add_tasks
from checkpoints.queue.app import AWAY, application

_LOOK_EVERY_S = 1.0
"""How often it looks for jobs whose time has come; new ones are told to it."""
_AWAY_S = 2.0
# It writes down every job, and each traceback of a database that is away: what is wrong stands in rows, or ends us.
logging.getLogger("procrastinate").setLevel(logging.CRITICAL)


class Worker:
    """Works until stopped; `failed` holds what ended it before that."""

    def __init__(self, desk: Desk, dsn: str, can: Iterable[Capability], jobs: int = 4, grace_s: float = 10.0) -> None:
        self._lanes = [(application(dsn), queues) for queues in lanes(can)]
        self._jobs, self._grace_s = jobs, grace_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._cut_off = threading.Event()
        self._working: set[asyncio.Task[None]] = set()
        self._ended = threading.Event()
        self._on_failure: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._live, name="worker", daemon=True)
        self.failed: BaseException | None = None
        for app, _ in self._lanes:
            add_tasks(app, desk, self._broken, self._cut_off.set)

    def start(self, on_failure: Callable[[], None] = lambda: None) -> None:
        """Begin; `on_failure` is called when it ends by an error."""
        self._on_failure = on_failure
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Take no more jobs. What is not done within the grace is handed back to the queue."""
        self._ended.set()
        with suppress(RuntimeError):  # it has ended by itself meanwhile
            if self._loop:
                self._loop.call_soon_threadsafe(self._cancel)

    def stop(self) -> bool:
        """Stop, and wait for it. False when a job was cut off: the next worker does it again."""
        self.ask_to_stop()
        self._thread.join(2 * self._grace_s + _AWAY_S)
        return not (self._thread.is_alive() or self._cut_off.is_set())

    def _cancel(self) -> None:
        for each in self._working:
            each.cancel()

    def _broken(self, error: Exception) -> None:
        self.failed = error
        self.ask_to_stop()

    def _live(self) -> None:
        try:
            with asyncio.Runner() as runner:
                self._loop = runner.get_loop()
                self._loop.set_exception_handler(_unheard)
                runner.run(self._main())
        except BaseException as error:  # noqa: BLE001 - not hidden: it ends the process
            self.failed = error
        finally:
            if self.failed:
                self._on_failure()

    async def _main(self) -> None:
        await asyncio.gather(*(self._serve(app, queues) for app, queues in self._lanes))

    async def _serve(self, app: App, queues: list[str]) -> None:
        while not self._ended.is_set():
            work = asyncio.ensure_future(work_off(app, queues, self._jobs, self._grace_s))
            self._working.add(work)
            await asyncio.wait({work})
            self._working.discard(work)
            if work.cancelled():
                return
            error = work.exception()
            if error and not isinstance(error, AWAY):
                raise error
            # The database went away, under the work or under the watch that listens for jobs.
            await asyncio.sleep(_AWAY_S)


def _unheard(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Leave out what jobs could not write down while the database was away: they are taken back from the dead."""
    if not isinstance(context.get("exception"), AWAY):
        loop.default_exception_handler(context)


async def work_off(app: App, queues: list[str], jobs: int, grace_s: float = 10.0, wait: bool = True) -> None:
    """Do the jobs of these queues; without `wait`, those that are there now. Raises one of AWAY without a database."""
    async with app.open_async():
        await app.run_worker_async(
            queues=queues,
            name="autopilot",
            concurrency=jobs,
            wait=wait,
            fetch_job_polling_interval=_LOOK_EVERY_S,
            shutdown_graceful_timeout=grace_s,
            delete_jobs="successful",
            install_signal_handlers=False,
        )
