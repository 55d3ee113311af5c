"""Which models somebody wants to see, in which order, and how many of them at once. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from autopilot.fleet.standing import STATES, VERDICTS, urgency
from graph.errors import Misconfigured
from graph.model import Json

COLUMNS = ("model", "verdict", "cause", "action", "champion", "checked_at", "waiting_for", "owner", "group", "reason")
"""What may be sorted by, beside `urgency`: who calls for a person first."""
SORTS = ("urgency", *COLUMNS)
_SEARCHED = ("model", "cause", "action", "reason", "waiting_for", "owner", "group")


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody wants to see of the fleet. An empty text asks for nothing."""

    verdict: str = ""
    state: str = ""
    tag: str = ""
    owner: str = ""
    group: str = ""
    text: str = ""
    sort: str = "urgency"
    descending: bool = False
    page: int = 1


@dataclass(frozen=True, slots=True)
class Page:
    """One page of what was chosen."""

    rows: Sequence[Json]
    found: int
    """How many models fit."""
    pages: int
    choice: Choice
    """As it was answered: behind the last page, the last."""
    first: int
    """The place of the first row among those that fit, from 1; 0 where none does."""


def require_words(choice: Choice) -> None:
    """Return when verdict, state and order are among those there are. Misconfigured names them."""
    known = {"verdict": VERDICTS, "state": tuple(STATES), "sort": SORTS}
    for name, words in known.items():
        given = getattr(choice, name)
        if given and given not in words:
            raise Misconfigured(f"there is no {name} {given}", f"there are: {', '.join(words)}")


def chosen(models: Sequence[Json], choice: Choice, limit: int | None = None) -> Page:
    """Return the page that is wanted, of at most `limit` models; all of them without one."""
    rows = _sorted([each for each in models if _fits(each, choice)], choice)
    size = limit or max(1, len(rows))
    pages = max(1, ceil(len(rows) / size))
    page = min(choice.page, pages)
    start = (page - 1) * size
    return Page(rows[start : start + size], len(rows), pages, replace(choice, page=page), start + 1 if rows else 0)


def _sorted(rows: list[Json], choice: Choice) -> list[Json]:
    """Sort by a column, then by name. What has no value comes last, whichever way the others are sorted."""
    named = sorted(rows, key=lambda each: str(each["model"]))
    if choice.sort == "urgency":
        return sorted(named, key=urgency, reverse=choice.descending)
    known = [each for each in named if each[choice.sort] is not None]
    known.sort(key=lambda each: str(each[choice.sort]).casefold(), reverse=choice.descending)
    return known + [each for each in named if each[choice.sort] is None]


def _fits(row: Json, choice: Choice) -> bool:
    asked = {"verdict": row["verdict"] or "none", "owner": row["owner"], "group": row["group"]}
    if any(getattr(choice, name) not in ("", value) for name, value in asked.items()):
        return False
    if (choice.state and choice.state not in row["states"]) or (choice.tag and choice.tag not in row["tags"]):
        return False
    return not choice.text or _says(row, choice.text)


def _says(row: Json, text: str) -> bool:
    searched = " ".join([*(str(row[name] or "") for name in _SEARCHED), *row["tags"]]).casefold()
    return all(word in searched for word in text.casefold().split())
