"""The ledger's account of a model's past as frozen values: checks, what became of them, questions, promotions."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from checkpoints.ledger.book import PostgresLedger
from graph.codec import load
from graph.errors import Misconfigured
from graph.evidence import Evidence
from graph.model import Candidate, Decision, Learned, Question, RunOutcome, Validation
from graph.spec import ModelSpec
from graph.spending import Expense

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Course:
    """What became of one decision to act."""

    run: str
    started_at: datetime
    decided_at: datetime
    ended_at: datetime | None = None
    """None while it is under way."""
    outcome: RunOutcome | None = None
    """None while it is under way, and for one that never really happened."""
    trained_at: datetime | None = None
    candidate: Candidate | None = None
    judged: bool = False
    """A challenger was validated."""
    promoted: str | None = None
    """The version of NAME that it made champion."""
    real: bool = True
    """False where a replayed policy acts and nobody did."""
    known: bool = True
    """Whether the record tells what came of it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to the owner, and the run that asked it first."""

    run: str
    question: Question


@dataclass(frozen=True, slots=True)
class Moved:
    """A change of champion that really took place."""

    run: str
    at: datetime
    version: str
    learned: Learned | None


@dataclass(frozen=True, slots=True)
class Demoted:
    """A return after which the model was held in shadow, until a person lifted it."""

    run: str
    at: datetime
    lifted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Paid:
    """The money for one training of any model."""

    run: str
    model: str
    at: datetime
    currency: str
    most: float
    price: float | None
    settled_at: datetime | None

    def known(self, now: datetime) -> Expense:
        """Return what it counted with at an earlier moment: the most it may cost until it was settled."""
        settled = self.price is not None and self.settled_at is not None and self.settled_at <= now
        return Expense(self.at, self.price if settled and self.price is not None else self.most)


@dataclass(frozen=True, slots=True)
class Check:
    """One stored decision, the policy it was made under, and what came of it."""

    run: str
    at: datetime
    decision: Decision
    spec: ModelSpec
    course: Course | None
    """None for one that did not act."""
    measured: bool
    """False for a return that a person asked for, and where what was measured is not kept any more, …"""
    folded: bool = False
    """… which this tells."""
    validation: Validation | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A model's past in the range `[since, until)`, oldest first, and what led up to it."""

    model: str
    checks: tuple[Check, ...]
    before: tuple[Course, ...] = ()
    """What was done before the range."""
    asked: tuple[Asked, ...] = ()
    moved: tuple[Moved, ...] = ()
    since: datetime | None = None
    paid: tuple[Paid, ...] = ()
    """The trainings of all models."""
    known: tuple[datetime, datetime] | None = None
    """The first and the last decision that the ledger holds, in the range or not; None where it holds none."""
    demoted: tuple[Demoted, ...] = ()


def read(
    book: PostgresLedger, model: str, registry: str, since: datetime | None = None, until: datetime | None = None
) -> Record:
    """Return what the ledger knows of a model that is registered under `registry`."""
    rows = book.decisions.past(model)
    before = [row for row in rows if since and row["at"] < since]
    inside = [row for row in rows if not (since and row["at"] < since) and not (until and row["at"] >= until)]
    judged = [str(row["run"]) for row in inside if row["judged"]]
    with _readable(", ".join(judged)):
        validations = book.decisions.validations(judged)
    return Record(
        model,
        tuple(_check(row, validations) for row in inside),
        tuple(course for row in before if (course := _course(row))),
        tuple(_asked(row) for row in book.decisions.questions_asked(model)),
        tuple(_moved(row) for row in book.decisions.promotions_made(registry)),
        since,
        tuple(_paid(row) for row in book.costs.all()),
        (rows[0]["at"], rows[-1]["at"]) if rows else None,
        tuple(Demoted(str(row["run"]), row["at"], row["lifted_at"]) for row in book.shadow.all(model)),
    )


def evidence(book: PostgresLedger, run: str) -> Evidence:
    """Return what a check measured. Misconfigured when this release cannot read it."""
    with _readable(run):
        return book.evidence(run)


def _check(row: Row, validations: Mapping[str, Validation]) -> Check:
    run = str(row["run"])
    with _readable(run):
        decision, spec = load(Decision, row["document"]), load(ModelSpec, row["policy"])
    course = _course(row)
    return Check(run, row["at"], decision, spec, course, row["measured"], row["folded"], validations.get(run))


def _course(row: Row) -> Course | None:
    """Return what became of a decision that acted; None for any other, also in shadow mode."""
    if row["document"]["action"] not in ("retrain", "rollback") or row["outcome"] == "shadowed":
        return None
    run = str(row["run"])
    with _readable(run):
        candidate = load(Candidate, row["candidate"]) if row["candidate"] else None
    return Course(
        run,
        started_at=row["started_at"],
        decided_at=row["at"],
        ended_at=row["updated_at"] if row["outcome"] else None,
        outcome=row["outcome"],
        trained_at=row["trained_at"],
        candidate=candidate,
        judged=row["judged"],
        promoted=row["promoted"],
    )


def _asked(row: Row) -> Asked:
    known = {name: row[name] for name in ("kind", "asked_at", "features", "answered_at", "genuine", "looked_back")}
    return Asked(str(row["run"]), load(Question, known))


def _moved(row: Row) -> Moved:
    learned = load(Candidate, row["candidate"]).learned if row["candidate"] else None
    return Moved(str(row["run"]), row["at"], row["to_version"], learned)


def _paid(row: Row) -> Paid:
    names = ("model", "at", "currency", "most", "price", "settled_at")
    return Paid(str(row["run"]), *(row[name] for name in names))


@contextmanager
def _readable(run: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise Misconfigured(
            f"run {run} was stored by another release and cannot be read", "leave it out with --from or --to"
        ) from error
