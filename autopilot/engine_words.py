"""What the engine says: an error in one sentence, what to do next, and why there is nothing to return to."""

from graph.errors import AutopilotError, Refused
from graph.model import ModelRef


def in_words(error: AutopilotError) -> str:
    """Return an error with its hint."""
    return f"{error.message}; {error.hint}" if error.hint else error.message


def add_hint(error: AutopilotError, more: str) -> None:
    """Say what else to do."""
    error.hint = f"{error.hint}; {more}" if error.hint else more


def return_target(model: str, champion: ModelRef | None, previous: ModelRef | None) -> str:
    """Return the version to go back to. Refused when there is none."""
    if champion is None:
        raise Refused(f"{model} has no champion to return from", "its first candidate comes with: autopilot run MODEL")
    if previous is None:
        raise Refused(f"{model} has no previous champion to return to", "nothing was promoted over another version yet")
    if previous.version == champion.version:
        raise Refused(f"{model} already serves its previous champion, version {champion.version}")
    return previous.version
