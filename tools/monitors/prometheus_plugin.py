"""Queries to a Prometheus server as their owner writes them and as they are looked over."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from graph.errors import Misconfigured
from tools.address import Address, is_in_the_clear
from tools.fields import Span
from tools.monitors.prometheus import PrometheusMonitor, PrometheusQueries, Query
from tools.monitors.prometheus_server import Login, PrometheusServer
from tools.monitors.values_part import ValuePart, checked, seen
from tools.plugins import Finding, MonitorPart, MonitorPlugin, MonitorSite

_TOKEN, _USER, _PASSWORD = LOGINS = (
    "AUTOPILOT_PROMETHEUS_TOKEN",
    "AUTOPILOT_PROMETHEUS_USER",
    "AUTOPILOT_PROMETHEUS_PASSWORD",
)


class QueryPart(ValuePart):
    """A value, and the PromQL that finds it."""

    query: Annotated[str, Field(min_length=1)]
    at: str | None = None
    """PromQL for when its newest sample was taken, in seconds since 1970."""
    ranged: bool = Field(default=False, alias="range")
    """Whether the newest point of the window counts, as old as it is."""


class PrometheusPart(MonitorPart):
    """Values on a Prometheus server. Models of one server share its answers, and its login."""

    kind: Literal["prometheus"]
    url: Address
    ca: str | None = None
    by: str | None = None
    """The label that tells models apart, where the queries find many …"""
    label: str | None = None
    """… and the model's value of it; left out, its own name."""
    window: Span = timedelta(hours=1)
    stale_after: Span = timedelta(minutes=15)
    queries: Annotated[dict[str, QueryPart], Field(min_length=1)]
    plain_http: bool = False
    """Whether a login may go over the network as it is, to an http:// address."""

    @property
    def watched_names(self) -> tuple[str, ...]:
        """The names of the queries."""
        return tuple(self.queries)

    @model_validator(mode="after")
    def _judged(self) -> "PrometheusPart":
        checked(self.queries)
        return self


def make(part: PrometheusPart, site: MonitorSite) -> PrometheusMonitor:
    """Return the monitor."""
    return PrometheusMonitor(_queries(part, site.model), _server(part, site), site.shared)


def _queries(part: PrometheusPart, model: str) -> PrometheusQueries:
    queries = tuple(Query(each.watched(name), each.query, each.at, each.ranged) for name, each in part.queries.items())
    return PrometheusQueries(model, queries, part.window, part.stale_after, part.by, part.label)


def _server(part: PrometheusPart, site: MonitorSite) -> PrometheusServer:
    login = Login(site.logins.get(_TOKEN), site.logins.get(_USER), site.logins.get(_PASSWORD))
    if login.secrets and is_in_the_clear(part.url) and not part.plain_http:
        said = f"{site.model}: the login for {part.url} would be sent in the clear"
        raise Misconfigured(said, "use https, or allow it with plain_http: true under monitor")
    return PrometheusServer(part.url, login, site.folder / part.ca if part.ca else None)


def examine(part: PrometheusPart, site: MonitorSite, now: datetime) -> Iterator[Finding]:
    """Ask the server for its version, then for each value."""
    yield Finding("ok", f"Prometheus {_server(part, site).version()} at {part.url}")
    yield from seen(make(part, site).measure(None, now))


MONITOR = MonitorPlugin(PrometheusPart, make, examine, LOGINS)
