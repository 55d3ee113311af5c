"""What a user writes about people in autopilot.yaml: who they are, who approves, where and when they are told."""

from datetime import time, timedelta
from ipaddress import ip_network
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from graph.policy import notifying
from graph.policy.approval import DIRECT
from tools import catalogue
from tools.fields import Part, Span


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}; write one like Europe/Berlin or UTC") from None
    return name


def _hour(value: object) -> object:
    # YAML reads an unquoted 22:00 as the number 1320: minutes, in base 60.
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:
        return time(value // 60, value % 60)
    if isinstance(value, str):
        try:
            return time.fromisoformat(value)
        except ValueError:
            pass
    if isinstance(value, time):
        return value
    raise ValueError("an hour is written like 22:00")


def _without_zone(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("an hour has no zone of its own; write zone: beside it")
    return value


def _network(value: str) -> str:
    try:
        ip_network(value, strict=False)
    except ValueError:
        raise ValueError(f"{value!r} is no address or network, such as 10.0.0.7 or 10.0.0.0/24") from None
    return value


Hour = Annotated[time, BeforeValidator(_hour), AfterValidator(_without_zone)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Network = Annotated[str, AfterValidator(_network)]
Address = Annotated[str, Field(pattern=r"^https?://[^\s/]+(/[^\s]*)?$")]


class Person(Part):
    """How to reach somebody who may approve: beside these fields, one for each kind of channel that others bring."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Annotated[str, Field(min_length=1)] | None] = Field(init=False)

    email: str | None = None
    slack: Annotated[str, Field(pattern=r"^[TE][A-Z0-9]+/[UW][A-Z0-9]+$")] | None = None
    """Team and user: T024BE7LD/U0G9QF9C6."""
    jira: str | None = None
    """The account id."""
    header: str | None = None
    """What a proxy calls the person, where it is not the name in this file."""

    @model_validator(mode="before")
    @classmethod
    def _known_fields(cls, given: Any) -> Any:
        others = given.keys() - cls.model_fields.keys() if isinstance(given, dict) else set()
        # Who has only our own fields does not pay for looking what is installed.
        unknown = others - set(catalogue.channels()) if others else others
        if unknown:
            wrong: Any = [
                {"type": "extra_forbidden", "loc": (name,), "input": given[name]} for name in sorted(unknown, key=str)
            ]
            raise ValidationError.from_exception_data(cls.__name__, wrong)
        return given

    def address(self, channel: str) -> str | None:
        """Return how a kind of channel knows the person; None where it does not."""
        return dict(self).get(catalogue.channel(channel).person) or None


class Approval(Part):
    """Who may approve, how many of them, for how long, where."""

    approvers: Annotated[list[str], Field(min_length=1)]
    quorum: Annotated[int, Field(ge=1)] = 1
    expires_after: Span = timedelta(days=3)
    channels: Annotated[list[str], Field(min_length=1)] = Field(default=["cli", "web", "api"])

    @model_validator(mode="after")
    def _reachable(self) -> "Approval":
        if self.quorum > len(set(self.approvers)):
            raise ValueError(f"quorum {self.quorum} can never be met by {len(set(self.approvers))} approvers")
        return self


class Escalation(Part):
    """Whom else to call when nobody answers."""

    after: Span
    to: Annotated[list[str], Field(min_length=1)]


class QuietHours(Part):
    """Hours in which nobody is called."""

    start: Hour = Field(alias="from")
    end: Hour = Field(alias="until")
    zone: Zone = "UTC"


class Notify(Part):
    """How the people of one model are told. No part of what an approval is sealed to."""

    remind_every: Span | None = timedelta(days=1)
    escalate: Escalation | None = None
    quiet_hours: QuietHours | None = None

    @property
    def rules(self) -> notifying.Notifying:
        """The same as rules see it."""
        quiet = self.quiet_hours
        return notifying.Notifying(
            self.remind_every,
            self.escalate.after if self.escalate else None,
            tuple(self.escalate.to) if self.escalate else (),
            notifying.Quiet(quiet.start, quiet.end, ZoneInfo(quiet.zone)) if quiet else None,
        )


class DigestPart(Part):
    """One message a day instead of one per model, where many wait."""

    above: Annotated[int, Field(ge=0)] = 5
    at: Hour = time(9)
    zone: Zone = "UTC"

    @property
    def rules(self) -> notifying.Digest:
        """The same as rules see it."""
        return notifying.Digest(self.above, self.at, ZoneInfo(self.zone))


class Inbox(Part):
    """The web page and the API, as others see them."""

    url: Address | None = None
    """Where people reach it; messages link there."""
    identity_header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")] | None = None
    """What a proxy that has signed the person in writes the name into."""
    proxies: list[Network] = Field(default_factory=list)
    """Addresses that the header is believed from."""
    proxy_role: Annotated[str, Field(pattern="^(viewer|operator|approver)$")] = "viewer"
    digest: DigestPart | None = None

    @model_validator(mode="after")
    def _believed_from_somebody(self) -> "Inbox":
        if self.identity_header and not self.proxies:
            raise ValueError("inbox.identity_header needs inbox.proxies: anybody could send it otherwise")
        return self


def unknown_channels(approval: Approval, configured: set[str]) -> list[str]:
    """Return the channels that answers may come from and that nothing is said about under `channels`."""
    return sorted(set(approval.channels) - DIRECT - configured)
