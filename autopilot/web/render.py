"""Pages from templates. Every word is escaped; there is no script, and no style but that of our own files."""

from functools import cache
from hashlib import sha256
from http import HTTPStatus
from importlib import resources
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from autopilot import words
from autopilot.api.identity import desk_of
from autopilot.report.markup import visible
from autopilot.web.phrases import opened, stopped
from autopilot.web.visitor import Visitor, remember, sign_in_path
from graph.errors import NotFound

_CSS, _SVG = "text/css; charset=utf-8", "image/svg+xml"
_FILES = {
    "inbox.css": ("autopilot.web", "static/inbox.css", _CSS),
    "report.css": ("autopilot.report", "page.css", _CSS),
    "icon.svg": ("autopilot.web", "static/icon.svg", _SVG),
}


def page(
    request: Request, template: str, visitor: Visitor | None, status: int = HTTPStatus.OK, **context: Any
) -> HTMLResponse:
    """Return a page made from a template of this package."""
    desk = desk_of(request)
    text = (
        _environment()
        .get_template(template)
        .render(visitor=visitor, problem=desk.problem, unheard=desk.unheard, **context)
    )
    response = HTMLResponse(text, status)
    remember(request, desk, visitor, response)
    return response


def error_page(request: Request, status: HTTPStatus, detail: str, hint: str) -> HTMLResponse:
    """Return a small page that says what is wrong."""
    signs_in = sign_in_path(request) if status == HTTPStatus.UNAUTHORIZED else None
    text = (
        _environment()
        .get_template("error.html")
        .render(visitor=None, problem=None, status=status, detail=detail, hint=hint, signs_in=signs_in)
    )
    return HTMLResponse(text, status)


def static(name: str) -> tuple[bytes, str]:
    """Return a file of the pages, with its media type. NotFound for every other name."""
    if name not in _FILES:
        raise NotFound(f"there is no /static/{words.cut(name, 60)}")
    return _content(name), _FILES[name][2]


@cache
def _content(name: str) -> bytes:
    package, path, _ = _FILES[name]
    return (resources.files(package) / path).read_bytes()


def _static_path(name: str) -> str:
    """Return where a file is, with a mark that changes with it: browsers may keep it as long as they like."""
    return f"/static/{name}?{sha256(_content(name)).hexdigest()[:12]}"


def _shown(value: Any) -> Any:
    """Return what is put into a page: characters that nobody sees, such as those that turn text, are marked."""
    return value if hasattr(value, "__html__") or not isinstance(value, str) else visible(value)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("autopilot.web"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(static=_static_path)
    made.filters.update(moment=words.moment, spoken=words.spoken, sentence=opened, stopped=stopped)
    return made


def markup(made: str) -> Markup:
    """Return what a report made, which is escaped already."""
    return Markup(made)  # noqa: S704 - autopilot.report.markup escapes every text
