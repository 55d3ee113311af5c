"""The pages: the inbox, one run with its report and the answer to it, its course, the fleet, and the API described."""

import re
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from autopilot import view
from autopilot.api import fleet as models
from autopilot.api.identity import At, counted, known, require_role
from autopilot.api.problems import status_of
from autopilot.api.runs import take
from autopilot.desk import Desk
from autopilot.fleet.choice import Choice, require_words
from autopilot.fleet.pausing import said
from autopilot.fleet.standing import STATES, VERDICTS
from autopilot.report.page import report_body
from autopilot.view import Row
from autopilot.web import documents, fleet
from autopilot.web.forms import Fields, Form
from autopilot.web.inbox import inbox
from autopilot.web.render import markup, page, static
from autopilot.web.standing import answering, decided, places, standing
from autopilot.web.timeline import timeline
from autopilot.web.visitor import Anybody, Reader, Sender, Visitor, begin, end, require_own_page
from graph.errors import AutopilotError, Misconfigured, Refused, Unavailable
from graph.model import Answer

router = APIRouter(include_in_schema=False)
MOST_COMMENT = 4000
_LOCAL = re.compile(r"/([A-Za-z0-9][A-Za-z0-9/_.~?=&%+:-]*)?")
_NO_TOKEN = "This token does not hold: it was mistyped, or it was revoked."  # noqa: S105 - words
Number = Annotated[int, Query(alias="page", ge=1, le=100_000)]
Next = Annotated[str, Query(alias="next")]
Word = Annotated[str, Query(max_length=200)]
Column = Annotated[str, Query(pattern=f"^({'|'.join(fleet.COLUMNS)})$")]
Order = Annotated[str, Query(pattern="^(up|down)?$")]


def local(path: str) -> str:
    """Return a path that leads to a page here; for anything else the inbox's."""
    return path if _LOCAL.fullmatch(path) else "/"


@router.get("/sign-in")
def sign_in_form(request: Request, visitor: Anybody, following: Next = "/") -> Response:
    """Ask for a token."""
    if visitor:
        return _to(local(following))
    return page(request, "sign_in.html", None, following=local(following), refusal=None)


@router.post("/sign-in")
def sign_in(request: Request, desk: At, fields: Form) -> Response:
    """Begin a session for whoever knows a token."""
    require_own_page(request, desk)
    counted(request)
    following = local(fields.get("next", "/"))
    holder = desk.office.book.tokens.holder(fields.get("token", "").strip())
    if holder is None:
        said_no = {"following": following, "refusal": _NO_TOKEN}
        return page(request, "sign_in.html", None, HTTPStatus.UNAUTHORIZED, **said_no)
    response = _to(following)
    begin(request, desk, known(desk, holder), response)
    return response


@router.post("/sign-out")
def sign_out(request: Request, desk: At, _: Sender) -> Response:
    """End this browser's session."""
    response = _to("/sign-in")
    end(request, desk, response)
    return response


@router.get("/")
def read_inbox(request: Request, desk: At, visitor: Reader, number: Number = 1) -> Response:
    """Show what waits for a person, and what became of what was asked."""
    return page(request, "inbox.html", visitor, inbox=inbox(desk, number))


@router.get("/fleet")
def read_fleet(
    request: Request,
    desk: At,
    visitor: Reader,
    verdict: Word = "",
    state: Word = "",
    tag: Word = "",
    owner: Word = "",
    group: Word = "",
    text: Word = "",
    sort: Column = "urgency",
    order: Order = "",
    number: Number = 1,
) -> Response:
    """Show every model, each with its newest verdict and where it stands; who calls for a person comes first."""
    tag, owner, group, text = (each.strip() for each in (tag, owner, group, text))
    choice = Choice(verdict, state, tag, owner, group, text, sort, order == "down", number)
    require_words(choice)
    found = fleet.fleet(models.fleet(desk), choice)
    return page(request, "fleet.html", visitor, fleet=found, links=fleet, verdicts=VERDICTS, states=STATES)


@router.get("/inbox/{run}")
def read_run(request: Request, desk: At, visitor: Reader, run: str, still: bool = False) -> Response:
    """Show one run: where it stands, its report, and what may be answered."""
    return _run_page(request, desk, visitor, view.find(desk.office.book, run), still=still)


@router.get("/inbox/{run}/timeline")
def read_timeline(request: Request, desk: At, visitor: Reader, run: str) -> Response:
    """Show everything that happened in one run."""
    book = desk.office.book
    row = view.find(book, run)
    found = view.explanation(book, row)
    entries = timeline(found, book.approvals.of(found["run"]), book.views.lines_of(found["run"]))
    return page(request, "timeline.html", visitor, found=found, entries=entries)


@router.post("/inbox/{run}/answer")
def answer_run(request: Request, desk: At, visitor: Sender, fields: Form, run: str) -> Response:
    """Take an answer. What is refused is said on the run's page, where nothing that was typed is lost."""
    row = view.find(desk.office.book, run)
    try:
        _record(desk, visitor, str(row["run"]), fields)
    except (Refused, Misconfigured, Unavailable) as error:
        again = view.find(desk.office.book, str(row["run"]))
        comment = fields.get("comment", "")[:MOST_COMMENT]
        return _run_page(request, desk, visitor, again, status_of(error), error, comment)
    return _to(f"/inbox/{row['run']}")


@router.get("/docs")
def read_documents(request: Request, visitor: Anybody) -> Response:
    """Describe the API."""
    return page(request, "docs.html", visitor, operations=documents.operations(request.app))


@router.get("/static/{name}")
def read_static(name: str) -> Response:
    """Return a file that pages are made with."""
    content, media_type = static(name)
    return Response(content, media_type=media_type, headers={"Cache-Control": "public, max-age=31536000, immutable"})


def _record(desk: Desk, visitor: Visitor, run: str, fields: Fields) -> None:
    require_role(visitor.holder, "approver")
    decision, fingerprint = decided(fields.get("decision", "")), fields.get("fingerprint", "")
    comment = fields.get("comment", "").strip()
    if decision is None or not fingerprint:
        raise Misconfigured("the form says neither approve nor deny, or not what was read", "answer with the buttons")
    if len(comment) > MOST_COMMENT:
        raise Misconfigured(f"the comment has more than {MOST_COMMENT} characters; nothing was answered", "shorten it")
    answer = Answer(visitor.holder.person, decision, "web", desk.clock.now(), comment)
    take(desk, run, answer, fingerprint)


def _run_page(
    request: Request,
    desk: Desk,
    visitor: Visitor,
    row: Row,
    status: int = HTTPStatus.OK,
    refusal: AutopilotError | None = None,
    comment: str = "",
    still: bool = False,
) -> HTMLResponse:
    book = desk.office.book
    approval = book.approvals.of(str(row["run"]))
    paused = None if row["outcome"] else said(book, *_labelled(desk, row["model"]))
    here = standing(desk, row, approval, paused)
    return page(
        request,
        "run.html",
        visitor,
        status,
        run=str(row["run"]),
        model=row["model"],
        here=here,
        looks_again=here.goes_on and not still and refusal is None,
        paused=paused,
        approval=approval,
        answering=answering(desk, visitor, approval),
        places=places(desk, approval),
        report=markup(report_body(view.explanation(book, row), view.course(book, row))),
        refusal=refusal,
        comment=comment,
        most=MOST_COMMENT,
    )


def _labelled(desk: Desk, model: str) -> tuple[str, list[str]]:
    """Return a model with its tags, as the file at work has them."""
    entry = desk.office.file.models.get(model)
    return model, entry.tags if entry else []


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)
