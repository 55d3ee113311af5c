"""What passes between the rules and a language model: its budget, its reply, and what became of it. JSON-able."""

from dataclasses import dataclass, field
from typing import Any, Literal

AdviceOutcome = Literal["agreed", "doubted", "unused", "not_asked"]
"""agreed: it would do the same. doubted: it objects, so a person is asked first. Else the rule stands alone."""


@dataclass(frozen=True, slots=True)
class TokenCaps:
    """How many tokens, questions and answers together, may be used. A day is the last 24 hours."""

    per_check: int = 12_000
    per_model_per_day: int = 60_000
    per_day: int = 600_000
    """Of the whole fleet."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back from a language model. Without a text, `problem` says why."""

    text: str | None
    problem: str = ""
    tokens: int | None = None
    """Question and answer together, as its server counted; None when that is not known."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was sent. `names` stayed here: what each id stands for, for people only."""

    model: str
    """The language model's name."""
    instructions: str
    question: dict[str, Any]
    names: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Advice:
    """One opinion of a language model on one decision, and what became of it."""

    outcome: AdviceOutcome
    why: str
    """One line: why the answer counts or does not, or why nothing was asked."""
    asked: Asked | None = None
    answered: str | None = None
    """The answer as it came, usable or not."""
    tokens: int | None = None
    cause: str | None = None
    confidence: float | None = None
    action: str | None = None
    evidence: tuple[str, ...] = ()
    explanation: str = ""
    """In ids, as it was written. Empty unless every number and id in it was shown."""
