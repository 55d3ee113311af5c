"""What the owner says about a prediction log: where its files are and what its columns mean."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from graph.codec import digest
from graph.spec import Metric, Task
from tools.monitors import tasks


@dataclass(frozen=True, slots=True)
class LabelSource:
    """Where labels are found, and how late they come."""

    source: str
    """A file, glob or folder; "" when labels are a column of the prediction log itself."""
    id: str
    label: str
    timestamp: str | None
    delay: timedelta


@dataclass(frozen=True, slots=True)
class PredictionLog:
    """One model's log. Paths are absolute; a source is a file, a glob or a folder of Parquet and CSV files."""

    model: str
    source: str | tuple[str, ...]
    id: str | None
    timestamp: str
    version: str | None
    prediction: str
    features: tuple[str, ...]
    labels: LabelSource | None
    window: timedelta
    reference: tuple[datetime, datetime]
    """Half-open."""
    positive: str | int | bool = 1
    threshold: float = 0.5
    metric: Metric = "roc_auc"
    task: Task = "binary_classification"

    @property
    def how(self) -> tasks.Task:
        """Return how scores and labels of the task are read."""
        return tasks.Regressing() if self.task == "regression" else tasks.Classifying(self.positive)

    @property
    def sources(self) -> tuple[str, ...]:
        """Return the log's sources, whether one or several were named."""
        return (self.source,) if isinstance(self.source, str) else self.source

    @property
    def delay(self) -> timedelta:
        """Return how long labels take to arrive."""
        return self.labels.delay if self.labels else timedelta(0)

    @property
    def own_labels(self) -> LabelSource | None:
        """Return the labels that are a column of the log itself."""
        return self.labels if self.labels and not self.labels.source else None

    @property
    def joined_labels(self) -> LabelSource | None:
        """Return the labels that lie in files of their own."""
        return self.labels if self.labels and self.labels.source else None

    @property
    def texts(self) -> frozenset[str]:
        """Return the columns that hold names, whatever they look like."""
        found = {self.id, self.version, self.labels and self.labels.id}
        if self.labels and isinstance(self.positive, str):
            found.add(self.labels.label)
        return frozenset(name for name in found if name)

    def profile_name(self, version: str, *settings: object) -> str:
        """Return the name under which a version's profile is kept: other settings make another profile."""
        reference = [moment.isoformat() for moment in self.reference]
        return f"{version}#{digest([reference, [str(each) for each in settings]])[:12]}"
