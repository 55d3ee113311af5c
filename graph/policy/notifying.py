"""When people are told: reminders, the call for others, quiet hours, one digest instead of many messages. Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which nobody is called; they may go over midnight."""

    start: time
    end: time
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Notifying:
    """How the people of one model are reminded of what waits for them."""

    remind_every: timedelta | None = timedelta(days=1)
    escalate_after: timedelta | None = None
    escalate_to: tuple[str, ...] = ()
    """Other people who are called; approving is still the approvers'."""
    quiet: Quiet | None = None


@dataclass(frozen=True, slots=True)
class Digest:
    """When more than so many requests wait in a channel, the next ones are named once a day, in one message."""

    above: int
    at: time
    zone: tzinfo


def quiet_until(now: datetime, quiet: Quiet | None) -> datetime | None:
    """Return when the quiet hours end that `now` lies in; None outside of them."""
    if quiet is None or quiet.start == quiet.end:
        return None
    local = now.astimezone(quiet.zone)
    at = local.timetz().replace(tzinfo=None)
    over_midnight = quiet.start > quiet.end
    within = (at >= quiet.start or at < quiet.end) if over_midnight else quiet.start <= at < quiet.end
    if not within:
        return None
    day = local.date() + timedelta(days=1 if over_midnight and at >= quiet.start else 0)
    return datetime.combine(day, quiet.end, quiet.zone).astimezone(now.tzinfo)


def reminders_due(requested_at: datetime, expires_at: datetime, every: timedelta | None, now: datetime) -> int:
    """Return how many reminders of a request are due by now, the first after one interval; none once it has expired."""
    if every is None or every <= timedelta(0) or now >= expires_at:
        return 0
    return max(0, (now - requested_at) // every)


def escalation_due(requested_at: datetime, notifying: Notifying, now: datetime) -> bool:
    """Tell whether others are to be called to a request that still waits."""
    after = notifying.escalate_after
    return bool(notifying.escalate_to) and after is not None and now >= requested_at + after


def into_digest(waiting: int, digest: Digest | None) -> bool:
    """Tell whether a new request goes into the day's digest, where so many wait in the channel already."""
    return digest is not None and waiting >= digest.above


def next_digest(now: datetime, digest: Digest) -> datetime:
    """Return when the next digest is due, strictly after now."""
    local = now.astimezone(digest.zone)
    today = datetime.combine(local.date(), digest.at, digest.zone)
    due = today if today > local else datetime.combine(local.date() + timedelta(days=1), digest.at, digest.zone)
    return due.astimezone(now.tzinfo)


def last_digest(now: datetime, digest: Digest) -> datetime:
    """Return when the newest digest was due, at the latest now."""
    local = now.astimezone(digest.zone)
    today = datetime.combine(local.date(), digest.at, digest.zone)
    due = today if today <= local else datetime.combine(local.date() - timedelta(days=1), digest.at, digest.zone)
    return due.astimezone(now.tzinfo)
