"""What an adapter says of itself: what its owner writes, which logins it reads, how it is made and looked over.

Our own adapters and those of other distributions (entry points `autopilot.pipelines` and `autopilot.monitors`) say it
alike: a module holds one `PIPELINE` or `MONITOR`. See CONTRIBUTING.md, "A new pipeline". Channels do the same, by
`tools.approvals.channel` and the entry point `autopilot.channels`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from graph.errors import Misconfigured
from graph.ports import Monitor, Pipeline, WindowStore
from graph.spec import Cost as Price
from graph.spec import Metric, Task
from tools.fields import Part, Span
from tools.limiter import Limiter
from tools.shared_answers import SharedAnswers

LOGIN = re.compile(r"AUTOPILOT_(?!LLM_)[A-Z0-9]+(_[A-Z0-9]+)*_(USER|PASSWORD|TOKEN|SECRET|URL)")
"""What a variable that holds a login, or a part of one, is called."""
State = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that `autopilot doctor` saw, and what to do about it."""

    state: State
    detail: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """Where an adapter of one model is at work."""

    model: str
    folder: Path
    """That of autopilot.yaml: relative paths start here."""
    jobs: Path
    python: str
    limiter: Limiter
    environment: Mapping[str, str] = field(repr=False)
    """The whole environment of a training command, less the training contract."""
    logins: Mapping[str, str] = field(repr=False)
    """The variables AUTOPILOT_<KIND>_… by name."""
    hold: Callable[[], int] | None = None
    """Returns an inheritable descriptor that keeps the embedded database alive; None where there is none to keep."""

    def token(self, variable: str) -> str:
        """Return a token. Misconfigured, without showing it, when it is missing or cannot stand in a header."""
        token = self.logins.get(variable)
        if not token:
            raise Misconfigured(f"{self.model}: {variable} is not set", "set it; .env.example says what it is")
        return printable_token(token, variable, self.model)

    def optional_token(self, variable: str) -> str | None:
        """Return a token, None where there is none."""
        return self.token(variable) if self.logins.get(variable) else None


def printable_token(token: str, name: str, model: str) -> str:
    """Return the token. Misconfigured, without showing it, when it cannot stand in a header."""
    if not token.isascii() or not token.isprintable() or " " in token:
        raise Misconfigured(f"{model}: {name} holds blanks, line ends or letters that no token has", "copy it again")
    return token


Currency = Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""Free text: EUR, GPU hours, credits."""


class Cost(Part):
    """What training costs, by the run or by the minute."""

    per_run: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    per_minute: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    currency: Currency

    @model_validator(mode="after")
    def _one_price(self) -> "Cost":
        if (self.per_run is None) == (self.per_minute is None):
            raise ValueError("cost has one price: per_run or per_minute")
        return self

    @property
    def price(self) -> Price:
        """The same as rules see it."""
        return Price(self.currency, self.per_run, self.per_minute)


class PipelinePart(Part):
    """What every kind of pipeline has in autopilot.yaml."""

    kind: str
    deadline: Span = timedelta(hours=2)
    """How long a job may run."""
    cost: Cost | None = None


@dataclass(frozen=True, slots=True)
class PipelinePlugin:
    """One kind of pipeline. `make` and `examine` get the part that `written` describes, and the site."""

    written: type[PipelinePart]
    make: Callable[[Any, Site], Pipeline]
    examine: Callable[[Any, Site, datetime], Iterable[Finding]]
    """Looks the system over at a present time, changing nothing. May raise graph.errors: that is a finding, too."""
    logins: tuple[str, ...] = ()
    """Names of the variables that hold its logins, each beginning with AUTOPILOT_."""


class MonitorPart(Part):
    """What every kind of monitor has in autopilot.yaml."""

    kind: str

    @property
    def watched_names(self) -> tuple[str, ...]:
        """The names of single values that it watches; a log has none."""
        return ()


@dataclass(frozen=True, slots=True)
class MonitorSite:
    """Where a monitor of one model is at work."""

    model: str
    folder: Path
    """That of autopilot.yaml: relative paths start here."""
    metric: Metric
    task: Task
    store: WindowStore
    shared: SharedAnswers
    logins: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class MonitorPlugin:
    """One kind of monitor. `make` and `examine` get the part that `written` describes, and the site."""

    written: type[MonitorPart]
    make: Callable[[Any, MonitorSite], Monitor]
    examine: Callable[[Any, MonitorSite, datetime], Iterable[Finding]]
    logins: tuple[str, ...] = ()
    instead: Mapping[str, type[MonitorPart]] = field(default_factory=dict)
    """Another shape, by the field that shows that it is meant."""

    def shape(self, given: Mapping[str, Any]) -> type[MonitorPart]:
        """Return the shape that is meant by what was written."""
        return next((shape for name, shape in self.instead.items() if name in given), self.written)
