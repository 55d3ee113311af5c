"""What Slack and Jira send us: proven to be theirs first, then taken by the rules that hold for every answer."""

from collections.abc import Callable
from typing import cast
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from autopilot.api.identity import At
from autopilot.api.problems import Unauthorized
from autopilot.desk import Desk
from autopilot.serve.hearing import hear, take
from checkpoints.ledger.views import View
from graph.errors import AutopilotError, NotFound, Refused, Unavailable
from graph.model import Json
from tools.approvals import jira_callbacks, slack_callbacks
from tools.approvals.channel import Heard
from tools.approvals.slack import SlackChannel
from tools.approvals.slack_callbacks import Click, Reason

router = APIRouter(include_in_schema=False)
_JIRA_SECRET = "AUTOPILOT_JIRA_WEBHOOK_SECRET"  # noqa: S105 - a variable's name


@router.post("/slack/interactions")
async def slack_interactions(request: Request, desk: At, later: BackgroundTasks) -> Response:
    """Take a click or a form. An answer is a row before Slack is thanked; what is said about it comes afterwards.

    Slack waits three seconds. Where the row cannot be written, Slack shows the person that the click failed.
    """
    body = await request.body()

    def act() -> Response:
        channel = slack(desk)
        _proven(lambda: channel.verify(request.headers, body, desk.clock.now()))
        did = slack_callbacks.read(slack_callbacks.payload(body))
        if isinstance(did, Reason):
            said = denied(desk, did)
            return JSONResponse(said) if said else Response()
        if did.decision == "deny":
            later.add_task(_ask_reason, desk, channel, did)
        elif why := approved(desk, did):
            later.add_task(_tell, channel, did, why)
        return Response()

    response = await run_in_threadpool(act)
    response.background = later
    return response


@router.post("/jira/webhook")
async def jira_webhook(request: Request, desk: At, later: BackgroundTasks) -> Response:
    """Take a hint that an issue changed: what counts is what Jira says when it is asked."""
    body = await request.body()
    made(desk, "jira")
    _proven(lambda: jira_callbacks.verify(desk.logins.get(_JIRA_SECRET, ""), request.headers, body))
    jira_callbacks.read(await _document(request), request.headers)
    later.add_task(_heard, desk)
    return Response(status_code=202, background=later)


async def _document(request: Request) -> object:
    try:
        return await request.json()
    except (ValueError, RecursionError):
        return None


def _heard(desk: Desk) -> None:
    try:
        hear(desk, "jira")
    except AutopilotError:
        # It is asked again within half a minute, hint or no hint.
        return


def _proven(verify: Callable[[], None]) -> None:
    try:
        verify()
    except Refused as error:
        raise Unauthorized(error.message, error.hint) from None


def made(desk: Desk, kind: str) -> object:
    """Return a configured channel. NotFound where there is none."""
    make = desk.office.channels.get(kind)
    if make is None:
        raise NotFound(f"channels.{kind} is not in autopilot.yaml", f"docs/{kind}.md says how to set it up")
    return make()


def slack(desk: Desk) -> SlackChannel:
    """Return the Slack channel. NotFound where there is none."""
    return cast(SlackChannel, made(desk, "slack"))


def handle(desk: Desk, channel: SlackChannel, document: Json) -> Json | None:
    """Take what came over Socket Mode; return what the submitted form is to show."""
    did = slack_callbacks.read(document)
    if isinstance(did, Reason):
        return denied(desk, did)
    if did.decision == "deny":
        _ask_reason(desk, channel, did)
    elif why := approved(desk, did):
        _tell(channel, did, why)
    return None


def approved(desk: Desk, click: Click) -> str | None:
    """Take an approval; return why it does not count. Unavailable when it could not be written down."""
    try:
        return take(desk, _view(desk, click), Heard(click.who, "approve", desk.clock.now()), aloud=False)
    except Unavailable:
        raise
    except AutopilotError as error:
        return error.message


def _ask_reason(desk: Desk, channel: SlackChannel, click: Click) -> None:
    """Open the form of a deny; who is too slow for it is told so and nobody else."""
    try:
        _view(desk, click)
        channel.ask_reason(click)
    except AutopilotError as error:
        _tell(channel, click, error.message)


def _tell(channel: SlackChannel, click: Click, why: str) -> None:
    try:
        channel.answer(click.response_url, why)
    except AutopilotError:
        # The message itself shows how the request stands: that is told by the view's own row.
        return


def denied(desk: Desk, reason: Reason) -> Json | None:
    """Take a deny with its reason; return what its form shows when it does not count."""
    try:
        why = take(desk, _view(desk, reason), Heard(reason.who, "deny", desk.clock.now(), reason.comment), aloud=False)
    except AutopilotError as error:
        why = error.message
    return slack_callbacks.shown_in_form(why) if why else None


def _view(desk: Desk, about: Click | Reason) -> View:
    """Return the view that a message is of. Refused when it is none of ours, or names another request."""
    book = desk.office.book
    view = book.views.by_nonce(about.nonce)
    approval = book.approvals.of(view.run) if view else None
    if view is None or approval is None or UUID(approval.id) != UUID(about.approval):
        raise Refused("this request is not known here", "look for it in the inbox, or: autopilot runs")
    return view
