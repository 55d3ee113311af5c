"""What the API takes and gives, for its OpenAPI document. The run is the one object of every door."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00]*$")]
"""Without NUL, which no database keeps."""


class Asked(BaseModel):
    """A check of one model."""

    model_config = ConfigDict(extra="forbid")
    model: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00]*$")]


class Resumed(BaseModel):
    """A person's answer to what a run asks; without a decision the run is only carried on."""

    model_config = ConfigDict(extra="forbid")
    decision: Literal["approve", "deny"] | None = None
    comment: Text = ""
    fingerprint: Annotated[str, Field(max_length=64)] | None = None
    """What the person has read the report of: refused when it is not what the run asks for."""


class Check(BaseModel):
    """One check of a validation."""

    name: str
    outcome: Literal["passed", "failed", "inconclusive", "error"]
    value: Any = None
    limit: Any = None
    detail: str = ""


class Job(BaseModel):
    """The training job of a run."""

    id: str
    key: str
    pipeline: str
    state: str


class Approval(BaseModel):
    """What a run asks a person."""

    id: UUID
    state: Literal["pending", "approved", "denied", "expired", "voided"]
    fingerprint: str
    expires_at: str
    answers: list[dict[str, Any]]
    reason: str = ""


class Run(BaseModel):
    """One run, the same object in the CLI, the API and the webhooks."""

    run: UUID
    model: str
    status: str
    outcome: str | None
    verdict: str | None
    cause: str | None
    action: str | None
    reason: str
    champion: str | None
    challenger: str | None
    job: Job | None
    checks: list[Check]
    approval: Approval | None
    started_at: str
    updated_at: str
    next: str | None
    trace: str | None


class Runs(BaseModel):
    """One page of runs; `next` is what `after` takes for the page that follows."""

    runs: list[Run]
    next: UUID | None


class Summary(BaseModel):
    """How many models there are at all, with which verdict, in which state; one may be in several."""

    models: int
    verdicts: dict[str, int]
    states: dict[str, int]


class Incident(BaseModel):
    """One column, or the labels, that broke for several models: one answer for all of them."""

    incident: str
    kind: Literal["data", "label"]
    about: str
    since: str
    models: list[str]
    next: str


class Models(BaseModel):
    """One page of models; `next` is what `after` takes for the page that follows."""

    models: list[dict[str, Any]]
    next: str | None
    summary: Summary
    incidents: list[Incident]


class Received(BaseModel):
    """What became of a delivery of alerts: stored before this is said."""

    received: int
    new: int
    unknown: list[str]
    """Models that alerts name and autopilot.yaml does not."""


class Health(BaseModel):
    """Whether this process can work."""

    database: Literal["ok"]
    config: str | None
    """What is wrong with autopilot.yaml as it is now."""


class Problem(BaseModel):
    """An error, as RFC 9457 has it, with the words of the command line."""

    type: str
    title: str
    status: int
    detail: str
    hint: str
    kind: str
