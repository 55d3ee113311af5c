"""What the suite of the port Channel asks of a place that it runs on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from graph.model import Json
from tools.approvals.channel import Channel, Decided


@dataclass(frozen=True)
class Shown:
    """One request as a person sees it."""

    text: str
    can_answer: bool
    called: tuple[str, ...]
    """People it calls by name, each by the address that was given for them."""


class Place(Protocol):
    """A channel and a hand on what is behind it."""

    finds: bool
    """Whether a request can be found again."""
    hears: bool
    """Whether answers are read there."""
    adopts: bool
    """Whether a request whose answer was lost is looked for by `post` itself."""
    rewrites: bool
    """Whether a request is written anew as it stands; elsewhere that is added below what was asked first."""
    people: tuple[str, str]
    """Addresses of two people there."""

    @property
    def channel(self) -> Channel:
        """What another process would make of the same configuration, each time it is asked for."""

    def shown(self, nonce: str) -> Sequence[Shown]:
        """Return every request with this nonce that stands there."""

    def lines(self, known: Json) -> Sequence[str]:
        """Return what was said beside a request, as a person reads it."""

    def told(self) -> Sequence[str]:
        """Return what was told to everybody, as a person reads it."""

    def hear(self, known: Json, who: str, decision: Decided, comment: str) -> None:
        """Let a person answer there. Not asked for where nothing is heard."""

    def lose_a_reply(self) -> None:
        """Let what is sent next be done and its answer be lost."""

    def go_away(self, away: bool = True) -> None:
        """Let nothing be reached there, or all again."""
