"""Runs over HTTP: ask for one, list them, read one, its report, and answer what it asks."""

from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse

from autopilot import view
from autopilot.api import shapes
from autopilot.api.identity import At, Operator, Viewer, require_role
from autopilot.api.repeat import Key, once
from autopilot.desk import Desk
from autopilot.report.document import report_document
from autopilot.report.page import report_html
from autopilot.report.summary import report_text
from graph.errors import NotFound
from graph.model import Answer, Json

router = APIRouter(tags=["runs"])
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": shapes.Problem, "content": {"application/problem+json": {}}}
    for status in (400, 401, 403, 404, 409, 413, 422, 429, 503)
}
Limit = Annotated[int, Query(ge=1, le=200)]
Model = Annotated[str | None, Query(max_length=128, pattern=r"^[^\x00]*$")]


@router.get("/runs", response_model=shapes.Runs, responses=PROBLEMS)
def list_runs(desk: At, _: Viewer, model: Model = None, limit: Limit = 30, after: UUID | None = None) -> Json:
    """List runs, newest first, of one model or of all."""
    book = desk.office.book
    rows = book.runs.page(model, str(after) if after else None, limit)
    following = str(rows[-1]["run"]) if len(rows) == limit else None
    return {"runs": view.runs(book, rows), "next": following}


@router.post("/runs", status_code=HTTPStatus.ACCEPTED, response_model=shapes.Run, responses=PROBLEMS)
def ask_for_run(request: Request, desk: At, holder: Operator, asked: shapes.Asked, key: Key = None) -> Response:
    """Have a model checked now. The run is written down and then carried on; read it again to see how it goes."""

    def act() -> JSONResponse:
        desk.office.file.model(asked.model)
        run = desk.office.engine.request(asked.model, holder.person)
        return JSONResponse(one(desk, run), HTTPStatus.ACCEPTED, {"Location": f"/runs/{run}"})

    return once(desk, holder, key, ("POST /runs", asked.model), act)


@router.get("/runs/{run}", response_model=shapes.Run, responses=PROBLEMS)
def read_run(desk: At, _: Viewer, run: UUID) -> Json:
    """Return one run."""
    return one(desk, str(run))


@router.post("/runs/{run}/resume", response_model=shapes.Run, responses=PROBLEMS)
def resume_run(desk: At, holder: Operator, run: UUID, given: shapes.Resumed, key: Key = None) -> Response:
    """Answer what a run asks, or have it carried on. An answer is a row first; the run goes on by itself afterwards."""

    if given.decision:
        require_role(holder, "approver")

    def act() -> JSONResponse:
        if given.decision:
            answer = Answer(holder.person, given.decision, "api", desk.clock.now(), given.comment)
            take(desk, str(run), answer, given.fingerprint)
        else:
            desk.office.book.queue.wake(str(run))
        return JSONResponse(one(desk, str(run)))

    return once(desk, holder, key, ("POST /runs/resume", str(run), given.model_dump_json()), act)


@router.get("/runs/{run}/report", response_class=HTMLResponse, responses=PROBLEMS)
def read_report(desk: At, _: Viewer, run: UUID, accept: Annotated[str, Header()] = "text/html") -> Response:
    """Return champion against challenger: a page, or text or JSON where that is what `Accept` names first."""
    book = desk.office.book
    row = book.runs.row(str(run))
    found, past = view.explanation(book, row), view.course(book, row)
    wanted = next((kind for kind in _kinds(accept) if kind in ("text/html", "text/plain", "application/json")), "")
    if wanted == "application/json":
        return JSONResponse(report_document(found, past))
    if wanted == "text/plain":
        return PlainTextResponse(report_text(found, past=past))
    # Its style stands in the page itself, so that the page can be kept: this one answer may use it, and no script.
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
    return HTMLResponse(report_html(found, past), headers={"Content-Security-Policy": policy})


def _kinds(accept: str) -> list[str]:
    return [part.split(";")[0].strip().lower() for part in accept.split(",")]


def one(desk: Desk, run: str) -> Json:
    """Return a run's object. NotFound when there is none."""
    book = desk.office.book
    found: Json = jsonable_encoder(view.run(book, book.runs.row(run)))
    return found


def take(desk: Desk, run: str, answer: Answer, fingerprint: str | None) -> None:
    """Record an answer, whatever door it came through. Whoever carries the run on is told by the same statement."""
    if answer.person not in desk.office.file.people:
        raise NotFound(f"nobody called {answer.person} is under people in autopilot.yaml")
    desk.office.engine.take(run, answer, fingerprint)
