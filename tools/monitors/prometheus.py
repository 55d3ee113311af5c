"""Monitor `prometheus`: values that a team already has there, read by its own queries and held to its own limits."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from graph.errors import AutopilotError, Misconfigured
from graph.evidence import Evidence, LookBack, Reading
from graph.model import Holdout
from tools.monitors.no_rows import no_holdout
from tools.monitors.prometheus_server import Answer, PrometheusServer, Series
from tools.monitors.watched import Watched
from tools.shared_answers import SharedAnswers

_PART = "autopilot_part"
_SELECTOR = r"[a-zA-Z_:][a-zA-Z0-9_:]*(?:\s*\{[^{}]*\})?|\{[^{}]*\}"
_BARE = re.compile(rf"\s*({_SELECTOR})\s*")
_OVER_TIME = re.compile(rf"\s*(?!absent)[a-z]+_over_time\s*\(\s*({_SELECTOR})\s*\[\s*(\w+)\s*\]\s*\)\s*")
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Query:
    """One value, and the PromQL that finds it.

    `at` is PromQL that finds when the newest sample behind it was taken, in seconds since 1970. Where it is left out it
    is made for a selector and for one function over a selector's range; for other queries that time is not known.
    With `ranged` the newest point of the monitor's window counts, as old as it is: for values that come rarely.
    """

    watched: Watched
    query: str
    at: str | None = None
    ranged: bool = False


@dataclass(frozen=True, slots=True)
class PrometheusQueries:
    """What is asked about one model. With `by`, queries find many models, told apart by that label's value."""

    model: str
    queries: tuple[Query, ...]
    window: timedelta = timedelta(hours=1)
    stale_after: timedelta = timedelta(minutes=15)
    by: str | None = None
    label: str | None = None
    """The model's value of the label `by`; without it, the model's own name."""


class PrometheusMonitor:
    """Implements port Monitor on a Prometheus server. Sends queries and nothing else."""

    def __init__(self, asked: PrometheusQueries, server: PrometheusServer, shared: SharedAnswers) -> None:
        names = [each.watched.name for each in asked.queries]
        if not names:
            raise Misconfigured(f"{asked.model}: its monitor asks nothing", "write at least one of monitor.queries")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise Misconfigured(f"{asked.model}: {', '.join(twice)} is asked for twice", "give each query its own name")
        for each in asked.queries:
            each.watched.check(asked.model)
        if min(asked.window, asked.stale_after) <= timedelta(0):
            raise Misconfigured(f"{asked.model}: window and stale_after must be longer than nothing")
        self._asked = asked
        self._server = server
        self._shared = shared

    def measure(self, champion: str | None, now: datetime) -> Evidence:
        """Return every value as of `now`, or why there is none.

        Raises Misconfigured for a query that the server cannot read or a login it refuses, Unavailable when it does not
        answer.
        """
        readings, notes = [], []
        for query in self._asked.queries:
            answer = self._answer(query, now)
            readings.append(self._reading(query, answer))
            notes += [f"Prometheus warns about {query.watched.name}: {warning}" for warning in answer.warnings]
        return Evidence(
            model=self._asked.model,
            champion=champion,
            as_of=now,
            source=self._server.url,
            start=now - self._asked.window,
            end=now,
            rows=0,
            reference_rows=0,
            expected_rows=0.0,
            queries=tuple(each.query for each in self._asked.queries),
            notes=tuple(notes),
            readings=tuple(readings),
            logged=False,
        )

    def look_back(self, start: datetime, now: datetime) -> LookBack | None:
        """Return None: Prometheus holds values, and no rows."""
        return None

    def holdout(
        self, start: datetime, end: datetime, now: datetime, exclude: Sequence[tuple[datetime, datetime]], to: Path
    ) -> Holdout:
        """Raise Misconfigured: Prometheus holds values, and no rows to compare two models on."""
        raise no_holdout(self._asked.model, "Prometheus")

    def _answer(self, query: Query, now: datetime) -> Answer:
        text, window = _sent(query), self._asked.window
        question = (self._server.url, text, window if query.ranged else None)
        try:
            if query.ranged:
                return self._shared.get(question, now, lambda: self._server.over(text, window, now))
            return self._shared.get(question, now, lambda: self._server.instant(text, now))
        except AutopilotError as problem:
            said = f"{self._asked.model}: query {query.watched.name}: {problem.message}"
            raise type(problem)(said, problem.hint) from None

    def _reading(self, query: Query, answer: Answer) -> Reading:
        timed = _time_of(query) is not None
        values = [each for each in self._own(answer) if not timed or each.labels.get(_PART) == "value"]
        stamps = [each for each in self._own(answer) if timed and each.labels.get(_PART) == "at"]
        stale_after = self._asked.stale_after
        missing = self._several(values) or ("" if values else self._absent())
        if missing:
            return query.watched.reading(query.query, None, None, stale_after, missing)
        newest = values[0].samples[-1]
        at = _moment(newest.at if query.ranged else max((each.samples[-1].value for each in stamps), default=None))
        if timed and at is None:
            missing = "when its newest sample was taken is not known"
            return query.watched.reading(query.query, None, None, stale_after, missing)
        return query.watched.reading(query.query, newest.value, at, stale_after)

    def _own(self, answer: Answer) -> list[Series]:
        by = self._asked.by
        if by is None:
            return list(answer.series)
        return [each for each in answer.series if each.labels.get(by) == self._value]

    @property
    def _value(self) -> str:
        return self._asked.label or self._asked.model

    def _absent(self) -> str:
        if self._asked.by is None:
            return "the query finds no series"
        return f"the query finds no series with {self._asked.by}={self._value!r}"

    def _several(self, values: Sequence[Series]) -> str:
        if len(values) < 2:
            return ""
        told = [_labels(each) for each in values[:_MOST_NAMED]]
        return f"{len(values)} series where one was expected: {' and '.join(told)}"


def _time_of(query: Query) -> str | None:
    """Return the PromQL that finds when the newest sample was taken, or None where that is not asked for."""
    if query.ranged or query.at:
        return None if query.ranged else query.at
    bare, over = _BARE.fullmatch(query.query), _OVER_TIME.fullmatch(query.query)
    if bare:
        return f"timestamp({bare[1]})"
    # A selector looks back five minutes, so that every sample is seen by at least one of these steps.
    return f"max_over_time(timestamp({over[1]})[{over[2]}:1m])" if over else None


def _sent(query: Query) -> str:
    """Return what is sent: value and time in one question, so that both are of one moment and cost one request."""
    at = _time_of(query)
    if at is None:
        return query.query
    # On lines of their own: a query may end in a comment.
    return (
        f'label_replace(\n{query.query}\n, "{_PART}", "value", "", "")\n'
        f'or\nlabel_replace(\n{at}\n, "{_PART}", "at", "", "")'
    )


def _labels(series: Series) -> str:
    found = ", ".join(f"{name}={value!r}" for name, value in sorted(series.labels.items()) if name != _PART)
    return f"{{{found[:80]}}}"


def _moment(at: float | None) -> datetime | None:
    """Return a time in seconds since 1970; None for what is none, as where `at` finds something else."""
    if at is None or not 0 <= at < 253_402_300_800:
        return None
    return datetime.fromtimestamp(round(at, 3), UTC)
