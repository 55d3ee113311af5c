"""What Alertmanager (webhook version 4) and Grafana send when an alert fires or is over, as values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from graph.errors import Misconfigured

_LONGEST = 5_000_000
_HINT = "point a webhook receiver of Alertmanager (version 4), or a webhook contact point of Grafana, at this address"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of a delivery. Labels and annotations are a stranger's words: data, and no request."""

    status: Literal["firing", "resolved"]
    model: str | None
    """The value of the label that names a model; None where the alert has no such label."""
    fingerprint: str
    starts_at: datetime
    ends_at: datetime | None
    """None while it fires, where its sender does not know."""
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    @property
    def dedupe_key(self) -> str:
        """Return what is the same whenever the same news is delivered again: deliveries come at least once."""
        return f"{self.fingerprint}:{self.starts_at.isoformat()}:{self.status}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request of a receiver. `left_out` alerts were cut off by the sender and are not among these."""

    alerts: tuple[Alert, ...]
    left_out: int
    sender: Literal["alertmanager", "grafana"]


def parse(body: bytes, label: str = "model") -> Delivery:
    """Return the alerts of a request's body. Misconfigured, with what is wrong and where, for anything else."""
    document = _document(body)
    found = document.get("alerts")
    if not isinstance(found, list):
        raise _wrong("alerts is no list")
    grafana = "orgId" in document
    if not grafana and document.get("version") != "4":
        raise _wrong(f"version is {_short(document.get('version'))}, not '4'")
    left_out = document.get("truncatedAlerts") or 0
    if not isinstance(left_out, int) or left_out < 0:
        raise _wrong(f"truncatedAlerts is {_short(left_out)}, not a number of alerts")
    alerts = tuple(_alert(each, f"alerts[{at}]", label) for at, each in enumerate(found))
    return Delivery(alerts, left_out, "grafana" if grafana else "alertmanager")


def _document(body: bytes) -> dict[str, Any]:
    if len(body) > _LONGEST:
        raise _wrong(f"it is longer than {_LONGEST // 10**6} MB")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise _wrong("it is no JSON") from None
    if not isinstance(found, dict):
        raise _wrong("it is no JSON object")
    return found


def _alert(found: Any, where: str, label: str) -> Alert:
    if not isinstance(found, dict):
        raise _wrong(f"{where} is no object")
    status, fingerprint = found.get("status"), found.get("fingerprint")
    if status not in ("firing", "resolved"):
        raise _wrong(f"{where}.status is {_short(status)}, neither firing nor resolved")
    if not isinstance(fingerprint, str) or not fingerprint:
        raise _wrong(f"{where}.fingerprint is missing")
    _require_storable(fingerprint, f"{where}.fingerprint")
    starts_at = _time(found.get("startsAt"), f"{where}.startsAt")
    if starts_at is None:
        raise _wrong(f"{where}.startsAt is missing")
    labels = _texts(found.get("labels"), f"{where}.labels")
    return Alert(
        status="firing" if status == "firing" else "resolved",
        model=labels.get(label) or None,
        fingerprint=fingerprint,
        starts_at=starts_at,
        ends_at=_time(found.get("endsAt"), f"{where}.endsAt"),
        labels=labels,
        annotations=_texts(found.get("annotations"), f"{where}.annotations"),
    )


def _time(text: object, where: str) -> datetime | None:
    """Return a time; None for none, and for the year 1, which is how the senders write that they do not know."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
        if found and found.tzinfo and found.year > 1:
            found = found.astimezone(UTC)
    except (ValueError, OverflowError):
        found = None
    if found is None or found.tzinfo is None:
        raise _wrong(f"{where} is {_short(text)}, no time with a zone")
    return None if found.year == 1 else found


def _texts(found: object, where: str) -> dict[str, str]:
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise _wrong(f"{where} holds something that is no text")
    for text in (*found, *found.values()):
        _require_storable(text, where)
    return found


def _require_storable(text: str, where: str) -> None:
    """Raise for what no database keeps: NUL, and halves of characters."""
    if "\0" in text or not _is_unicode(text):
        raise _wrong(f"{where} holds letters that are none")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _wrong(what: str) -> Misconfigured:
    return Misconfigured(f"this is no delivery of alerts: {what}", _HINT)
