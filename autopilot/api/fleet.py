"""The models over HTTP, and whether the process can work."""

from typing import Annotated

from fastapi import APIRouter, Query

from autopilot import view
from autopilot.api import shapes
from autopilot.api.identity import At, Viewer
from autopilot.api.runs import PROBLEMS, Limit
from autopilot.desk import Desk
from autopilot.effective import model_specs
from graph.model import Json

router = APIRouter()


@router.get("/models", response_model=shapes.Models, tags=["models"], responses=PROBLEMS)
def list_models(
    desk: At, _: Viewer, limit: Limit = 100, after: Annotated[str | None, Query(max_length=128)] = None
) -> Json:
    """List the models by name, each with its newest verdict and what it waits for."""
    models = [each for each in fleet(desk)["models"] if after is None or each["model"] > after]
    page = models[:limit]
    return {"models": page, "next": page[-1]["model"] if len(models) > limit else None}


@router.get("/healthz", response_model=shapes.Health, tags=["process"], responses={503: PROBLEMS[503]})
def health(desk: At) -> Json:
    """Tell whether the database answers and whether autopilot.yaml can be read. Open to everybody; names nothing."""
    office = desk.office
    office.book.database.row("select 1 as one")
    return {"database": "ok", "config": "autopilot.yaml has an error; see the log" if desk.problem else None}


def fleet(desk: Desk) -> Json:
    """Return `autopilot status` of the file that is at work."""
    office = desk.office
    return view.status(office.book, model_specs(office.file, desk.config.absolute().parent), desk.clock.now())
