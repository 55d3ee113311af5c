"""The models over HTTP, and whether the process can work."""

from typing import Annotated

from fastapi import APIRouter, Query

from autopilot.api import shapes
from autopilot.api.identity import At, Viewer
from autopilot.api.runs import PROBLEMS, Limit
from autopilot.desk import Desk
from autopilot.fleet import roster, screen
from autopilot.fleet.choice import Choice, chosen
from autopilot.fleet.standing import STATES
from graph.model import Json

router = APIRouter()
Label = Annotated[str, Query(max_length=128)]


@router.get("/models", response_model=shapes.Models, tags=["models"], responses=PROBLEMS)
def list_models(
    desk: At,
    _: Viewer,
    limit: Limit = 100,
    after: Annotated[str | None, Query(max_length=128)] = None,
    state: Annotated[str, Query(pattern=f"^({'|'.join(STATES)})?$")] = "",
    tag: Label = "",
    owner: Label = "",
    group: Label = "",
) -> Json:
    """List the models by name: newest verdict, states, who holds each. Summary and incidents are of all of them."""
    found = fleet(desk)
    wanted = chosen(found["models"], Choice(state=state, tag=tag, owner=owner, group=group, sort="model")).rows
    models = [each for each in wanted if after is None or each["model"] > after]
    page = models[:limit]
    following = page[-1]["model"] if len(models) > limit else None
    return {"models": page, "next": following, "summary": found["summary"], "incidents": found["incidents"]}


@router.get("/healthz", response_model=shapes.Health, tags=["process"], responses={503: PROBLEMS[503]})
def health(desk: At) -> Json:
    """Tell whether the database answers and whether autopilot.yaml can be read. Open to everybody; names nothing."""
    office = desk.office
    office.book.database.row("select 1 as one")
    return {"database": "ok", "config": "autopilot.yaml has an error; see the log" if desk.problem else None}


def fleet(desk: Desk) -> Json:
    """Return every model as `autopilot status` knows it, by the file that is at work."""
    office = desk.office
    return screen.fleet(office.book, roster.of(office.file), desk.clock.now())
