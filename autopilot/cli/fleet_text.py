"""The fleet as lines for a terminal: counts first, then who calls for a person."""

import shlex

from autopilot import accounts, words
from autopilot.fleet.choice import Choice, Page
from autopilot.fleet.standing import STATES
from autopilot.fleet.telling import incident, now, reason
from graph.model import Json

_NAMED = 3
"""How many overdue models the alert names."""


def fleet_text(fleet: Json, page: Page, width: int) -> str:
    """Return the page of the fleet that was chosen, below what there is at all."""
    if not fleet["models"]:
        return "no models yet; describe one in autopilot.yaml: autopilot init"
    lines = [
        words.cut(line, width)
        for line in (*_counts(fleet["summary"]), *_alert(fleet["models"]), *_incidents(fleet["incidents"]))
    ]
    if page.rows:
        lines += ["", _table(page, any(each["spent"] for each in fleet["models"]), width)]
    lines += _place(page)
    if fleet["budget"]:
        lines.append(f"all models: {accounts.spent_text(fleet['budget'])} spent")
    return words.printable("\n".join(lines))


def _counts(summary: Json) -> list[str]:
    verdicts = {words.spoken(name): number for name, number in summary["verdicts"].items()}
    verdicts["unknown"] = verdicts.pop("none")
    known = " · ".join(f"{number:,} {name}" for name, number in verdicts.items() if number)
    states = " · ".join(f"{number:,} {STATES[name]}" for name, number in summary["states"].items() if number)
    return [f"{words.count(summary['models'], 'model')}: {known}", *([states] if states else [])]


def _alert(models: list[Json]) -> list[str]:
    """Name who was not checked on time: that is an alert, and never a blank."""
    late = sorted((each for each in models if each["overdue_since"]), key=lambda each: str(each["checked_at"] or ""))
    if not late:
        return []
    named = ", ".join(f"{each['model']} ({_checked(each)})" for each in late[:_NAMED])
    if len(late) <= _NAMED:
        return [f"! not checked on time: {named}"]
    return [f"! {len(late):,} not checked on time (autopilot status --state overdue), such as {named}"]


def _incidents(found: list[Json]) -> list[str]:
    return [f"! {incident(each)} ({each['next']})" for each in found]


def _checked(model: Json) -> str:
    return f"last {words.moment(model['checked_at'])}" if model["checked_at"] else "never checked"


def _table(page: Page, priced: bool, width: int) -> str:
    head = ["model", "now", "verdict", "action", "champion", "checked", *(["spent"] if priced else []), "reason"]
    return words.table(head, [_row(each, priced) for each in page.rows], width)


def _row(model: Json, priced: bool) -> list[str]:
    return [
        model["model"],
        now(model),
        words.spoken(model["verdict"] or "unknown"),
        words.spoken(words.number(model["action"])),
        model["champion"] or "none",
        words.moment(model["checked_at"]) if model["checked_at"] else "never",
        *([accounts.spent_text(model["spent"])] if priced else []),
        reason(model),
    ]


def _place(page: Page) -> list[str]:
    """Say which part of what fits is shown, and the command for the next."""
    if not page.rows:
        return ["no model fits; all are shown by: autopilot status"]
    if page.pages == 1:
        return []
    last = page.first + len(page.rows) - 1
    shown = f"{page.first:,}–{last:,} of {page.found:,}"
    return [shown if last == page.found else f"{shown}   next: {command(page.choice, page.choice.page + 1)}"]


def command(choice: Choice, page: int) -> str:
    """Return the command that shows another page of the same."""
    given = [(name, getattr(choice, name)) for name in ("state", "tag", "owner", "group", "verdict", "text")]
    given.append(("sort", choice.sort if choice.sort != "urgency" else ""))
    options = [f"--{name} {shlex.quote(value)}" for name, value in given if value]
    return " ".join(["autopilot status", *options, *(["--reverse"] if choice.descending else []), f"--page {page}"])
