"""A pipeline that is made when it is first asked: who only shows or approves needs no login to where training runs."""

from collections.abc import Callable
from functools import cached_property

from graph.model import TrainingJob, TrainingOrder
from graph.ports import Pipeline


class WhenUsed:
    """Implements graph.ports.Pipeline. What is missing for it is Misconfigured at the first question."""

    def __init__(self, kind: str, make: Callable[[], Pipeline]) -> None:
        self.kind = kind
        self._make = make

    @cached_property
    def _made(self) -> Pipeline:
        return self._make()

    def find(self, key: str) -> TrainingJob | None:
        """Ask the pipeline."""
        return self._made.find(key)

    def start(self, order: TrainingOrder) -> TrainingJob:
        """Ask the pipeline."""
        return self._made.start(order)

    def cancel(self, key: str) -> TrainingJob | None:
        """Ask the pipeline."""
        return self._made.cancel(key)
