"""What a user writes under `pipeline`: one shape per system that runs training."""

from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from autopilot.fields import Part, Span

Command = Annotated[list[str], Field(min_length=1)]


def _address(value: str) -> str:
    found = urlsplit(value)
    if found.scheme not in ("http", "https") or not found.hostname:
        raise ValueError("an address is written like https://ci.example")
    if found.username or found.password:
        raise ValueError("an address holds no login: that comes from the environment")
    if found.query or found.fragment:
        raise ValueError("an address ends before ? and #")
    return value.rstrip("/")


Address = Annotated[str, AfterValidator(_address)]


class LocalCommand(Part):
    """A command on this machine."""

    kind: Literal["local"]
    command: Command
    cwd: str | None = None
    deadline: Span = timedelta(hours=2)
    environment: dict[str, str] = Field(default_factory=dict)


class Elsewhere(Part):
    """What all systems elsewhere have: an address, who vouches for it, and how long a job may take there."""

    url: Address
    ca: str | None = None
    """A file with the certificate of the authority, where it is not a public one."""
    plain_http: bool = False
    """Whether tokens may go over the network as they are, to an http:// address."""
    deadline: Span = timedelta(hours=2)
    queue_deadline: Span = timedelta(hours=4)

    @model_validator(mode="after")
    def _closed(self) -> "Elsewhere":
        found = urlsplit(self.url)
        if found.scheme == "http" and not self.plain_http and not _is_here(found.hostname or ""):
            raise ValueError("url: tokens would be sent in the clear; use https, or allow it with plain_http: true")
        return self


class JenkinsJob(Elsewhere):
    """A parameterised Jenkins job, by its full name: folder/job."""

    kind: Literal["jenkins"]
    job: Annotated[str, Field(pattern=r"^[^/\\]+(/[^/\\]+)*$")]


class GitLabProject(Elsewhere):
    """A GitLab project, by its path or number, and the branch or tag whose .gitlab-ci.yml trains."""

    kind: Literal["gitlab"]
    project: Annotated[str, Field(min_length=1)]
    ref: Annotated[str, Field(min_length=1)] = "main"
    parameters: Literal["inputs", "variables"] = "inputs"


Pipeline = Annotated[LocalCommand | JenkinsJob | GitLabProject, Field(discriminator="kind")]
KINDS = frozenset({("pipeline", "local"), ("pipeline", "jenkins"), ("pipeline", "gitlab")})


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
