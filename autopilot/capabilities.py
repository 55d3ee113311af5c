"""What a process may do. One that lacks what a run's next node needs stops before it; another carries the run on."""

from typing import Literal, get_args

from graph.errors import Misconfigured

Capability = Literal["observe", "train", "promote"]
ALL: frozenset[Capability] = frozenset(get_args(Capability))
NEEDS: dict[str, Capability] = {
    "observe": "observe",
    "decide": "observe",
    "retrain": "train",
    "validate": "observe",
    "await_approval": "observe",
    "promote": "promote",
}
"""Which node needs which."""


class Elsewhere(Exception):
    """The run stands before a node that this process may not execute; everything before it is done and kept."""

    def __init__(self, capability: Capability) -> None:
        super().__init__(capability)
        self.capability = capability


def parse(text: str) -> frozenset[Capability]:
    """Return the capabilities that a comma-separated list names. Misconfigured for another word."""
    words = {word.strip() for word in text.split(",") if word.strip()}
    unknown = sorted(words - ALL)
    if unknown or not words:
        raise Misconfigured(f"--can {text}: {', '.join(unknown) or 'nothing'}", f"it takes {','.join(sorted(ALL))}")
    return frozenset(each for each in ALL if each in words)
