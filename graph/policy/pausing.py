"""Which pauses hold a model, and what is said about them. Each scope is lifted by itself and lifts no other."""

from collections.abc import Collection, Sequence

from graph.errors import Paused
from graph.pause import Pause
from graph.policy.words import moment

_NEAREST = {"model": 0, "tag": 1, "all": 2}


def holding(model: str, tags: Collection[str], pauses: Sequence[Pause]) -> tuple[Pause, ...]:
    """Return every pause that holds a model: its own first, then its tags', then that of all; the oldest first."""
    found = [each for each in pauses if _holds(each, model, tags)]
    return tuple(sorted(found, key=lambda each: (_NEAREST[each.scope], each.at, each.name or "")))


def _holds(pause: Pause, model: str, tags: Collection[str]) -> bool:
    if pause.scope == "all":
        return True
    return pause.name == model if pause.scope == "model" else pause.name in tags


def whose(pause: Pause) -> str:
    """Return what a pause stops: `fraud`, `every model tagged payments`, `every model`."""
    if pause.scope == "all":
        return "every model"
    return str(pause.name) if pause.scope == "model" else f"every model tagged {pause.name}"


def told(pause: Pause) -> str:
    """Return a pause in words, but for which model it is said of: `paused by ana since …: the reason`."""
    scope = "" if pause.scope == "model" else f" with {whose(pause)}"
    return f"paused{scope} by {pause.by} since {moment(pause.at)}: {pause.reason}"


def lifted_by(pause: Pause) -> str:
    """Return the command that lifts a pause and no other."""
    return {
        "model": f"autopilot unpause {pause.name}",
        "tag": f"autopilot unpause --tag {pause.name}",
        "all": "autopilot unpause --all",
    }[pause.scope]


def require_running(model: str, tags: Collection[str], pauses: Sequence[Pause]) -> None:
    """Return when nothing holds the model. Paused says who stopped it, since when, why, and what lifts that."""
    held = holding(model, tags, pauses)
    if held:
        said = "; ".join(told(each) for each in held)
        raise Paused(f"{model} is {said}", ", then: ".join(lifted_by(each) for each in held))
