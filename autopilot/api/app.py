"""The application: routes, errors, limits, and the documents that describe it."""

from collections.abc import Iterable

from fastapi import APIRouter, FastAPI

from autopilot import __version__
from autopilot.api import alerts, fleet, metrics, problems, runs
from autopilot.api.limits import Limits
from autopilot.api.rate import Rate
from autopilot.desk import Desk

_ABOUT = "Runs, approvals and models of Autopilot. Send a token of `autopilot token NAME --role …` as a bearer."


def application(desk: Desk, more: Iterable[APIRouter] = (), rate: Rate | None = None) -> FastAPI:
    """Return the application over an office at work, with more routes than those of the API."""
    app = FastAPI(title="Autopilot", version=__version__, description=_ABOUT, docs_url=None, redoc_url=None)
    app.state.desk = desk
    app.state.rate = rate or Rate()
    for each in (runs.router, fleet.router, alerts.router, metrics.router, *more):
        app.include_router(each)
    problems.install(app)
    app.add_middleware(Limits)
    return app
