"""What a process may do. One that lacks what a run's next node needs stops before it; another carries the run on."""

from collections.abc import Container
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
NONE = "none"
"""How one writes that a process is only a door for people."""


class Elsewhere(Exception):
    """The run stands before a node that this process may not execute; everything before it is done and kept."""

    def __init__(self, capability: Capability) -> None:
        super().__init__(capability)
        self.capability = capability


def parse(text: str) -> frozenset[Capability]:
    """Return the capabilities that a comma-separated list names, none for `none`. Misconfigured for another word."""
    words = {word.strip() for word in text.split(",") if word.strip()}
    if words == {NONE}:
        return frozenset()
    unknown = sorted(words - ALL)
    if unknown or not words:
        raise Misconfigured(
            f"--can {text}: {', '.join(unknown) or 'nothing'}", f"it takes {','.join(sorted(ALL))}, or {NONE}"
        )
    return frozenset(each for each in ALL if each in words)


def words(can: Container[str]) -> str:
    """Return capabilities as they are written after --can, in the order of a run."""
    return ",".join(each for each in get_args(Capability) if each in can) or NONE


def require_apart(can: frozenset[Capability], has_model_key: bool) -> None:
    """Raise Misconfigured when a language model's key lies where something can be trained or promoted.

    Only in a split deployment: a process that does everything holds everything.
    """
    deeds = can & {"train", "promote"}
    if has_model_key and deeds and can != ALL:
        raise Misconfigured(
            f"AUTOPILOT_LLM_API_KEY is in the environment of a process that may {words(deeds)}",
            "unset it here: in a split deployment only a process with --can observe asks a language model",
        )
