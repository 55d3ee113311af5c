"""The port of a place where people are asked: what it is told, what it answers, and what its adapter says of itself.

The row in the ledger is the truth and a channel one view of it: it is told what stands there, and what it hears is
judged by the same rules as an answer from anywhere else. Nothing here decides.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field

from graph.model import ApprovalState, Json
from tools.fields import Part
from tools.limiter import Limiter
from tools.plugins import Finding

Decided = Literal["approve", "deny"]


@dataclass(frozen=True, slots=True)
class Notice:
    """What a channel is told of one approval request. Every text may hold markup: it comes from outside."""

    nonce: str
    """A UUID, one per request and channel; whoever shows it again shows the same request."""
    approval: str
    run: str
    model: str
    champion: str | None
    """The version that serves now."""
    challenger: str
    headline: str
    """The recommendation in one sentence."""
    numbers: tuple[tuple[str, str], ...]
    """At most three: what it is, and its value with its interval."""
    doubts: tuple[str, ...]
    fingerprint: str
    expires_at: datetime
    state: ApprovalState
    said: str
    """What became of it or is still missing, in words."""
    link: str | None
    """The page with the whole report; None where no address is configured."""
    trace: str | None = None
    call: tuple[str, ...] = ()
    """Addresses, as this channel knows people, to be called by name."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer that a person gave in a channel, as the channel knows the person."""

    who: str
    decision: Decided
    at: datetime
    comment: str = ""
    doubt: str = ""
    """Why it must not count, in words: what was shown there is not what was asked. Empty when nothing is wrong."""


class Channel(Protocol):
    """One place. Raises Unavailable (try again), Refused (a person must change something there), Misconfigured."""

    kind: str

    def find(self, notice: Notice) -> Json | None:
        """Return what a request with this nonce is known as there; None when it was not posted or cannot be found."""

    def post(self, notice: Notice) -> Json:
        """Show the request; return what it is known as there: `{"id": …}` and whatever `update` needs."""

    def update(self, known: Json, notice: Notice) -> None:
        """Show the request as it stands now. One that is closed loses its buttons. Repeatable."""

    def say(self, known: Json, nonce: str, text: str, call: Sequence[str]) -> None:
        """Add a line beside the request, such as a reminder, calling people by address. At worst it is said twice."""

    def tell(self, nonce: str, text: str, call: Sequence[str]) -> None:
        """Say something that belongs to no one request, such as the day's digest, calling people by address.

        Nothing is to be done where the kind says that it `tells` nobody.
        """

    def heard(self, known: Json, notice: Notice) -> Sequence[Heard]:
        """Return what was answered there so far, oldest first; nothing where answers come by callback."""


class ChannelPart(Part):
    """What every kind of channel has in autopilot.yaml, under `channels.<kind>`."""


Address = Annotated[str, Field(pattern=r"^https?://[^\s/]+(/[^\s]*)?$")]


@dataclass(frozen=True, slots=True)
class ChannelSite:
    """Where a channel is at work: one for the whole process."""

    limiter: Limiter
    logins: Mapping[str, str] = field(repr=False)
    """The variables AUTOPILOT_<KIND>_… by name."""


@dataclass(frozen=True, slots=True)
class ChannelPlugin:
    """One kind of channel. `make` and `examine` get the part that `written` describes, and the site."""

    written: type[ChannelPart]
    make: Callable[[Any, ChannelSite], Channel]
    examine: Callable[[Any, ChannelSite, datetime], Iterable[Finding]]
    """Looks the system over, changing nothing. May raise graph.errors: that is a finding, too."""
    logins: tuple[str, ...] = ()
    person: str = ""
    """The field of a person in autopilot.yaml that holds the address there: the kind's own name, or `email`.

    Without one it calls nobody, and nothing that is heard there is anybody's answer.
    """
    tells: bool = True
    """Whether it has a place for what belongs to no one request; without one, every request is shown by itself."""
