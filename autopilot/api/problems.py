"""Errors as RFC 9457 problems: one status for each kind of the error tree, the same words as everywhere."""

from collections.abc import Callable
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from graph.errors import AutopilotError, Misconfigured, NotFound, Refused, Unavailable

MEDIA_TYPE = "application/problem+json"
_STATUS: tuple[tuple[type[AutopilotError], HTTPStatus], ...] = (
    (NotFound, HTTPStatus.NOT_FOUND),
    (Refused, HTTPStatus.CONFLICT),
    (Misconfigured, HTTPStatus.UNPROCESSABLE_ENTITY),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)


class Unauthorized(Refused):
    """Nobody is known to have sent this."""


class Forbidden(Refused):
    """Who sent this may not do it."""


class TooMany(Refused):
    """Too much was asked in too little time."""


_OWN: dict[type[AutopilotError], HTTPStatus] = {
    Unauthorized: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
}


def status_of(error: AutopilotError) -> HTTPStatus:
    """Return the status that an error is answered with."""
    if type(error) in _OWN:
        return _OWN[type(error)]
    return next((status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)


def problem(status: HTTPStatus, detail: str, hint: str = "", kind: str = "misconfigured") -> JSONResponse:
    """Return a problem document; `kind` and `hint` as in errors of the command line."""
    headers = {
        HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "Bearer"},
        HTTPStatus.TOO_MANY_REQUESTS: {"Retry-After": "1"},
        HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "3"},
    }
    document = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
        "hint": hint,
        "kind": kind,
    }
    return JSONResponse(document, status, headers.get(status), MEDIA_TYPE)


def of(error: AutopilotError) -> JSONResponse:
    """Return an error of ours as a problem."""
    return problem(status_of(error), error.message, error.hint, error.kind)


def install(app: FastAPI) -> None:
    """Have every error of the application answered as a problem."""

    def ours(_: Request, error: Exception) -> JSONResponse:
        return of(error) if isinstance(error, AutopilotError) else _unknown()

    def invalid(_: Request, error: Exception) -> JSONResponse:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, _first(error), "see /docs for what this takes")

    def plain(_: Request, error: Exception) -> JSONResponse:
        status = HTTPStatus(error.status_code) if isinstance(error, HTTPException) else HTTPStatus.BAD_REQUEST
        detail = str(error.detail) if isinstance(error, HTTPException) else status.phrase
        answer = problem(status, detail, "see /docs for what there is")
        answer.headers.update(getattr(error, "headers", None) or {})
        return answer

    handlers: list[tuple[type[Exception], Callable[[Request, Exception], JSONResponse]]] = [
        (AutopilotError, ours),
        (RequestValidationError, invalid),
        (HTTPException, plain),
    ]
    for kind, handler in handlers:
        app.add_exception_handler(kind, handler)


def _first(error: Exception) -> str:
    """Return the first thing that is wrong with a request, without what was sent: it may be a secret."""
    if not isinstance(error, RequestValidationError):
        return "the request cannot be read"
    found = jsonable_encoder(error.errors())[0]
    where = ".".join(str(part) for part in found["loc"])
    return f"{where}: {found['msg']}"


def _unknown() -> JSONResponse:
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "something went wrong here; it is in the log of the process")
