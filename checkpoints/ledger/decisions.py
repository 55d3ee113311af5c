"""Evidence, decisions and validations: what each run saw and concluded, one document each."""

from collections import OrderedDict
from datetime import datetime
from typing import TypeVar

from psycopg import errors
from psycopg.types.json import Jsonb

from checkpoints.database import Database, Row, run_lock
from checkpoints.packing import unpack
from checkpoints.queries import query
from graph.codec import dump, load
from graph.errors import NotFound
from graph.evidence import Evidence
from graph.model import Decision, Validation
from graph.policy.outcomes import of_decision
from graph.spec import ModelSpec

T = TypeVar("T")
_KEPT = 32


class Decisions:
    """One evidence, one decision and at most one validation per run."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # A stored decision or validation never changes, so what was read once need not be read again.
        self._decided: OrderedDict[str, tuple[Decision, str]] = OrderedDict()
        self._validated: OrderedDict[str, Validation] = OrderedDict()

    def save_evidence(self, run: str, evidence: Evidence) -> None:
        """Store what a check measured; a check that died and is done again replaces it."""
        self._database.execute(query("decisions", "save_evidence"), run=run, document=Jsonb(dump(evidence)))
        # A check is made under its run's lock: until that is given back, nobody measures it again.
        self._database.noted(run_lock(run))["evidence"] = evidence

    def evidence(self, run: str) -> Evidence:
        """Return what a check measured. NotFound when it measured nothing, or when that was folded away since."""
        noted: Evidence | None = self._database.noted(run_lock(run)).get("evidence")
        if noted:
            return noted
        row = self._database.row(query("decisions", "evidence"), run=run)
        if row is None:
            raise NotFound(
                f"run {run} holds no evidence", "it died before measuring; carry it on with: autopilot resume RUN"
            )
        if row["document"] is None:
            raise NotFound(
                f"what run {run} measured was folded away on {row['folded_at']:%Y-%m-%d}",
                "its verdict, rules and values are kept: autopilot explain RUN",
            )
        return load(Evidence, row["document"])

    def record(self, run: str, decision: Decision, spec: ModelSpec, champion: str | None, now: datetime) -> bool:
        """Store the run's one decision and what it makes of the run, together or not at all.

        False, and nothing stored, when it would act while another run of the model acts: the unique index says so.
        """
        try:
            stored = self._database.execute(
                query("decisions", "save_decision"),
                run=run,
                model=spec.name,
                now=now,
                document=Jsonb(dump(decision)),
                policy=Jsonb(dump(spec)),
                digest=spec.digest,
                verdict=decision.verdict,
                cause=decision.cause,
                action=decision.action,
                reason=decision.reason,
                champion=champion,
                challenger=decision.return_to,
                outcome=of_decision(decision, spec.policy.mode),
            )
        except errors.UniqueViolation:
            return False
        if stored:
            _keep(self._decided, run, (decision, spec.digest))
        return True

    def row(self, run: str) -> Row | None:
        """Return the stored decision with its policy, or None. `folded_at`: since when its evidence is gone."""
        row = self._database.row(query("decisions", "decision"), run=run)
        return _unpacked(row) if row else None

    def policy(self, run: str) -> str:
        """Return the digest of the policy that the run was decided under. NotFound when it has no decision."""
        return self._once_read(run)[1]

    def decision(self, run: str) -> Decision:
        """Return the run's decision. NotFound when it has none."""
        return self._once_read(run)[0]

    def _once_read(self, run: str) -> tuple[Decision, str]:
        # Read once: another thread may push it out of what is kept at any time.
        known = self._decided.get(run)
        if known is None:
            row = self.row(run)
            if row is None:
                raise NotFound(f"run {run} holds no decision", "carry it on with: autopilot resume RUN")
            known = (load(Decision, row["document"]), row["policy_digest"])
            _keep(self._decided, run, known)
        return known

    def save_validation(self, run: str, validation: Validation) -> None:
        """Store the run's one validation; a second one is ignored."""
        document = Jsonb(dump(validation))
        if self._database.execute(query("decisions", "save_validation"), run=run, document=document):
            _keep(self._validated, run, validation)

    def validation(self, run: str) -> Validation | None:
        """Return the run's validation, if it has one."""
        known = self._validated.get(run)
        if known is None:
            row = self._database.row(query("decisions", "validation"), run=run)
            if row is None:
                return None
            known = load(Validation, row["document"])
            _keep(self._validated, run, known)
        return known

    def validations(self, runs: list[str]) -> dict[str, Validation]:
        """Return the validations of many runs, by run."""
        rows = self._database.rows(query("decisions", "validations"), runs=runs)
        return {str(row["run"]): load(Validation, row["document"]) for row in rows}

    def past(self, model: str) -> list[Row]:
        """Return every decision of a model with its policy and what became of it, oldest first."""
        return [_unpacked(row) for row in self._database.rows(query("decisions", "past"), model=model)]

    def questions_asked(self, model: str) -> list[Row]:
        """Return what the model's owner was asked, by which run, and the answers, newest first."""
        return self._database.rows(query("decisions", "questions_asked"), model=model)

    def promotions_made(self, registry: str) -> list[Row]:
        """Return every promotion of a registered model with the candidate behind it, oldest first."""
        return self._database.rows(query("decisions", "promotions_made"), registry=registry)


def _unpacked(row: Row) -> Row:
    return row if row["document"] is not None else {**row, "document": unpack(row["packed"])}


def _keep(kept: OrderedDict[str, T], run: str, value: T) -> None:
    kept[run] = value
    while len(kept) > _KEPT:
        kept.popitem(last=False)
