"""Errors for a browser: a small page with the words of the problem that a program gets."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from autopilot.api.limits import HEADERS
from autopilot.api.problems import problem
from autopilot.web.render import error_page

_BROKEN = "something went wrong here; it is in the log of the process"
Handler = Callable[[Request, Any], Response]


def install(app: FastAPI) -> None:
    """Have every error that the application answers as a problem answered as a page where a page was asked for."""
    for kind, handler in list(app.exception_handlers.items()):
        # Only ours, which answer problems: the framework brings others.
        if getattr(handler, "__module__", "") == problem.__module__:
            app.add_exception_handler(kind, _for_browsers(cast(Handler, handler)))
    app.add_exception_handler(Exception, _for_browsers(_unknown))


def _for_browsers(handler: Handler) -> Handler:
    def answer(request: Request, error: Exception) -> Response:
        made = handler(request, error)
        if made.status_code < HTTPStatus.BAD_REQUEST or not _wants_page(request):
            return made
        said = json.loads(bytes(made.body))
        page = error_page(request, HTTPStatus(made.status_code), said["detail"], said["hint"])
        page.headers.update({name: made.headers[name] for name in ("retry-after", "allow") if name in made.headers})
        page.headers.update(HEADERS)
        return page

    return answer


def _wants_page(request: Request) -> bool:
    """Tell whether a person looks at the answer: on a page of ours, or wherever a browser is sent."""
    ours = getattr(request.scope.get("endpoint"), "__module__", "").startswith("autopilot.web")
    return ours or "text/html" in request.headers.get("accept", "")


def _unknown(request: Request, error: Exception) -> JSONResponse:
    made = problem(HTTPStatus.INTERNAL_SERVER_ERROR, _BROKEN, "autopilot doctor")
    made.headers.update(HEADERS)
    return made
