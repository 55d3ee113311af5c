"""A row of the fleet in words: the same on a terminal and on a page."""

from autopilot import words
from graph.model import Json

_SAID_BY = {"open": {"awaiting_approval", "training", "stopped"}}
"""What need not be said where something nearer is."""
_NAMED = 3
"""How many of an incident's models are named."""


def now(model: Json) -> str:
    """Return the states of a model in a few words."""
    states = set(model["states"])
    said = [words.spoken(each) for each in model["states"] if not states & _SAID_BY.get(each, set())]
    return ", ".join(said) or words.NOTHING


def reason(model: Json) -> str:
    """Return why a model stands where it does: who holds it, which rule, then what the newest check said."""
    parts = []
    if model["overdue_since"]:
        parts.append(f"due since {words.moment(model['overdue_since'])}")
    if model["paused"]:
        parts.append(model["paused"]["text"])
    if model["blocked_by"]:
        parts.append(f"rule {model['blocked_by']}")
    return " · ".join([*parts, model["reason"] or words.NOTHING])


def incident(found: Json) -> str:
    """Return an open incident in one line."""
    models = found["models"]
    named = f"{', '.join(models[:_NAMED])}{f' and {len(models) - _NAMED} more' if len(models) > _NAMED else ''}"
    about = f"{found['about']} of {words.count(len(models), 'model')}"
    return f"{found['incident']}: {about} may be broken since {words.moment(found['since'])}: {named}"
