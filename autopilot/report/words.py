"""How values are written for people: the same in text and on the page."""

from graph.model import Json

MARK = {"passed": "✓", "blocked": "✗", "not_reached": "·", "failed": "✗", "inconclusive": "?", "error": "!"}
_RULE_WORDS = {"passed": "passed", "blocked": "blocked", "not_reached": "not reached"}


def number(value: object) -> str:
    """Return a value as it is shown: numbers to four significant digits, nothing as a dash."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def interval(value: Json | None, signed: bool = False) -> str:
    """Return `0.042 [0.031, 0.055]`."""
    if value is None:
        return "–"
    form = "+.4f" if signed else ".4f"
    return f"{value['value']:{form}} [{value['low']:{form}}, {value['high']:{form}}]"


def share(part: float | None, whole: float | None) -> str:
    """Return a part of a whole in per cent."""
    return f"{part / whole:.1%}" if part is not None and whole else "–"


def moment(text: str | None) -> str:
    """Return an RFC 3339 time to the minute."""
    return text[:16].replace("T", " ") + "Z" if text else "–"


def outcome(rule: Json) -> str:
    """Return a rule's outcome in words."""
    return _RULE_WORDS.get(rule["outcome"], rule["outcome"])


def headline(run: Json) -> str:
    """Return what became of the run, in one line."""
    state = run["outcome"] or run["status"]
    return f"{run['model']} · {state.replace('_', ' ')} · {moment(run['started_at'])}"
