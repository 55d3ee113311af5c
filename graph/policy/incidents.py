"""One cause behind many questions: the same column, or the labels, broken for several models within a day."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from graph.model import QuestionKind

SPAN = timedelta(days=1)
"""Questions further apart than this have causes of their own."""
LABELS = "the labels"


@dataclass(frozen=True, slots=True)
class Asked:
    """An open question that belongs to no incident."""

    id: int
    model: str
    kind: QuestionKind
    features: tuple[str, ...]
    at: datetime

    @property
    def names(self) -> frozenset[str]:
        """What it is about; nothing where no column is to blame."""
        return frozenset(self.features if self.kind == "data" else (LABELS,))


@dataclass(frozen=True, slots=True)
class Incident:
    """What several questions have in common."""

    kind: QuestionKind
    name: str
    """The column, or LABELS."""
    id: int | None = None
    """None for one that was not known before."""
    newest: datetime | None = None
    """When the newest of its questions was asked."""
    questions: tuple[int, ...] = field(default=())
    """Those that belong to it from now on."""


def found(asked: Sequence[Asked], known: Sequence[Incident], at_least: int, now: datetime) -> list[Incident]:
    """Return which questions join which open incident, and which make a new one: each joins one, the largest."""
    rest = [each for each in asked if now - each.at < SPAN]
    joined = []
    for incident in known:
        its = [each for each in rest if _belongs(each, incident)]
        rest = [each for each in rest if each not in its]
        if its:
            joined.append(Incident(incident.kind, incident.name, incident.id, questions=_ids(its)))
    return [*joined, *_new(rest, at_least)]


def _new(rest: list[Asked], at_least: int) -> Iterator[Incident]:
    while rest:
        models = {(each.kind, name, each.model) for each in rest for name in each.names}
        counts = Counter((kind, name) for kind, name, _ in models)
        most = min(counts, key=lambda each: (-counts[each], each), default=None)
        if most is None or counts[most] < at_least:
            return
        kind, name = most
        its = [each for each in rest if each.kind == kind and name in each.names]
        rest = [each for each in rest if each not in its]
        yield Incident(kind, name, questions=_ids(its))


def _belongs(asked: Asked, incident: Incident) -> bool:
    near = incident.newest is None or asked.at - incident.newest < SPAN
    return near and asked.kind == incident.kind and incident.name in asked.names


def _ids(asked: Sequence[Asked]) -> tuple[int, ...]:
    return tuple(sorted(each.id for each in asked))
