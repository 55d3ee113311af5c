"""`autopilot serve`: the doors and the threads behind them, until somebody ends it."""

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import uvicorn
from fastapi import FastAPI

from autopilot import output
from autopilot.api.app import application
from autopilot.bootstrap import office
from autopilot.clock import RunningClock
from autopilot.desk import Desk
from autopilot.serve import callbacks
from autopilot.serve.runner import Runner
from autopilot.settings import Settings
from autopilot.web import errors, pages
from graph.errors import AutopilotError, Misconfigured

_GRACE_S = 10
"""For requests, and as long again for what the threads are at."""


def serve(settings: Settings, host: str, port: int) -> int:
    """Serve until SIGTERM or SIGINT, then finish what is at hand within a bounded time. Return the exit code."""
    if settings.now:
        settings = replace(settings, running=RunningClock(settings.now))
    with office(settings) as at_work, _listening(host, port) as door:
        desk = Desk(settings.config, settings.clock, settings.logins, at_work)
        runner = Runner(desk)
        server = uvicorn.Server(_config(desk, door))
        where = door.getsockname()
        output.say(f"serving on http://{where[0]}:{where[1]} (stop with Ctrl-C)")
        runner.start(on_failure=_asks_to_end(server))
        try:
            with _signals_taken():
                server.run(sockets=[door])
        finally:
            finished = runner.stop(_GRACE_S)
        return _code(runner, finished)


@contextmanager
def _signals_taken() -> Iterator[None]:
    """Keep this process alive after its server has ended: uvicorn raises the signal that ended it once more."""
    before = {each: signal.signal(each, lambda *_: None) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _code(runner: Runner, finished: bool) -> int:
    if isinstance(runner.failed, AutopilotError):
        return output.failed(runner.failed, as_json=False)
    if runner.failed is not None:
        raise runner.failed
    if not finished:
        output.say("stopped in the middle of a run; it goes on with the next start, or: autopilot resume --all")
    return 0


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
