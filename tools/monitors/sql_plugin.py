"""Tables of Postgres as their owner writes them and as they are looked over: a prediction log, or named values."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from graph.evidence import Evidence
from graph.ports import Monitor
from tools.fields import Part, Span
from tools.log_part import LogPart
from tools.monitors.database import Database
from tools.monitors.metrics_table import MetricsTable, MetricsTableMonitor
from tools.monitors.predictions_plugin import described, told
from tools.monitors.sql import SqlMonitor, glance_at_table
from tools.monitors.values_part import ValuePart, checked, seen
from tools.plugins import Finding, MonitorPart, MonitorPlugin, MonitorSite

LOGIN = "AUTOPILOT_SQL_URL"
_TIMEOUT = timedelta(minutes=5)


class SqlLog(LogPart):
    """A prediction log in a table or view; the address of its database comes from the environment."""

    kind: Literal["sql"]
    source: str
    timeout: Span = _TIMEOUT


class Columns(Part):
    """The columns of a table of values; `model` where it holds those of several models."""

    name: str = "name"
    value: str = "value"
    at: str = "at"
    model: str | None = None


class Metrics(Part):
    """A table with one row per value and time, and which values are watched."""

    table: str
    columns: Columns = Columns()
    values: Annotated[dict[str, ValuePart], Field(min_length=1)]


class SqlMetrics(MonitorPart):
    """Named values in a table."""

    kind: Literal["sql"]
    metrics: Metrics
    label: str | None = None
    """The model's value of the column `model`; left out, its own name."""
    window: Span = timedelta(days=1)
    stale_after: Span = timedelta(hours=1)
    timeout: Span = _TIMEOUT

    @property
    def watched_names(self) -> tuple[str, ...]:
        """The names of the values."""
        return tuple(self.metrics.values)

    @model_validator(mode="after")
    def _judged(self) -> "SqlMetrics":
        checked(self.metrics.values)
        return self


def make(part: SqlLog | SqlMetrics, site: MonitorSite) -> Monitor:
    """Return the monitor. Misconfigured without the database's address."""
    database = Database(site.model, site.logins.get(LOGIN), part.timeout)
    if isinstance(part, SqlLog):
        return SqlMonitor(described(part, site, paths=False), database, site.store)
    return MetricsTableMonitor(_table(part, site.model), database)


def _table(part: SqlMetrics, model: str) -> MetricsTable:
    columns = part.metrics.columns
    return MetricsTable(
        model=model,
        table=part.metrics.table,
        watched=tuple(each.watched(name) for name, each in part.metrics.values.items()),
        name=columns.name,
        value=columns.value,
        at=columns.at,
        by=columns.model,
        label=part.label,
        window=part.window,
        stale_after=part.stale_after,
    )


def examine(part: SqlLog | SqlMetrics, site: MonitorSite, now: datetime) -> Iterator[Finding]:
    """Read as a check would: is the database there, may we read, does the table have every column?"""
    if isinstance(part, SqlLog):
        log = described(part, site, paths=False)
        database = Database(site.model, site.logins.get(LOGIN), part.timeout)
        yield told(log, glance_at_table(log, database), now, f"table {part.source}, every column as described")
        return
    evidence: Evidence = make(part, site).measure(None, now)
    yield Finding("ok", f"table {part.metrics.table}, every column as described")
    yield from seen(evidence)


MONITOR = MonitorPlugin(SqlLog, make, examine, (LOGIN,), instead={"metrics": SqlMetrics})
