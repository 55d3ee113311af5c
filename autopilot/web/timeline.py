"""The course of one run, every row of it in order: what an auditor reads a year later."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from autopilot import view, words
from autopilot.report.events import course
from autopilot.view import Row
from graph.model import Approval, Json

_HIDDEN = ("approve", "deny")
"""Lines of the audit trail that are told with the answer."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened."""

    at: str
    kind: str
    text: str


def timeline(found: Json, approval: Approval | None, lines: Iterable[Row] = ()) -> list[Entry]:
    """Return everything that happened in a run, oldest first, from the run as `view.explanation` has it.

    `lines` are what was to be said beside its request, as the ledger has them: reminders and the like.
    """
    entries = [*_steps(found), *_effects(found), *(_request(found, approval) if approval else []), *_said(lines)]
    return sorted(entries, key=lambda entry: entry.at)


def _steps(found: Json) -> Iterator[Entry]:
    for at, text in course(found):
        yield Entry(at, "run", text)
    for line in found["audit"]:
        if line["act"] not in _HIDDEN and line["detail"]:
            about = ", ".join(f"{name} {value}" for name, value in sorted(line["detail"].items()) if value is not None)
            yield Entry(line["at"], "audit", f"{line['actor']}: {line['act']}{f' ({about})' if about else ''}")


def _effects(found: Json) -> Iterator[Entry]:
    """Yield what was done outside: the intent, then the record; one without a record is looked after next time."""
    for effect in found["effects"]:
        kind, key = words.spoken(effect["kind"]), effect["key"]
        yield Entry(effect["intended_at"], "effect", f"{kind} intended, under the key {key}")
        if effect["done_at"]:
            named = f": {effect['external_id']}" if effect["external_id"] else ""
            yield Entry(effect["done_at"], "effect", f"{kind} recorded{named}")


def _request(found: Json, approval: Approval) -> Iterator[Entry]:
    until = words.moment(view.time(approval.expires_at))
    asked = f"a person is asked, until {until}; sealed to {approval.fingerprint}"
    yield Entry(view.time(approval.requested_at), "request", asked)
    if approval.state in ("expired", "voided"):
        yield Entry(found["updated_at"], "request", f"{approval.state}: {approval.reason}")


def _said(lines: Iterable[Row]) -> Iterator[Entry]:
    """Yield what was said beside the request, by the time at which it was; else by when it was due, and why not."""
    for line in lines:
        sent = line["sent_at"] if line["failed"] is None else None
        not_yet = f"not said: {line['failed']}" if line["failed"] else "not said yet"
        text = f"in {line['channel']}: {line['text']}{'' if sent else f' ({not_yet})'}"
        yield Entry(view.time(sent or line["due_at"]), "reminder", text)
