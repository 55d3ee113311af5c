"""Who sends a request and what they may do: a bearer token's holder, who must still be under people."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from autopilot.api.problems import Forbidden, Unauthorized
from autopilot.api.rate import Rate
from autopilot.desk import Desk
from checkpoints.ledger.tokens import ROLES, Holder, Role

bearer = HTTPBearer(auto_error=False, description="A token of `autopilot token NAME --role …`")
_HINT = "make one with: autopilot token NAME --role viewer"


def desk_of(request: Request) -> Desk:
    """Return what the doors of this process share."""
    desk: Desk = request.app.state.desk
    return desk


def counted(request: Request, person: str | None = None) -> None:
    """Return when this person, or where nobody is known this address, may send one more request. TooMany otherwise.

    Behind a proxy all have one address: whoever is known is counted by name.
    """
    rate: Rate = request.app.state.rate
    address = request.client.host if request.client else "nobody"
    rate.require(f"person {person}" if person else f"address {address}")


def holder_of(request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Holder:
    """Return who sent this. Unauthorized without a token that holds, Forbidden for a person no longer listed."""
    desk = desk_of(request)
    holder = desk.office.book.tokens.holder(credentials.credentials) if credentials else None
    counted(request, holder.person if holder else None)
    if holder is None:
        raise Unauthorized("no token, or one that does not hold", _HINT)
    return known(desk, holder)


def known(desk: Desk, holder: Holder) -> Holder:
    """Return the holder. Forbidden when the person is no longer under people."""
    if holder.person not in desk.office.file.people:
        raise Forbidden(f"{holder.person} is no longer under people in autopilot.yaml", "ask who keeps that file")
    return holder


def require_role(holder: Holder, least: Role) -> None:
    """Return when the holder's role is this one or a higher. Forbidden otherwise."""
    if ROLES.index(holder.role) < ROLES.index(least):
        raise Forbidden(
            f"the token of {holder.person} has the role {holder.role}; this takes {least}",
            f"make one with: autopilot token {holder.person} --role {least}",
        )


def at_least(least: Role) -> Callable[[Holder], Holder]:
    """Return the dependency of a route that takes this role or a higher one."""

    def allowed(holder: Annotated[Holder, Depends(holder_of)]) -> Holder:
        require_role(holder, least)
        return holder

    return allowed


Viewer = Annotated[Holder, Depends(at_least("viewer"))]
Operator = Annotated[Holder, Depends(at_least("operator"))]
At = Annotated[Desk, Depends(desk_of)]
