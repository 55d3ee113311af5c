"""What the owner was asked on this stream, what came back, and which ticks are under suspicion meanwhile."""

from dataclasses import dataclass, field, replace
from typing import Literal

from autopilot.judge.start import time_of
from graph.model import Question

Kind = Literal["data", "label"]


@dataclass(slots=True)
class Questions:
    """Ticks are suspect from the first flagged one until the answer; for good when the answer is that it was real."""

    asked: tuple[Question, ...] = ()
    _first: dict[str, int] = field(default_factory=dict)
    _broken: set[int] = field(default_factory=set)

    def suspect(self, tick: int) -> bool:
        """Tell whether a tick is to be left out of evidence and training."""
        return tick in self._broken or any(tick >= first for first in self._first.values())

    def ask(self, kind: Kind, first: int, now: int, features: tuple[str, ...], looked_back: bool = False) -> None:
        """Open a question, or extend the open one of this kind."""
        self._first[kind] = min(first, self._first.get(kind, first))
        held = self.open(kind)
        if held is None:
            self.asked = (Question(kind, time_of(now + 1), features, looked_back=looked_back), *self.asked)
            return
        named = replace(
            held,
            features=tuple(dict.fromkeys((*held.features, *features))),
            looked_back=held.looked_back and looked_back,
        )
        self.asked = tuple(named if each is held else each for each in self.asked)

    def answer(self, kind: str, real: bool, now: int) -> None:
        """Close a question: what was broken stays out, what was genuine comes back in."""
        first, held = self._first.pop(kind, None), self.open(kind)
        if first is not None and real:
            self._broken.update(range(first, now))
        if held is not None:
            closed = replace(held, answered_at=time_of(now), genuine=not real)
            self.asked = tuple(closed if each is held else each for each in self.asked)

    def open(self, kind: str) -> Question | None:
        """Return the open question of a kind."""
        return next((each for each in self.asked if each.kind == kind and each.answered_at is None), None)
