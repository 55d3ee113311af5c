"""Idempotency-Key: a POST that is sent again gets the answer that it got, and does nothing more."""

import json
from collections.abc import Callable
from typing import Annotated

from fastapi import Header
from fastapi.responses import JSONResponse

from autopilot.api.problems import of, status_of
from autopilot.desk import Desk
from checkpoints.ledger.requests import Answered
from checkpoints.ledger.tokens import Holder
from graph.errors import AutopilotError, Unavailable

Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]


def once(
    desk: Desk, holder: Holder, key: str | None, content: tuple[str, ...], act: Callable[[], JSONResponse]
) -> JSONResponse:
    """Return what `act` answers; with a key, what it answered the first time. `content` is what the key stands for."""
    if key is None:
        return act()
    book = desk.office.book
    before = book.requests.begin(holder.person, key, json.dumps(content).encode(), desk.clock.now())
    if before:
        return JSONResponse(before.body, before.status, {"Idempotency-Replayed": "true"})
    try:
        answer = act()
    except AutopilotError as error:
        if isinstance(error, Unavailable):
            book.requests.drop(holder.person, key)
        else:
            refused = of(error)
            book.requests.end(holder.person, key, Answered(int(status_of(error)), json.loads(bytes(refused.body))))
        raise
    except BaseException:
        book.requests.drop(holder.person, key)
        raise
    book.requests.end(holder.person, key, Answered(answer.status_code, json.loads(bytes(answer.body))))
    return answer
