"""What an owner writes of a prediction log, in files or in a table: its columns, its labels, rows known to be good."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from tools.fields import Duration, Moment, Part, Share, Span
from tools.plugins import MonitorPart


class Score(Part):
    """How a classifier's score in the log is got from a registered model; a regression's is what it predicts."""

    method: Literal["predict_proba"] = "predict_proba"
    positive: int | str | bool = 1
    threshold: Share = 0.5


class Labels(Part):
    """What turned out to be true: a column of the log, or a source of their own, joined by id."""

    source: str | None = None
    id: str | None = None
    label: str
    timestamp: str | None = None
    delay: Duration = timedelta(0)


class Reference(Part):
    """Rows known to be good, half-open."""

    start: Moment = Field(alias="from")
    until: Moment

    @model_validator(mode="after")
    def _ordered(self) -> "Reference":
        if self.start >= self.until:
            raise ValueError("reference: from must be before until")
        return self


class LogPart(MonitorPart):
    """The columns of a log with one row per prediction."""

    source: str | list[str]
    id: str | None = None
    timestamp: str
    version: str | None = None
    prediction: str
    score: Score = Score()
    features: Annotated[list[str], Field(min_length=1)]
    labels: Labels | None = None
    window: Span = timedelta(days=1)
    reference: Reference

    @model_validator(mode="after")
    def _joinable(self) -> "LogPart":
        if self.labels and self.labels.source and not (self.id and self.labels.id):
            raise ValueError("labels of their own are joined by id: name it as `id` here and in `labels`")
        return self
