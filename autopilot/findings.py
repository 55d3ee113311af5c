"""What doctor says: one finding, and what to do about a bad one."""

from graph.model import Json
from tools.plugins import State


def finding(what: str, state: State, detail: str, hint: str = "") -> Json:
    """Return one finding as it is printed with --json."""
    return {"what": what, "state": state, "detail": detail, "hint": hint}
