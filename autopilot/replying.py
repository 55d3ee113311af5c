"""An owner's answer to what was asked about broken data or labels."""

from datetime import datetime

from checkpoints.ledger.book import PostgresLedger
from graph.errors import Refused
from graph.model import Question


def reply(
    book: PostgresLedger, model: str, genuine: bool, by: str, os_user: str | None, comment: str, now: datetime
) -> tuple[Question, ...]:
    """Close what a model's owner was asked; return it as closed. Refused when nothing is asked."""
    closed = book.questions.answer(model, genuine, by, os_user, comment, now)
    if not closed:
        raise Refused(f"{model} asks no question about its data or labels", f"autopilot explain {model}")
    said = {"genuine": genuine, "comment": comment, "kinds": [each.kind for each in closed]}
    book.runs.audit(by, "answer", now, model, None, said)
    return closed
