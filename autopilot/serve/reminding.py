"""Writes down what is to be said of requests that nobody has answered: reminders, the call for others, the digest."""

from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from autopilot import words
from autopilot.desk import Desk
from autopilot.serve.notices import addresses, everybody, link
from autopilot.view import Row
from graph.policy import notifying
from graph.policy.notifying import Notifying
from graph.policy.words import moment


def remind(desk: Desk) -> None:
    """Write down every reminder and escalation that is due; each once, whichever process thinks of it."""
    now = desk.clock.now()
    for row in desk.office.book.views.pending():
        entry = desk.office.file.models.get(row["model"])
        if entry is None:
            continue
        rules = entry.notify.rules
        if notifying.quiet_until(now, rules.quiet) is None:
            # In quiet hours none is written down: afterwards one says as much as eleven.
            _remind(desk, row, rules, list(entry.approval.approvers), now)
            _escalate(desk, row, rules, now)


def _remind(desk: Desk, row: Row, rules: Notifying, approvers: list[str], due: datetime) -> None:
    now = desk.clock.now()
    count = notifying.reminders_due(row["requested_at"], row["expires_at"], rules.remind_every, now)
    if count > row["reminded"]:
        text = f"Still waits for an answer, until {moment(row['expires_at'])}; silence is a deny."
        _beside(desk, row, f"reminder {count}", text, approvers, due)
        desk.office.book.views.reminded(str(row["run"]), count)


def _escalate(desk: Desk, row: Row, rules: Notifying, due: datetime) -> None:
    if row["escalated"] or not notifying.escalation_due(row["requested_at"], rules, desk.clock.now()):
        return
    text = f"Nobody has answered since {moment(row['requested_at'])}: can you see to it that somebody does?"
    _beside(desk, row, "escalation", text, list(rules.escalate_to), due)
    desk.office.book.views.escalated(str(row["run"]))


def _beside(desk: Desk, row: Row, what: str, text: str, people: list[str], due: datetime) -> None:
    """Write the line down for every channel that shows the request. Its id says what it is, so it is written once."""
    run, views = str(row["run"]), desk.office.book.views
    for shown in views.of(run):
        channel = shown["channel"]
        line = uuid5(NAMESPACE_URL, f"autopilot:{what}:{run}:{channel}")
        views.add_line(line, run, channel, text, addresses(desk, channel, people), due)


def digest(desk: Desk) -> None:
    """Write down the digest for every channel with a place for it, where requests wait that were not shown singly."""
    part = desk.office.file.inbox.digest
    if part is None:
        return
    now, rules = desk.clock.now(), part.rules
    due = notifying.last_digest(now, rules)
    for channel in everybody(desk):
        waiting = [row for row in desk.office.book.views.unposted(channel) if row["requested_at"] <= due]
        if waiting:
            line = _digest_id(channel, due)
            desk.office.book.views.add_line(line, None, channel, _digest_text(desk, waiting), (), now)


def _digest_id(channel: str, due: datetime) -> UUID:
    return uuid5(NAMESPACE_URL, f"autopilot:digest:{channel}:{due.isoformat()}")


def _digest_text(desk: Desk, waiting: list[Row]) -> str:
    lines = [f"{words.count(len(waiting), 'request')} more for an answer:"]
    for row in waiting:
        where = link(desk, str(row["run"])) or f"autopilot report {str(row['run'])[:8]}"
        lines.append(f"{row['model']}, until {moment(row['expires_at'])}: {where}")
    return "\n".join(lines)
