"""What systems elsewhere have alike in autopilot.yaml, and the client that comes of it."""

from datetime import timedelta

from pydantic import model_validator

from tools.address import Address, is_in_the_clear
from tools.fields import Span
from tools.pipelines.remote import Remote
from tools.pipelines.remote_job import Deadlines
from tools.plugins import PipelinePart, Site


class Elsewhere(PipelinePart):
    """An address, who vouches for it, and how long a job may wait there. Models of one kind share it: and its login."""

    url: Address
    ca: str | None = None
    """A file with the certificate of the authority, where it is not a public one."""
    plain_http: bool = False
    """Whether tokens may go over the network as they are, to an http:// address."""
    queue_deadline: Span = timedelta(hours=4)

    @model_validator(mode="after")
    def _closed(self) -> "Elsewhere":
        if is_in_the_clear(self.url) and not self.plain_http:
            raise ValueError("url: tokens would be sent in the clear; use https, or allow it with plain_http: true")
        return self

    @property
    def deadlines(self) -> Deadlines:
        """How long a job may wait, and run."""
        return Deadlines(self.queue_deadline, self.deadline)

    def remote(self, site: Site, system: str, login: dict[str, str], secrets: tuple[str, ...]) -> Remote:
        """Return the client. `login` are headers, `secrets` what no message may hold."""
        ca = site.folder / self.ca if self.ca else None
        return Remote(site.model, system, self.url, login, secrets, site.limiter, ca)
