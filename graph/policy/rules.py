"""How rules are written down: one function per rule, walked in order until one of them decides.

passed       nothing to object
blocked      this rule stopped or decided the check here
not_reached  an earlier rule had already decided
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from graph.model import Rule, RuleOutcome
from graph.policy.words import rounded

Value = float | int | str | None
Subject = TypeVar("Subject")
"""What a rule looks at."""
Conclusion = TypeVar("Conclusion")
"""What a rule that decides concludes."""


@dataclass(frozen=True, slots=True)
class Finding(Generic[Conclusion]):
    """What one rule saw; it has decided when it carries a conclusion."""

    value: Value = None
    limit: Value = None
    detail: str = ""
    conclusion: Conclusion | None = None


@dataclass(frozen=True, slots=True)
class Step(Generic[Subject, Conclusion]):
    """A rule's name and the function that judges it."""

    name: str
    judge: Callable[[Subject], Finding[Conclusion]]


@dataclass(frozen=True, slots=True)
class Walk(Generic[Conclusion]):
    """Every rule of a group with its outcome, and the conclusion of the first that decided, if any did."""

    rules: tuple[Rule, ...]
    conclusion: Conclusion | None


def walk(steps: Sequence[Step[Subject, Conclusion]], subject: Subject, reached: bool = True) -> Walk[Conclusion]:
    """Ask a group of rules in order. With `reached=False` an earlier group has decided and none of these is asked."""
    rules: list[Rule] = []
    conclusion: Conclusion | None = None
    for step in steps:
        if not reached or conclusion is not None:
            rules.append(Rule(step.name, "not_reached"))
            continue
        finding = step.judge(subject)
        conclusion = finding.conclusion
        outcome: RuleOutcome = "passed" if conclusion is None else "blocked"
        rules.append(Rule(step.name, outcome, rounded(finding.value), rounded(finding.limit), finding.detail))
    return Walk(tuple(rules), conclusion)
