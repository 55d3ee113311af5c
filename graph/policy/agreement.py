"""In shadow: what a model's checks would have had done, beside what people then did about its champion."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from graph.policy.words import plural

PATIENCE = timedelta(days=7)
"""How long people may take to do what a check would have begun, or a check may be ahead of what people do."""
SIGHT = timedelta(days=180)
"""Older checks say little about how the model is looked after now."""
_CASES, _SHARE = 5, 0.8
"""What a suggestion asks for: as many cases, and that share of them agreed."""

Ended = Literal["agreed", "ignored", "unforeseen", "open"]
"""People did it too; people left it; people did what no check would have; there is still time."""


@dataclass(frozen=True, slots=True)
class Look:
    """One check: which version served, and whether it would have acted."""

    run: str
    at: datetime
    champion: str | None
    acts: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One wish to act, or one change of champion without such a wish, and how it ended."""

    run: str
    """The first check with the wish; the first that saw the other champion where there was none."""
    at: datetime
    ended: Ended


@dataclass(frozen=True, slots=True)
class Agreement:
    """All cases, oldest first. Quiet checks are none: to do nothing together is easy."""

    cases: tuple[Case, ...]
    looks: int

    @property
    def closed(self) -> int:
        """Count the cases of which the end is known."""
        return sum(case.ended != "open" for case in self.cases)

    @property
    def agreed(self) -> int:
        """Count the cases in which people did what a check would have begun."""
        return sum(case.ended == "agreed" for case in self.cases)

    @property
    def enough(self) -> bool:
        """Tell whether this is enough to let the model ask for approvals instead of only recording."""
        return self.closed >= _CASES and self.agreed >= _SHARE * self.closed


def agreement(looks: Sequence[Look], now: datetime) -> Agreement:
    """Return the cases of checks in shadow, given oldest first.

    A wish lasts from the first check that would act until people change the champion, or for a week: a check that
    still wishes after that is a new case.
    """
    cases: list[Case] = []
    wish: Look | None = None
    serving = looks[0].champion if looks else None
    for look in looks:
        if wish and look.at - wish.at > PATIENCE:
            cases.append(Case(wish.run, wish.at, "ignored"))
            wish = None
        if look.champion != serving:
            first = wish or look
            cases.append(Case(first.run, first.at, "agreed" if wish else "unforeseen"))
            wish, serving = None, look.champion
        if look.acts and wish is None:
            wish = look
    if wish:
        cases.append(Case(wish.run, wish.at, "ignored" if now - wish.at > PATIENCE else "open"))
    return Agreement(tuple(cases), len(looks))


def suggestion(found: Agreement) -> str:
    """Return in one sentence what the agreement says about letting the model act."""
    of = f"{found.agreed} of {plural(found.closed, 'case')}"
    if found.enough:
        return f"people did what it would have begun in {of}: it may be let to ask for approvals (mode: supervised)"
    if found.closed < _CASES:
        return f"people did what it would have begun in {of}: too few to say more, {_CASES} are asked for"
    return f"people did what it would have begun in {of}: less than {_SHARE:.0%}, leave it in shadow"
