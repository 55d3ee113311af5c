"""The fleet as a page: the same rows as `autopilot status`, filtered, sorted and turned by links and a form."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from autopilot import words
from autopilot.fleet.choice import Choice, Page, chosen
from autopilot.fleet.standing import STATES
from autopilot.fleet.telling import incident, now, reason
from graph.model import Json

PAGE = 100
COLUMNS = {
    "model": "model",
    "urgency": "now",
    "verdict": "verdict",
    "action": "action",
    "champion": "champion",
    "checked_at": "checked",
    "owner": "owner",
    "reason": "reason",
}
"""What is sorted by, and how its column is headed."""
_FILTERS = ("text", "verdict", "state", "tag", "owner", "group")


@dataclass(frozen=True, slots=True)
class Count:
    """How many models have a verdict or are in a state, and where they are seen."""

    text: str
    path: str
    alarming: bool = False


@dataclass(frozen=True, slots=True)
class Fleet:
    """One page of the fleet, below what there is at all."""

    rows: Sequence[Json]
    counts: Sequence[Count]
    page: Page
    known: int
    incidents: Sequence[Json] = ()
    """Each with its line."""

    @property
    def choice(self) -> Choice:
        """What is shown."""
        return self.page.choice


def fleet(found: Json, choice: Choice) -> Fleet:
    """Return the page of the fleet that was chosen; behind the last page, the last."""
    page = chosen(found["models"], choice, PAGE)
    rows = [{**each, "now": now(each), "reason": reason(each)} for each in page.rows]
    incidents = [{**each, "text": incident(each)} for each in found["incidents"]]
    return Fleet(rows, _counts(found["summary"]), page, found["summary"]["models"], incidents)


def path(choice: Choice) -> str:
    """Return where this choice is seen."""
    given = {name: getattr(choice, name) for name in _FILTERS}
    given["sort"] = choice.sort if choice.sort != "urgency" else ""
    given["order"] = "down" if choice.descending else ""
    given["page"] = str(choice.page) if choice.page > 1 else ""
    query = urlencode({name: value for name, value in given.items() if value})
    return f"/fleet?{query}" if query else "/fleet"


def sorted_by(choice: Choice, column: str) -> str:
    """Return where the same is seen sorted by a column; by the same column again, the other way round."""
    return path(replace(choice, sort=column, descending=column == choice.sort and not choice.descending, page=1))


def turned_to(choice: Choice, page: int) -> str:
    """Return where another page of the same is seen."""
    return path(replace(choice, page=page))


def _counts(summary: Json) -> list[Count]:
    verdicts = [
        Count(f"{number:,} {words.spoken(name) if name != 'none' else 'unknown'}", path(Choice(verdict=name)))
        for name, number in summary["verdicts"].items()
        if number
    ]
    states = [
        Count(f"{number:,} {STATES[name]}", path(Choice(state=name)), name in ("overdue", "stopped"))
        for name, number in summary["states"].items()
        if number
    ]
    return verdicts + states
