"""The models on one screen: filtered, searched, sorted and in pages, by links and a form."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from urllib.parse import urlencode

from graph.model import Json

PAGE = 100
COLUMNS = {
    "model": "model",
    "verdict": "verdict",
    "cause": "cause",
    "action": "action",
    "champion": "champion",
    "checked_at": "checked",
    "waiting_for": "now",
    "reason": "reason",
}
"""What a row of `autopilot status` holds, and how its column is headed."""
VERDICTS = ("healthy", "degraded", "broken_data", "insufficient", "none")
"""What to filter by; `none` is a model of which nothing is known."""
_SEARCHED = ("model", "cause", "action", "reason", "waiting_for")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to see of the fleet."""

    verdict: str = ""
    text: str = ""
    sort: str = "model"
    descending: bool = False
    page: int = 1

    @property
    def path(self) -> str:
        """Where this is seen."""
        given = {"verdict": self.verdict, "text": self.text, "sort": self.sort if self.sort != "model" else ""}
        order, page = "down" if self.descending else "", str(self.page) if self.page > 1 else ""
        query = urlencode({name: value for name, value in {**given, "order": order, "page": page}.items() if value})
        return f"/fleet?{query}" if query else "/fleet"

    def sorted_by(self, column: str) -> "Wanted":
        """Return the same, sorted by a column; by the same column again, the other way round."""
        return replace(self, sort=column, descending=column == self.sort and not self.descending, page=1)

    def turned_to(self, page: int) -> "Wanted":
        """Return another page of the same."""
        return replace(self, page=page)


@dataclass(frozen=True, slots=True)
class Fleet:
    """One page of the fleet."""

    rows: Sequence[Json]
    found: int
    known: int
    pages: int
    wanted: Wanted


def fleet(models: Sequence[Json], wanted: Wanted) -> Fleet:
    """Return the page of the fleet that is wanted; behind the last page, the last."""
    found = sorted(filter(lambda each: _fits(each, wanted), models), key=lambda each: str(each["model"]))
    known = [each for each in found if each[wanted.sort] is not None]
    # What has no value comes last, whichever way the others are sorted.
    known.sort(key=lambda each: str(each[wanted.sort]).casefold(), reverse=wanted.descending)
    rows = known + [each for each in found if each[wanted.sort] is None]
    pages = max(1, ceil(len(rows) / PAGE))
    page = min(wanted.page, pages)
    return Fleet(rows[(page - 1) * PAGE : page * PAGE], len(rows), len(models), pages, replace(wanted, page=page))


def _fits(row: Json, wanted: Wanted) -> bool:
    verdict = row["verdict"] or "none"
    text = " ".join(str(row[name] or "") for name in _SEARCHED).casefold()
    return (not wanted.verdict or verdict == wanted.verdict) and all(
        word in text for word in wanted.text.casefold().split()
    )
