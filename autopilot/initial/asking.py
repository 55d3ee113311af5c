"""Ask a person at a terminal what cannot be seen, or take the proposal where nobody is asked."""

import sys
from collections.abc import Callable, Sequence
from typing import Protocol

_PATIENCE = 3


class Asker(Protocol):
    """Answers what a log does not tell."""

    def choose(self, question: str, options: Sequence[str], proposal: str | None) -> str | None:
        """Return one of the options; None when there is no proposal and no answer."""

    def tell(self, question: str, proposal: str) -> str:
        """Return a text; the proposal when nothing else is said."""


class Silent:
    """Takes every proposal."""

    def choose(self, question: str, options: Sequence[str], proposal: str | None) -> str | None:
        """Return the proposal."""
        return proposal

    def tell(self, question: str, proposal: str) -> str:
        """Return the proposal."""
        return proposal


class Terminal:
    """Asks on the terminal. Questions go to stderr: stdout may belong to a JSON document."""

    def __init__(self, read: Callable[[], str] = input, say: Callable[[str], object] = sys.stderr.write) -> None:
        self._read = read
        self._say = say

    def choose(self, question: str, options: Sequence[str], proposal: str | None) -> str | None:
        """Ask for an option by its number or name; take the proposal after an empty answer, or three useless ones."""
        listed = "".join(f"  {number}  {option}\n" for number, option in enumerate(options, 1))
        for _ in range(_PATIENCE):
            said = self._answer(f"{question}\n{listed}number or name{_default(proposal)}: ")
            if not said:
                return proposal
            if said in options:
                return said
            if said.isdigit() and 1 <= int(said) <= len(options):
                return options[int(said) - 1]
            self._say(f"{said} is none of them\n")
        return proposal

    def tell(self, question: str, proposal: str) -> str:
        """Ask for a text."""
        return self._answer(f"{question}{_default(proposal)}: ") or proposal

    def _answer(self, prompt: str) -> str:
        self._say(prompt)
        sys.stderr.flush()
        try:
            return self._read().strip()
        except EOFError:
            self._say("\n")
            return ""


def _default(proposal: str | None) -> str:
    return f" [{proposal}]" if proposal else ""
