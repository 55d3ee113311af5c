"""`autopilot serve`: the doors, the threads behind them and a worker, until somebody ends it."""

import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import uvicorn
from fastapi import FastAPI

from autopilot.api.app import application
from autopilot.bootstrap import office
from autopilot.capabilities import Capability
from autopilot.clock import RunningClock
from autopilot.desk import Desk
from autopilot.fleet.worker import Worker
from autopilot.log import logging_to
from autopilot.serve import callbacks
from autopilot.serve.runner import Runner
from autopilot.settings import Settings
from autopilot.staying import code, say
from autopilot.web import errors, pages
from graph.errors import Misconfigured

_GRACE_S = 10
"""For requests, and as long again for what the threads are at."""


def serve(settings: Settings, host: str, port: int, can: frozenset[Capability], jobs: int) -> int:
    """Serve until SIGTERM or SIGINT, then finish what is at hand within a bounded time. Return the exit code."""
    if settings.now:
        settings = replace(settings, running=RunningClock(settings.now))
    with logging_to(sys.stderr, settings.log, settings.secrets):
        return _served(settings, host, port, can, jobs)


def _served(settings: Settings, host: str, port: int, can: frozenset[Capability], jobs: int) -> int:
    with office(settings, can=can) as at_work, _listening(host, port) as door:
        desk = Desk(
            settings.config,
            settings.clock,
            settings.logins,
            at_work,
            own_series=settings.own_series,
            caps=settings.llm_caps,
        )
        behind = Behind(desk, at_work.dsn, can, jobs)
        server = uvicorn.Server(_config(desk, door))
        where = door.getsockname()
        say(settings, f"serving on http://{where[0]}:{where[1]} (stop with Ctrl-C)")
        behind.start(on_failure=_asks_to_end(server))
        try:
            with _signals_taken():
                server.run(sockets=[door])
        finally:
            finished = behind.stop()
        return code(settings, behind.failed, finished)


class Behind:
    """What works behind the doors: who tells and hears the channels, and a worker. One stops and fails for both."""

    def __init__(self, desk: Desk, dsn: str, can: frozenset[Capability], jobs: int) -> None:
        self._runner = Runner(desk)
        self._worker = Worker(desk, dsn, can, jobs, _GRACE_S)

    def start(self, on_failure: Callable[[], None] = lambda: None) -> None:
        """Start all of them; `on_failure` is called when one ends by an error."""
        self._runner.start(on_failure)
        self._worker.start(on_failure)

    def stop(self) -> bool:
        """Let each finish what it is at. False when one did not within the time: its run stays resumable."""
        self._worker.ask_to_stop()
        finished = self._runner.stop(_GRACE_S)
        return self._worker.stop() and finished

    @property
    def failed(self) -> BaseException | None:
        """What ended one of them."""
        return self._worker.failed or self._runner.failed


@contextmanager
def _signals_taken() -> Iterator[None]:
    """Keep this process alive after its server has ended: uvicorn raises the signal that ended it once more."""
    before = {each: signal.signal(each, lambda *_: None) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def doors(desk: Desk) -> FastAPI:
    """Return the application that is served: the API, the pages, and what channels call back."""
    app = application(desk, more=[pages.router, callbacks.router])
    errors.install(app)
    return app


def _config(desk: Desk, door: socket.socket) -> uvicorn.Config:
    host, port = door.getsockname()[:2]
    return uvicorn.Config(
        doors(desk),
        host=host,
        port=port,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        # The sender's address is what a limit is held against: a header that anybody can write is not believed.
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_S,
        timeout_keep_alive=15,
    )


def _listening(host: str, port: int) -> socket.socket:
    """Return the open door. Misconfigured when it is taken or not ours to open."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise Misconfigured(
            f"cannot listen on {host} port {port}: {error.strerror or error}", "choose another with --port or --host"
        ) from None


def _asks_to_end(server: uvicorn.Server) -> Callable[[], None]:
    def end() -> None:
        server.should_exit = True

    return end
