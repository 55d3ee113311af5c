"""What is proposed for a first file, field by field, each with its reason."""

from dataclasses import dataclass, field
from typing import Any

from autopilot.initial.asking import Asker
from graph.errors import Misconfigured
from tools.monitors.guesses import Guess


@dataclass(frozen=True, slots=True)
class Choice:
    """One field of the file: its value, None where it is left out, and why."""

    field: str
    value: Any
    because: str
    check: bool = False
    """A guess that nothing in the log confirms."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Everything that a first file says of its own."""

    model: str
    person: str
    origin: str
    choices: tuple[Choice, ...]

    def choice(self, name: str) -> Choice:
        """Return what was chosen for a field; a field that was not spoken of is left out."""
        return next((each for each in self.choices if each.field == name), Choice(name, None, ""))


@dataclass(slots=True)
class Draft:
    """A proposal in the making."""

    asker: Asker
    source: str
    choices: list[Choice] = field(default_factory=list)

    def settle(self, name: str, value: Any, because: str, check: bool = False) -> None:
        """Take a value for a field."""
        self.choices.append(Choice(name, value, because, check))

    def remark(self, name: str, text: str) -> None:
        """Add something to the reason of a field, for a person to check."""
        at = next(number for number, each in enumerate(self.choices) if each.field == name)
        known = self.choices[at]
        self.choices[at] = Choice(name, known.value, f"{known.because}; {text}", check=True)

    def value(self, name: str) -> Any:
        """Return the value taken for a field, None when there is none."""
        return next((each.value for each in self.choices if each.field == name), None)

    def column(self, name: str, guess: Guess, question: str, needed: str = "") -> str | None:
        """Take a column for a field; ask where others fit as well, or where it is needed and none was found.

        Misconfigured when a needed one stays open; `needed` says what to do about it.
        """
        chosen, rivals = guess.value, guess.rivals
        if rivals and (chosen is not None or needed):
            chosen = self.asker.choose(question, [*([chosen] if chosen else []), *rivals], chosen)
        if chosen is None and needed:
            raise Misconfigured(f"{self.source}: {guess.because}", needed)
        if chosen != guess.value:
            self.settle(name, chosen, "as you said")
        elif chosen is not None and rivals:
            self.settle(name, chosen, f"{guess.because}; {', '.join(rivals)} would fit as well", check=True)
        else:
            self.settle(name, chosen, guess.because, check=guess.doubtful)
        return chosen
