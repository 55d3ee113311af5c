"""Takes secrets out of text before a person, a database or a trace sees it."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

MASK = "***"

_SHORTEST = 4
"""Characters: masking every "1" or "yes" that happens to be somebody's setting would make the text unreadable."""

_PLAIN_VALUES = frozenset({"true", "false", "none", "null", "auto", "default"})
_SECRET_NAME = re.compile(
    r"PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|APIKEY|CREDENTIAL|(?:^|_)(?:PASS|KEY|AUTH|DSN)(?:_|$)|_PWD$", re.I
)
_URL_LOGIN = re.compile(r"(?P<start>\b[a-z][a-z0-9+.-]*://[^\s/?#:@'\"]*:)(?P<password>[^\s/?#'\"]+)@", re.I)
_BEARER = re.compile(r"\b(bearer|basic)(\s+)[a-z0-9+/_.~=-]{8,}", re.I)
_KEY = re.compile(
    r"\b(?:lsv2_\w+|sk-[\w-]{8,}|xox[a-z]-[A-Za-z0-9-]+|xapp-[A-Za-z0-9-]+|ap_[A-Za-z0-9_-]{40,}|gh[a-z]_[A-Za-z0-9]{16,})"
)
_NAMED = re.compile(r"((?:password|passwd|pwd|secret|api_?key|token)[\"']?\s*[=:]\s*[\"']?)[^\s\"',;&]{4,}", re.I)
_NAME_IN_A_DOCUMENT = re.compile(r"(?:password|passwd|pwd|secret|api_?key|token|authorization)$", re.I)
_SHAPES = ((_URL_LOGIN, rf"\g<start>{MASK}@"), (_BEARER, rf"\1\2{MASK}"), (_KEY, MASK), (_NAMED, rf"\1{MASK}"))


def secrets_of(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values in an environment that must not be shown: by variable name, and passwords inside URLs."""
    logins = (match["password"] for value in environment.values() for match in _URL_LOGIN.finditer(value))
    return (*(value for name, value in environment.items() if _SECRET_NAME.search(name)), *logins)


def names_secret(key: object) -> bool:
    """Say whether a key of a document announces a secret as its value."""
    return isinstance(key, str) and _NAME_IN_A_DOCUMENT.search(key) is not None


def _spellings(secret: str) -> set[str]:
    """Return a secret as it may appear: as it is, in URLs, in JSON, in a traceback; and the password alone of a URL."""
    parts = {secret.strip(), *(match["password"] for match in _URL_LOGIN.finditer(secret))}
    plain = {spelling for part in parts for spelling in (part, unquote(part), quote(part, safe=""))}
    return {escaped for part in plain for escaped in (part, json.dumps(part)[1:-1], repr(part)[1:-1])}


@dataclass(frozen=True, slots=True)
class Redactor:
    """Masks known secret values, in plain and URL spelling, and whatever has the shape of a key or a login."""

    secrets: tuple[str, ...]

    @classmethod
    def of(cls, secrets: Iterable[str]) -> "Redactor":
        """Return a redactor for these values; values too short or too common to be secrets are left out."""
        spellings = {spelling for secret in secrets for spelling in _spellings(secret)}
        usable = (s for s in spellings if len(s) >= _SHORTEST and s.lower() not in _PLAIN_VALUES)
        # Longest first: a secret that begins with another secret must not leave its own end behind.
        return cls(tuple(sorted(usable, key=lambda s: (-len(s), s))))

    @property
    def longest(self) -> int:
        """The length of the longest known secret, in characters."""
        return len(self.secrets[0]) if self.secrets else 0

    def __call__(self, text: str) -> str:
        """Return `text` with every secret replaced by a mask."""
        for secret in self.secrets:
            text = text.replace(secret, MASK)
        for shape, mask in _SHAPES:
            text = shape.sub(mask, text)
        return text
