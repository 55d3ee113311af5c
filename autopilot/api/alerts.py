"""Alerts of Alertmanager and Grafana: stored before their sender is thanked, each once."""

import hmac
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials
from starlette.concurrency import run_in_threadpool

from autopilot.api import shapes
from autopilot.api.identity import At, bearer, counted, holder_of, require_role
from autopilot.api.problems import Unauthorized
from autopilot.api.runs import PROBLEMS
from autopilot.desk import Desk
from autopilot.settings import ALERTS_SECRET
from graph.errors import Misconfigured
from graph.model import Json
from tools.monitors.alerts import Delivery, parse

router = APIRouter(tags=["alerts"])
Signature = Annotated[str | None, Header(alias="X-Grafana-Alerting-Signature")]
Timestamp = Annotated[str | None, Header(alias="X-Grafana-Alerting-Signature-Timestamp")]


@router.post("/alerts", status_code=HTTPStatus.ACCEPTED, response_model=shapes.Received, responses=PROBLEMS)
async def receive_alerts(
    request: Request,
    desk: At,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    signature: Signature = None,
    timestamp: Timestamp = None,
) -> Json:
    """Take a delivery of alerts, by an operator's token or by Grafana's HMAC signature, and have the models checked."""
    body = await request.body()
    return await run_in_threadpool(_received, request, desk, credentials, signature, timestamp, body)


def _received(
    request: Request,
    desk: Desk,
    credentials: HTTPAuthorizationCredentials | None,
    signature: str | None,
    timestamp: str | None,
    body: bytes,
) -> Json:
    if signature is None:
        require_role(holder_of(request, credentials), "operator")
    else:
        counted(request)
        _require_signature(desk, signature, timestamp, body)
    found = _store(desk, parse(body))
    desk.office.book.queue.put("upkeep", "sweep", "sweep", {"timestamp": 0})
    return found


def _require_signature(desk: Desk, signature: str, timestamp: str | None, body: bytes) -> None:
    secret = desk.logins.get(ALERTS_SECRET)
    if not secret:
        raise Unauthorized("signed alerts are not taken here", f"set {ALERTS_SECRET}, or send an operator's token")
    signed = f"{timestamp}:".encode() + body if timestamp else body
    expected = hmac.new(secret.encode(), signed, sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogateescape")):
        raise Unauthorized("the signature is not that of the body", f"compare the secret with {ALERTS_SECRET}")


def _store(desk: Desk, delivery: Delivery) -> Json:
    office, now = desk.office, desk.clock.now()
    firing = [alert for alert in delivery.alerts if alert.status == "firing"]
    unknown = sorted({alert.model or "" for alert in firing} - set(office.file.models))
    new = 0
    for alert in firing:
        if alert.model in office.file.models:
            name = alert.labels.get("alertname", "alert")
            detail = {"labels": dict(alert.labels), "annotations": dict(alert.annotations)}
            new += office.book.alerts.receive(alert.dedupe_key, delivery.sender, alert.model, name, detail, now)
    if firing and len(unknown) == len({alert.model for alert in firing}):
        raise Misconfigured(
            f"no alert names a model of autopilot.yaml: {', '.join(each or 'no label model' for each in unknown)}",
            "give the alert a label model: with the name it has there",
        )
    return {"received": len(delivery.alerts), "new": new, "unknown": unknown}
