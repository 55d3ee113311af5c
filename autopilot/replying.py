"""An owner's answer to what was asked about broken data or labels: of one model, or of an incident's models at once."""

import re
from dataclasses import dataclass
from datetime import datetime

from checkpoints.ledger.book import PostgresLedger
from graph.errors import Refused
from graph.model import Question

_INCIDENT = re.compile(r"incident-(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Replier:
    """Who answers, as whom the system knows them, and what they say to it."""

    by: str
    os_user: str | None
    comment: str


def incident_name(number: int) -> str:
    """Return what an incident is called."""
    return f"incident-{number}"


def incident_number(name: str) -> int | None:
    """Return the number of the incident that is called so; None where no incident is."""
    found = _INCIDENT.fullmatch(name)
    return int(found[1]) if found else None


def replied(book: PostgresLedger, model: str, genuine: bool, who: Replier, now: datetime) -> tuple[Question, ...]:
    """Close every open question of a model. Refused when nothing is asked."""
    closed = book.questions.answer(model, genuine, who.by, who.os_user, who.comment, now)
    if not closed:
        raise Refused(f"{model} asks no question about its data or labels", f"autopilot explain {model}")
    _audit(book, model, closed, genuine, who, now)
    return closed


def replied_to_all(
    book: PostgresLedger, incident: int, genuine: bool, who: Replier, now: datetime
) -> dict[str, tuple[Question, ...]]:
    """Close every open question of an incident; return them by model. Refused when none is open."""
    closed = book.questions.answer_incident(incident, genuine, who.by, who.os_user, who.comment, now)
    if not closed:
        raise Refused(f"no question of {incident_name(incident)} is open", "open ones are shown by: autopilot status")
    for model, questions in closed.items():
        _audit(book, model, questions, genuine, who, now, incident)
    return closed


def _audit(
    book: PostgresLedger,
    model: str,
    closed: tuple[Question, ...],
    genuine: bool,
    who: Replier,
    now: datetime,
    incident: int | None = None,
) -> None:
    said = {"genuine": genuine, "comment": who.comment, "kinds": [each.kind for each in closed]}
    if incident is not None:
        said["incident"] = incident
    book.runs.audit(who.by, "answer", now, model, None, said)
