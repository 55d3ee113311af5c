"""Writes down what is to be said of incidents: one message per channel to all owners, after a round of checks."""

from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from autopilot import words
from autopilot.desk import Desk
from autopilot.replying import incident_name
from autopilot.serve.notices import addresses, everybody
from checkpoints.ledger.incidents import Standing
from graph.policy.slots import ROUND
from graph.policy.words import moment

_NAMED = 10


def tell_incidents(desk: Desk) -> None:
    """Write down the one message of every incident that is due; whichever process thinks of it, it is the same line."""
    book, now = desk.office.book, desk.clock.now()
    for incident in book.incidents.standing():
        if incident.told_at is None and now - incident.opened_at >= ROUND:
            _tell(desk, incident, now)
            book.incidents.told(incident.id, now)


def _tell(desk: Desk, incident: Standing, now: datetime) -> None:
    for channel in everybody(desk):
        line = uuid5(NAMESPACE_URL, f"autopilot:incident:{incident.id}:{channel}")
        call = addresses(desk, channel, _owners(desk, incident))
        desk.office.book.views.add_line(line, None, channel, incident_text(incident), call, now)


def _owners(desk: Desk, incident: Standing) -> list[str]:
    entries = (desk.office.file.models.get(each) for each in incident.models)
    return sorted({entry.owner for entry in entries if entry and entry.owner})


def incident_text(incident: Standing) -> str:
    """Return what owners are told: what broke, for whom, what follows, and how to answer once for all."""
    models, name = incident.models, incident_name(incident.id)
    more = f" and {len(models) - _NAMED} more" if len(models) > _NAMED else ""
    return "\n".join(
        (
            f"{name}: {incident.name} may be broken for {words.count(len(models), 'model')} since "
            f"{moment(incident.opened_at)}: {', '.join(models[:_NAMED])}{more}.",
            "Nothing is trained on those rows until somebody answers, once for all of them:",
            f"autopilot answer {name} --genuine or --fixed",
        )
    )
