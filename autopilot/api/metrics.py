"""Numbers over HTTP for Prometheus."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from fastapi.responses import PlainTextResponse

from autopilot.api.identity import At, Viewer
from autopilot.api.runs import PROBLEMS
from autopilot.desk import Desk
from autopilot.observing.exposition import exposition
from autopilot.observing.scene import Scene

router = APIRouter(tags=["process"])
_ANSWERS: dict[int | str, dict[str, Any]] = {
    **PROBLEMS,
    200: {"content": {"text/plain": {}, "application/openmetrics-text": {}}},
}
Accept = Annotated[str, Header(include_in_schema=False)]


@router.get("/metrics", response_class=PlainTextResponse, responses=_ANSWERS)
def metrics(desk: At, _: Viewer, accept: Accept = "") -> Response:
    """Tell how the fleet does, as Prometheus reads it."""
    text, media_type = exposition(scene(desk), accept)
    return Response(text, headers={"content-type": media_type})


def scene(desk: Desk) -> Scene:
    """Return what a scrape looks at."""
    office = desk.office
    return Scene(
        book=office.book,
        file=office.file,
        now=desk.clock.now(),
        own_series=desk.own_series,
        caps=desk.caps,
        config_read=desk.problem is None,
        slack_heard=desk.unheard is None,
    )
