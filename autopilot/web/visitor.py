"""Who opens a page: a browser that has signed in, or a person whom a proxy names; and how its forms are known."""

import hmac
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Depends, HTTPException, Request
from starlette.responses import Response

from autopilot.api.identity import At, counted, known
from autopilot.api.problems import Forbidden, Unauthorized
from autopilot.desk import Desk
from autopilot.people import Inbox
from autopilot.web.forms import Form
from checkpoints.ledger.tokens import SESSION, Holder, Role
from graph.errors import Misconfigured

_COOKIE = "autopilot"
_FORM_COOKIE = "autopilot-form"
SEAL = "seal"
"""The hidden field that every form carries."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person in front of a browser."""

    holder: Holder
    secret: str = field(repr=False)
    """Known to this browser alone: the session's cookie, or behind a proxy one that is good for nothing else."""
    by_proxy: bool = False

    @property
    def seal(self) -> str:
        """What this browser's forms carry: nobody who does not know its secret can make it."""
        return hmac.new(self.secret.encode(), f"form of {self.holder.person}".encode(), sha256).hexdigest()


def visitor_of(request: Request, desk: Desk) -> Visitor | None:
    """Return who opens a page; None for nobody known. Forbidden for a person who is no longer listed."""
    name = _named_by_proxy(request, desk.office.file.inbox)
    if name is not None:
        return _behind_proxy(request, desk, name)
    secret = request.cookies.get(cookie_name(request, desk, _COOKIE), "")
    holder = desk.office.book.tokens.of_session(secret, desk.clock.now()) if secret else None
    return Visitor(known(desk, holder), secret) if holder else None


def _named_by_proxy(request: Request, inbox: Inbox) -> str | None:
    """Return what a proxy that is believed calls the person; None when no proxy names anybody."""
    if inbox.identity_header is None or request.client is None or not _believed(request.client.host, inbox.proxies):
        return None
    found = request.headers.getlist(inbox.identity_header)
    if len(found) > 1:
        raise Unauthorized("the proxy names several people", f"it must replace {inbox.identity_header}, not add to it")
    return found[0] if found and found[0] else None


def _believed(address: str, proxies: list[str]) -> bool:
    """Tell whether an address is one of these, or lies in one of these networks."""
    try:
        return any(ip_address(address) in ip_network(each, strict=False) for each in proxies)
    except ValueError as error:
        raise Misconfigured(f"inbox.proxies in autopilot.yaml: {error}", "write addresses like 10.0.0.5") from None


def _behind_proxy(request: Request, desk: Desk, name: str) -> Visitor:
    people = desk.office.file.people
    person = next((each for each, about in people.items() if (about.header or each) == name), None)
    if person is None:
        raise Forbidden(
            f"the proxy says {name}, who is not under people in autopilot.yaml",
            "ask who keeps that file to add the name, or header: to the person",
        )
    secret = request.cookies.get(cookie_name(request, desk, _FORM_COOKIE)) or secrets.token_urlsafe(32)
    role: Role = desk.office.file.inbox.proxy_role  # type: ignore[assignment]  # its pattern allows these three only
    return Visitor(Holder(person, role, ""), secret, by_proxy=True)


def _counted_visitor(request: Request, desk: Desk) -> Visitor | None:
    """Do as `visitor_of`, when the person, or where nobody is known the address, may ask once more."""
    try:
        found = visitor_of(request, desk)
    except (Forbidden, Unauthorized):
        counted(request)
        raise
    counted(request, found.holder.person if found else None)
    return found


def signed_in(request: Request, desk: At) -> Visitor:
    """Return who opens this page. Sends whoever is not known to where one signs in."""
    found = _counted_visitor(request, desk)
    if found is None:
        raise HTTPException(HTTPStatus.SEE_OTHER, headers={"Location": sign_in_path(request)})
    return found


def perhaps_signed_in(request: Request, desk: At) -> Visitor | None:
    """Return who opens a page that is open to everybody, if that is known and still listed."""
    try:
        return _counted_visitor(request, desk)
    except Forbidden:
        return None


def sends(request: Request, desk: At, fields: Form) -> Visitor:
    """Return who sent this form. Unauthorized for nobody known, Forbidden unless it was a form of that browser."""
    require_own_page(request, desk)
    found = _counted_visitor(request, desk)
    if found is None:
        raise Unauthorized("you are signed out; nothing was changed", "sign in, then send it again")
    if not hmac.compare_digest(fields.get(SEAL, "").encode(), found.seal.encode()):
        raise Forbidden("this form is not one of your session; nothing was changed", "open the page again")
    return found


def require_own_page(request: Request, desk: Desk) -> None:
    """Return when a form was sent from a page of this very site. Forbidden otherwise."""
    # A page can set neither header. The first says it outright; browsers leave it out on a plain connection.
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    own = {request.headers.get("host"), urlsplit(desk.office.file.inbox.url or "").netloc or None}
    from_here = urlsplit(origin or "").netloc in own if site is None else site == "same-origin"
    if not from_here:
        raise Forbidden(
            "this form was not sent from a page of this site; nothing was changed",
            "open the page under the address that inbox.url in autopilot.yaml has, and send it from there",
        )


def begin(request: Request, desk: Desk, holder: Holder, response: Response) -> None:
    """Begin a session of this browser in place of the one it may have."""
    _forget(request, desk)
    _give(request, desk, response, _COOKIE, desk.office.book.tokens.begin_session(holder, desk.clock.now()))


def end(request: Request, desk: Desk, response: Response) -> None:
    """End the session of this browser, if it has one."""
    _forget(request, desk)
    name = cookie_name(request, desk, _COOKIE)
    response.delete_cookie(name, path="/", secure=_secure(request, desk), httponly=True, samesite="lax")


def _forget(request: Request, desk: Desk) -> None:
    if secret := request.cookies.get(cookie_name(request, desk, _COOKIE)):
        desk.office.book.tokens.end_session(secret)


def remember(request: Request, desk: Desk, visitor: Visitor | None, response: Response) -> None:
    """Give a browser behind a proxy the secret that its forms are sealed with, unless it has it."""
    name = cookie_name(request, desk, _FORM_COOKIE)
    if visitor and visitor.by_proxy and request.cookies.get(name) != visitor.secret:
        _give(request, desk, response, _FORM_COOKIE, visitor.secret)


def _give(request: Request, desk: Desk, response: Response, name: str, secret: str) -> None:
    response.set_cookie(
        cookie_name(request, desk, name),
        secret,
        max_age=int(SESSION.total_seconds()),
        path="/",
        secure=_secure(request, desk),
        httponly=True,
        samesite="lax",
    )


def cookie_name(request: Request, desk: Desk, name: str) -> str:
    """Return a cookie's full name: with this prefix no other host or plain connection can set it."""
    return f"__Host-{name}" if _secure(request, desk) else name


def _secure(request: Request, desk: Desk) -> bool:
    return request.url.scheme == "https" or (desk.office.file.inbox.url or "").startswith("https:")


def sign_in_path(request: Request) -> str:
    """Return where to sign in and then come back to this page; an answer's form leads back to what it was on."""
    path, query = request.url.path, f"?{request.url.query}" if request.url.query else ""
    form_of = path.removesuffix("/answer") if path.endswith("/answer") else "/"
    here = f"{path}{query}" if request.method == "GET" else form_of
    return f"/sign-in?next={quote(here, safe='/')}"


Reader = Annotated[Visitor, Depends(signed_in)]
Anybody = Annotated[Visitor | None, Depends(perhaps_signed_in)]
Sender = Annotated[Visitor, Depends(sends)]
