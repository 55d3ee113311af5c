"""The jobs as procrastinate knows them. Each has a thread; one that is cut off, or finds no database, comes again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from procrastinate import App, BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.jobs import Job

from autopilot.capabilities import ALL
from autopilot.desk import Desk
from autopilot.fleet.acting import carry_on
from autopilot.fleet.checking import check
from autopilot.fleet.planner import answer_alerts, plan, sweep
from autopilot.fleet.queues import CHECKS, RETENTION, UPKEEP
from autopilot.fleet.threads import in_thread
from autopilot.upkeep.tending import require_tended, tend
from graph.errors import Unavailable

SLOW_S = 20.0
"""A check that takes longer keeps its worker to itself: the rest of its chunk goes to another."""
_EVERY = "* * * * * */20"
_HOURLY = "17 * * * *"
_AGAIN_S = 5
_FIRST = 30  # as checkpoints/sql/queue.sql has it


class ComesAgain(BaseRetryStrategy):
    """A job that was cut off by the end of its process is for the next one; one without a database waits for it."""

    def __init__(self, cut_off: Callable[[], None]) -> None:
        self._cut_off = cut_off

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when, or None: then the job failed, and the next sweep or plan puts another where one is needed."""
        if isinstance(exception, asyncio.CancelledError):
            self._cut_off()
            return RetryDecision(retry_in={"seconds": 0})
        return RetryDecision(retry_in={"seconds": _AGAIN_S}) if isinstance(exception, Unavailable) else None


def add_tasks(app: App, desk: Desk, broken: Callable[[Exception], None], cut_off: Callable[[], None]) -> None:
    """Teach a worker's application what to do for each job.

    `broken` is told of an error that no run can be blamed for, `cut_off` when a job was not given the time it needed.
    """
    retry = ComesAgain(cut_off)

    @asynccontextmanager
    async def telling() -> AsyncIterator[None]:
        try:
            yield
        except Unavailable:
            raise
        except Exception as error:
            broken(error)
            raise

    @app.periodic(cron=_EVERY)
    @app.task(name="plan", queue=UPKEEP, queueing_lock="plan", priority=_FIRST, retry=retry)
    async def _plan(timestamp: int) -> None:
        async with telling():
            await in_thread(partial(plan, desk))

    @app.periodic(cron=_EVERY)
    @app.task(name="sweep", queue=UPKEEP, queueing_lock="sweep", priority=_FIRST, retry=retry)
    async def _sweep(timestamp: int) -> None:
        async with telling():
            await in_thread(partial(sweep, desk))

    _add_retention(app, desk, retry)

    @app.task(name="alerts", queue=CHECKS, queueing_lock="alerts", retry=retry)
    async def _alerts() -> None:
        async with telling():
            await in_thread(partial(answer_alerts, desk))

    @app.task(name="check", queue=CHECKS, retry=retry)
    async def _check(models: list[str]) -> None:
        async with telling():
            await check_chunk(desk, models)

    @app.task(name="carry_on", pass_context=True, retry=retry)
    async def _carry_on(context: JobContext, run: str, looks: int = 0) -> None:
        async with telling():
            await in_thread(partial(carry_on, desk, context.job.queue, run, looks))


def _add_retention(app: App, desk: Desk, retry: ComesAgain) -> None:
    @app.task(name="retain", queue=RETENTION, queueing_lock="retain", retry=retry)
    async def _retain(timestamp: int) -> None:
        # Its failure is the job's: the checks go on, and the number of failed jobs says so.
        await in_thread(partial(retain, desk))

    if desk.office.engine.can == ALL:
        # Any worker puts what is periodic, also for others: where nobody may do it, it would wait for ever.
        app.periodic(cron=_HOURLY)(_retain)


def retain(desk: Desk) -> None:
    """Fold and drop what is old, as far as one call goes. An error of one model is raised when the rest is done."""
    office = desk.office
    office.book.queue.forget()
    if office.home:
        require_tended(tend(office.book, office.file.retention.policy, desk.clock.now(), office.home))


async def check_chunk(desk: Desk, models: list[str], slow_s: float = SLOW_S) -> None:
    """Check models one after the other. Those behind one that takes long go to another job, and are not held up."""
    for at, model in enumerate(models):
        one = asyncio.ensure_future(in_thread(partial(check, desk, model)))
        await asyncio.wait({one}, timeout=slow_s)
        rest = models[at + 1 :]
        if not one.done() and rest:
            key = f"check:behind:{model}"
            await in_thread(partial(desk.office.book.queue.put, CHECKS, "check", key, {"models": rest}))
            return await one
        await one
    return None
