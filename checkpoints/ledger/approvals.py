"""Approval requests and answers: one request per run, each closed once, sealed to a fingerprint."""

import json
from dataclasses import replace
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from psycopg.types.json import Jsonb

from checkpoints.database import Database, Row, run_lock
from checkpoints.queries import query
from graph.codec import dump, load
from graph.errors import NotFound
from graph.model import Answer, Approval, ApprovalState, Promotion, Sealed
from graph.policy.approval import fingerprint, may_answer, pushed, state_after
from graph.spec import ModelSpec


class Approvals:
    """The answer of record, whatever channel it came through."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, run: str, sealed: Sealed, spec: ModelSpec, now: datetime) -> Approval:
        """Open the run's one request, or return the one it has."""
        row = self._database.row(
            query("approvals", "open_approval"),
            id=uuid5(NAMESPACE_URL, f"autopilot:approval:{run}"),
            run=run,
            model=spec.name,
            registry=sealed.model,
            challenger=sealed.challenger,
            fingerprint=fingerprint(sealed),
            sealed=Jsonb(dump(sealed)),
            now=now,
            expires=now + spec.approval.expires_after,
            quorum=spec.approval.quorum,
            views=json.dumps({channel: str(nonce(run, channel)) for channel in pushed(spec.approval)}),
        )
        # None when another process opened it while this one tried to: the row is there by now.
        approval = _approval(row) if row else self.of(run)
        if approval is None:
            raise NotFound(f"no run {run} to ask an approval for", "list them with: autopilot runs")
        return self._note(approval)

    def of(self, run: str) -> Approval | None:
        """Return the run's approval with its answers, if one was opened."""
        noted: Approval | None = self._database.noted(run_lock(run)).get("approval")
        if noted:
            return noted
        found = self.of_many([run]).get(run)
        return self._note(found) if found else None

    def _note(self, approval: Approval) -> Approval:
        # An open request is answered and closed under the run's lock only: as long as that is held, it stays as it is.
        self._database.noted(run_lock(approval.run))["approval"] = approval
        return approval

    def of_many(self, runs: list[str]) -> dict[str, Approval]:
        """Return the approvals of many runs, by run."""
        rows = self._database.rows(query("approvals", "approvals_of"), runs=_array(runs))
        return {str(row["run"]): _approval(row) for row in rows}

    def answer(self, run: str, answer: Answer, spec: ModelSpec) -> Approval:
        """Record and audit an answer. Under the run's lock the first of two simultaneous ones is first for all."""
        with self._database.locked(run_lock(run)):
            approval = self._known(run)
            may_answer(approval, answer, spec.approval, answer.at)
            answered = replace(approval, answers=(*approval.answers, answer))
            answered = replace(answered, state=state_after(answered, spec.approval, answer.at))
            self._database.execute(
                query("approvals", "save_answer"),
                approval=approval.id,
                person=answer.person,
                decision=answer.decision,
                channel=answer.channel,
                at=answer.at,
                comment=answer.comment,
                os_user=answer.os_user,
                state=answered.state,
            )
            return self._note(answered)

    def close(self, run: str, state: ApprovalState, reason: str, now: datetime) -> Approval:
        """Expire or void a request. An approved one can still be voided until it was used; a final one stays."""
        with self._database.locked(run_lock(run)):
            approval = self._known(run)
            closable = approval.state == "pending" or (approval.state == "approved" and state == "voided")
            if not closable:
                return approval
            self._database.execute(query("approvals", "set_state"), run=run, state=state, reason=reason, now=now)
            return self._note(replace(approval, state=state, reason=reason))

    def _known(self, run: str) -> Approval:
        approval = self.of(run)
        if approval is None:
            raise NotFound(f"run {run} asks for no approval", "see what it waits for with: autopilot explain RUN")
        return approval

    def record_promotion(self, run: str, promotion: Promotion) -> None:
        """Store what moved; one per run."""
        self._database.execute(
            query("approvals", "save_promotion"),
            run=run,
            model=promotion.model,
            from_version=promotion.from_version,
            to_version=promotion.to_version,
            candidate=promotion.candidate,
            digest=promotion.digest,
            at=promotion.at,
        )

    def promotion(self, run: str) -> Row | None:
        """Return what the run moved, if anything."""
        return self._database.row(query("approvals", "promotion"), run=run)

    def last_promotion(self, model: str) -> Row | None:
        """Return the model's newest promotion."""
        return self._database.row(query("approvals", "last_promotion"), model=model)


def nonce(run: str, channel: str) -> UUID:
    """Return what a channel knows the run's request by: derived, so that a restored database finds what it showed."""
    return uuid5(NAMESPACE_URL, f"autopilot:view:{run}:{channel}")


def _array(runs: list[str]) -> str:
    # Written out as the server reads it: ids need no quotes, and the driver's way for lists costs as much as a query.
    return "{" + ",".join(runs) + "}"


def _approval(row: Row) -> Approval:
    return Approval(
        id=str(row["id"]),
        run=str(row["run"]),
        model=row["model"],
        state=row["state"],
        fingerprint=row["fingerprint"],
        sealed=load(Sealed, row["sealed"]),
        requested_at=row["requested_at"],
        expires_at=row["expires_at"],
        quorum=row["quorum"],
        requested_by=row["requested_by"],
        returns_to_approved=row["returns_to_approved"],
        answers=tuple(load(Answer, answer) for answer in row["answers"]),
        reason=row["reason"],
    )
