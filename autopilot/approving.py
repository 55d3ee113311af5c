"""A person's answer, and what overtakes a request: looked at for as long as it takes, then written down at once.

Whoever carries a run on holds its lock, perhaps for an hour. A request that waits is looked at without it: the files of
a challenger may be large and the registry slow. As long as the request is pending when the lock is then taken, nobody
has promoted for this very run, so what was seen to have changed was changed by somebody else.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from autopilot import run_log
from checkpoints.database import Occupied, run_lock
from checkpoints.ledger.book import PostgresLedger
from graph.errors import NotFound, Refused, Unavailable
from graph.model import Answer, Approval, ModelRef
from graph.policy import approval as gate
from graph.policy.sealing import as_found
from graph.ports import Clock, Deps, Parts


class Approving:
    """What becomes of the one request of a run. The rules are those of graph/policy/approval.py."""

    def __init__(self, book: PostgresLedger, parts: Parts, clock: Clock, workspace: Path) -> None:
        self._book = book
        self._parts = parts
        self._clock = clock
        self._workspace = workspace

    @contextmanager
    def taken(
        self, run: str, answer: Answer, fingerprint: str | None, look: bool, patience_s: float
    ) -> Iterator[Refused | None]:
        """Record the answer under the run's lock, held for as long as this lasts. Yields what makes the request void.

        Raises Refused by the rules, and Unavailable, with nothing recorded, when the lock is not to be had.
        """
        approval = self._asked(run)
        deps = self._parts(approval.model)
        if fingerprint is not None and not gate.names(fingerprint, approval):
            raise Refused(
                f"the fingerprint of run {run} of {deps.spec.name} is {approval.fingerprint}", "read its report again"
            )
        answer = replace(answer, comment=gate.storable(answer.comment))
        gate.may_answer(approval, answer, deps.spec.approval, answer.at)
        changed = self._changed(deps, approval) if look and answer.decision == "approve" else None
        with ExitStack() as held:
            self._lock(held, approval, patience_s)
            yield self._record(deps, run, answer, changed)

    def _lock(self, held: ExitStack, approval: Approval, patience_s: float) -> None:
        try:
            held.enter_context(self._book.database.locked(run_lock(approval.run), patience_s))
        except Occupied:
            raise Unavailable(
                f"run {approval.run} of {approval.model} is being carried on just now; nothing was answered",
                "send the answer again in a few seconds",
            ) from None

    def _asked(self, run: str) -> Approval:
        approval = self._book.approval(run)
        if approval is None:
            model = self._book.runs.row(run)["model"]
            raise Refused(f"run {run} of {model} asks for no approval", f"autopilot explain {run}")
        return approval

    def _record(self, deps: Deps, run: str, answer: Answer, changed: str | None) -> Refused | None:
        """Record the answer; or void the request when what it names has changed. Under the run's lock."""
        if changed is None:
            self._book.answer(run, answer, deps.spec)
            run_log.answered(deps.spec.name, run, answer.person, answer.decision, answer.channel)
            return None
        # Once more: what this very run moved meanwhile, because somebody else was first, was not moved by somebody.
        approval = self._asked(run)
        gate.may_answer(approval, answer, deps.spec.approval, answer.at)
        self._book.close_approval(run, "voided", changed, answer.at)
        self._book.queue.wake(run)
        return Refused(
            f"the approval of run {run} of {approval.model} is void: {changed}", f"autopilot run {approval.model}"
        )

    def look(self, run: str) -> str | None:
        """Return what changed since a pending request was sealed. None where nothing did, or nothing is asked."""
        approval = self._book.approval(run)
        if approval is None or approval.state != "pending" or self._book.void_reason(run):
            return None
        deps = self._parts(approval.model)
        if gate.state_after(approval, deps.spec.approval, self._clock.now()) == "expired":
            return None
        return self._changed(deps, approval)

    def overtaken(self, approval: Approval, void: str | None) -> Approval:
        """Close a pending request that time, or a reason to void it, has overtaken. Under the run's lock."""
        run, now = approval.run, self._clock.now()
        if gate.state_after(approval, self._parts(approval.model).spec.approval, now) == "expired":
            unheard = self._book.views.unheard(run, approval.expires_at)
            reason = gate.reason_to_expire(approval, unheard, now)
            return self._book.close_approval(run, "expired", reason, now) if reason else approval
        return self._book.close_approval(run, "voided", void, now) if void else approval

    def _changed(self, deps: Deps, approval: Approval) -> str | None:
        """Return what changed since the approval was sealed: champion, candidate's bytes, the model's policy."""
        validation = self._book.validation(approval.run)
        if validation is None:
            return "its validation is gone"
        champion = deps.registry.alias(deps.spec.registry, "champion")
        try:
            digest = self._digest_now(deps, validation.challenger)
        except (NotFound, Refused) as error:
            return f"the challenger can no longer be read: {error.message}"
        found = as_found(approval.sealed, champion.version if champion else None, digest, deps.spec)
        return gate.difference(approval.sealed, found)

    def _digest_now(self, deps: Deps, challenger: ModelRef) -> str:
        """Return the digest of the challenger's files as they are now; the copy it takes is not kept."""
        # Beside the run's folder: whoever ends the run meanwhile sweeps that, and who looks is then told of the end.
        look = self._workspace / f"look-{uuid4()}"
        try:
            return deps.registry.fetch(challenger, look).digest
        finally:
            shutil.rmtree(look, ignore_errors=True)
