"""How long what is kept, as it is written in autopilot.yaml."""

from datetime import timedelta

from pydantic import model_validator

from graph.policy import retention
from tools.fields import Part, Span

_USUAL = retention.Retention()


class Retention(Part):
    """How long what is kept. What serves, what waits and what acted is kept whatever is written here."""

    detail: Span = _USUAL.detail
    """What checks that changed nothing measured, and windows shorter than a day; then they are folded."""
    counts: Span = _USUAL.counts
    """Window counts."""
    decisions: Span = _USUAL.decisions
    """Checks that did nothing."""
    threads: Span = _USUAL.threads
    """LangGraph's checkpoints of ended runs."""
    files: Span = _USUAL.files
    """Files of ended runs, and those that a killed process left."""
    jobs: Span = _USUAL.jobs
    """Folders of training jobs on this machine."""

    @model_validator(mode="after")
    def _folded_before_dropped(self) -> "Retention":
        for name in ("counts", "decisions"):
            if getattr(self, name) < max(self.detail, timedelta(days=1)):
                raise ValueError(f"{name} must be at least a day, and not shorter than detail")
        return self

    @property
    def policy(self) -> retention.Retention:
        """Return the same for the rules."""
        return retention.Retention(**self.model_dump())
