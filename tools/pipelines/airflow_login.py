"""Airflow's REST API with the bearer token that it wants: a ready one, or one had for a user and a password."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import Any

from graph.errors import Misconfigured, Unavailable
from tools.limiter import Limiter
from tools.pipelines.remote import Answer, Remote, Unclear
from tools.plugins import printable_token

_SIGN_IN = "/auth/token"


@dataclass(frozen=True, slots=True)
class Token:
    """A token that somebody had Airflow, or what signs people in there, make for us."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Password:
    """A user of Airflow's own; a token is had for them, and a new one when it is no longer taken."""

    user: str
    password: str = field(repr=False)


class AirflowRemote(Remote):
    """The API of one Airflow. Signs in at the first request that needs it, and once more when the token has expired."""

    def __init__(
        self,
        model: str,
        url: str,
        credential: Token | Password,
        limiter: Limiter,
        ca: Path | None = None,
        timeout_s: float = 30.0,
    ) -> None:
        secret = credential.password if isinstance(credential, Password) else credential.token
        super().__init__(model, "Airflow", url, {}, (secret,), limiter, ca, timeout_s)
        self._credential = credential
        self._bearer: str | None = None
        self._one_at_a_time = Lock()

    def _answer(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: Mapping[str, Any] | None = None,
        login: Mapping[str, str] | None = None,
        also: Mapping[str, str] | None = None,
    ) -> Answer:
        if login is not None:
            return super()._answer(method, path, params, body, login, also)
        bearer = self._signed_in()
        answer = super()._answer(method, path, params, body, _header(bearer), also)
        if _is_turned_away(answer) and isinstance(self._credential, Password):
            # Nothing was done, so what was sent may be sent again.
            answer = super()._answer(method, path, params, body, _header(self._signed_in(instead_of=bearer)), also)
        return replace(answer, status=int(HTTPStatus.UNAUTHORIZED)) if _is_turned_away(answer) else answer

    def _signed_in(self, instead_of: str | None = None) -> str:
        """Return the token, a new one where there is none or only the one that was turned away."""
        if isinstance(self._credential, Token):
            return self._credential.token
        with self._one_at_a_time:
            if self._bearer is None or self._bearer == instead_of:
                self._bearer = self._asked_for(self._credential)
            return self._bearer

    def _asked_for(self, credential: Password) -> str:
        document = {"username": credential.user, "password": credential.password}
        try:
            answer = self.post(_SIGN_IN, document=document, login={})
        except Unclear as unclear:
            # Nothing hangs on a sign-in: it is no question whether it was done.
            raise Unavailable(f"{unclear.message} when we sign in", "try again later") from None
        except Misconfigured:
            raise Misconfigured(
                self.words(f"answers 401: it does not know user {credential.user} with our password"),
                "set AUTOPILOT_AIRFLOW_USER and AUTOPILOT_AIRFLOW_PASSWORD again",
            ) from None
        return self._token_in(answer)

    def _token_in(self, answer: Answer) -> str:
        document = answer.document()
        token = document.get("access_token") if isinstance(document, dict) else None
        if not answer.is_success or not isinstance(token, str):
            raise Misconfigured(
                self.words(f"gives no token for a user and a password: {self.said(answer)}"),
                "where people sign in elsewhere, have a token made there and set AUTOPILOT_AIRFLOW_TOKEN; else check"
                " pipeline.url: is it Airflow 3?",
            )
        self.hide(token)
        return printable_token(token, "the token that Airflow gave", self.model)


def _header(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _is_turned_away(answer: Answer) -> bool:
    """Tell a token that is not taken from a right that is lacking: both can be 403."""
    document = answer.document() if answer.status == HTTPStatus.FORBIDDEN else None
    invalid = isinstance(document, dict) and document.get("detail") == "Invalid JWT token"
    return invalid or answer.status == HTTPStatus.UNAUTHORIZED
