"""The verbs: check, carry on, answer, cancel, return. Each may be called again, by any process, at any time."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import NoReturn, cast
from uuid import uuid4

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver

from autopilot import run_log
from autopilot.approving import Approving
from autopilot.cancelling import cancel
from autopilot.capabilities import ALL, NEEDS, Capability, Elsewhere
from autopilot.engine_words import add_hint, in_words, return_target
from autopilot.replying import Replier, replied
from autopilot.traced import Traced
from checkpoints.database import Row, run_lock, translated
from checkpoints.ledger.book import PostgresLedger
from graph import thread
from graph.build import after_decide, build_check, build_graph, check
from graph.errors import AutopilotError, Misconfigured, NotFound, Paused, Refused
from graph.model import SCHEMA_VERSION, Answer, Json, Question
from graph.pause import Pause
from graph.policy import outcomes, pausing, retraining, rollout
from graph.ports import Clock, Deps, Parts
from graph.state import State

Threads = Callable[[], BaseCheckpointSaver[str]]
"""Opens the saver when the first thread is needed: most checks need none."""

PATIENCE_S = 2.0
"""How long an answer waits for the run's lock: Slack waits three seconds for our word."""
_AT_A_TERMINAL_S = 60.0
"""How long an answer that is typed waits for whoever carries the run on."""
_STEPS = 20  # a run waits twice at most; more wake-ups than this are a loop


class Engine:
    """Joins the graph, its threads and the ledger. The ledger says what is true, the thread where to go on."""

    def __init__(
        self,
        book: PostgresLedger,
        parts: Parts,
        clock: Clock,
        threads: Threads,
        traced: Traced,
        workspace: Path,
        can: frozenset[Capability] = ALL,
    ) -> None:
        self._book = book
        self._parts = parts
        self._clock = clock
        self._threads = threads
        self._traced = traced
        self._workspace = workspace
        self._approving = Approving(book, parts, clock, workspace)
        self.can = can
        self._elsewhere = tuple(node for node, needed in NEEDS.items() if needed not in can)
        """The nodes that this process stops before."""

    @cached_property
    def _graph(self) -> thread.Graph:
        return build_graph(self._parts).compile(checkpointer=self._threads())

    @cached_property
    def _looker(self) -> thread.Graph:
        # Without a saver: a check that does not act leaves no checkpoint rows.
        return build_check(self._parts).compile()

    def run(self, model: str, requested_by: str | None = None, os_user: str | None = None) -> str:
        """Check the model now and act on it, unless a person holds it. Return the run to look at: its or the active."""
        self.require_running(model)
        run = str(uuid4())
        self._carry_on_active(model)
        with self._locked(run):
            self._book.runs.open(run, model, self._clock.now(), requested_by, os_user)
            if self._begin(model, run):
                return run
        return self._hold_against_active(model, run)

    def _hold_against_active(self, model: str, check: str) -> str:
        """Let a check that does nothing itself void what waits, and carry that on. Return the run to look at."""
        active = self._book.runs.active(model)
        if active is None or str(active["run"]) == check:
            return check
        self._reconsider(str(active["run"]), check)
        self.carry_on(str(active["run"]))
        return str(active["run"])

    def paused(self, model: str) -> tuple[Pause, ...]:
        """Return the pauses that hold a model, the nearest first; none where it runs."""
        try:
            tags = self._parts(model).spec.tags
        except NotFound:
            # Its entry is gone, and its tags with it. That it is gone is said by whoever works on it.
            tags = ()
        return pausing.holding(model, tags, self._book.pauses())

    def require_running(self, model: str) -> None:
        """Return when nothing holds the model. Paused says who does; NotFound when there is no such model."""
        pausing.require_running(model, self._parts(model).spec.tags, self._book.pauses())

    def request(self, model: str, requested_by: str | None = None) -> str:
        """Write down that a model is to be checked; return the run. Whoever carries it on makes the check."""
        self.require_running(model)
        run = str(uuid4())
        self._book.runs.request(run, model, self._clock.now(), requested_by)
        return run

    def look(self, model: str, run: str) -> str | None:
        """Check the model under this run's id, and act on nothing. Return the run to carry on, if there is one.

        With the same id again, as after a process died: what was decided stays as it was decided. Paused while a person
        holds the model.
        """
        self.require_running(model)
        with self._locked(run):
            self._book.runs.open(run, model, self._clock.now())
            if self._undecided(run):
                with self._failing(model, run):
                    run_log.decided(model, run, self._check(model, run))
        active = self._book.runs.active(model)
        if active is None:
            return None
        self._reconsider(str(active["run"]), run)
        return str(active["run"])

    def _undecided(self, run: str) -> bool:
        row = self._book.runs.standing(run)
        return row["action"] is None and row["outcome"] is None

    def _carry_on_active(self, model: str) -> None:
        """Carry on what is active, so that the check sees the truth. What stands still must not stop the checks.

        Its error is not lost: it is the run's, in its row, and is raised again when the check is done.
        """
        active = self._book.runs.active(model)
        if active:
            with suppress(AutopilotError, Elsewhere):
                self.carry_on(str(active["run"]))

    def carry_on(self, run: str, patience_s: float | None = None) -> None:
        """Take a run as far as it goes. Who comes second waits, then looks again; Occupied after `patience_s`."""
        # LangGraph's saver speaks to the database by itself: its errors become ours here.
        with translated():
            with self._locked(run, patience_s):
                row = self._book.runs.standing(run)
                asks = row["approval"] == "pending"
                checked = None if asks else self._carried_on(row)
            if asks:
                checked = self._carried_on_as_asked(row["model"], run)
            if checked:
                self._hold_against_active(checked, run)

    def _carried_on_as_asked(self, model: str, run: str) -> str | None:
        """Carry on a run that asks: is what its request names still as it was? That is looked at without the lock."""
        with self._stopping(model, run):
            changed = self._approving.look(run)
        with self._locked(run):
            return self._carried_on(self._book.runs.standing(run), changed)

    def _carried_on(self, row: Row, changed: str | None = None) -> str | None:
        """Carry on under the run's lock. Return the model that was only checked: nothing came of it but what it saw.

        `changed` is what no longer is as a pending request names it.
        """
        run = str(row["run"])
        if row["outcome"] is not None:
            return None
        held = row["pauses"] and self.paused(row["model"])
        if row["action"] is None:
            return None if held or self._begin(row["model"], run) else str(row["model"])
        with self._stopping(row["model"], run):
            self._require_hands(thread.config(row["model"], run))
            at = thread.position(self._graph, thread.config(row["model"], run))
            come = at.at != "waiting" or self._answered(row, str(at.kind), changed)
            if come and (not held or self._ends(run, at)):
                self._advance(row["model"], run, at)
            if not held:
                self._book.runs.goes_on(run)
        return None

    def _ends(self, run: str, at: thread.Position) -> bool:
        """Tell whether a run that is carried on now ends and starts nothing: that, a pause does not hold up."""
        approval = self._book.approval(run) if at.kind == "approval" else None
        return at.at == "finished" or (approval is not None and outcomes.of_approval(approval.state) is not None)

    def answer(self, run: str, answer: Answer, fingerprint: str | None = None) -> None:
        """Record a person's answer to what the run asks, then carry the run on. Refused leaves everything as it was."""
        with translated(), self._approving.taken(run, answer, fingerprint, True, _AT_A_TERMINAL_S) as void:
            self._carried_on(self._book.runs.standing(run))
        if void:
            raise void

    def take(self, run: str, answer: Answer, fingerprint: str | None = None, look: bool = True) -> None:
        """Record a person's answer and nothing more: whoever carries the run on acts on the row.

        Without `look` nothing outside is asked first: whether what it names has changed is then seen by `promote`.
        Unavailable, and nothing recorded, when another process does not let go of the run within two seconds.
        """
        with self._approving.taken(run, answer, fingerprint, look, PATIENCE_S) as void:
            pass
        if void:
            raise void

    def reply(self, model: str, genuine: bool, by: str, os_user: str | None, comment: str) -> tuple[Question, ...]:
        """Close what a model's owner was asked about broken data or labels. Refused when nothing is asked."""
        self._parts(model)
        return replied(self._book, model, genuine, Replier(by, os_user, comment), self._clock.now())

    def cancel(self, run: str, by: str) -> None:
        """Stop the run's job and end the run."""
        cancel(self._book, self._parts, self._clock, run, by)
        self._sweep(run)

    def rollback(self, model: str, by: str | None, os_user: str | None = None) -> str:
        """Ask for the previous champion through the same gate; return the run that asks."""
        deps = self._parts(model)
        self.require_running(model)
        now = self._clock.now()
        champion = deps.registry.alias(deps.spec.registry, "champion")
        previous = deps.registry.alias(deps.spec.registry, "previous")
        target = return_target(model, champion, previous)
        run = str(uuid4())
        # Under the lock: without its decision the row looks like a check that died, and would be carried on as one.
        with self._locked(run):
            self._book.runs.open(run, model, now, by, os_user)
            decision = retraining.request_rollback(deps.spec, self._book.history(deps.spec), now, by, target)
            recorded = self._book.record_decision(run, decision, deps.spec, champion.version if champion else None, now)
            if not recorded or decision.action != "rollback":
                self._refuse_rollback(model, run, decision.reason)
            self._book.runs.audit(by or "unnamed", "rollback", now, model, run, {"to": target})
            run_log.decided(model, run, self._seed(model, run))
            self.carry_on(run)
        return run

    def _refuse_rollback(self, model: str, run: str, reason: str) -> NoReturn:
        active = self._book.runs.active(model)
        self._book.finish(run, "waiting", reason, self._clock.now())
        raise Refused(
            f"{model} has an active run {active['run'] if active else ''}", "let it end, or: autopilot cancel RUN"
        )

    def _locked(self, run: str, patience_s: float | None = None) -> AbstractContextManager[None]:
        return self._book.database.locked(run_lock(run), patience_s)

    def _begin(self, model: str, run: str) -> bool:
        """Check, then act on it. False when there is nothing to do. Under the run's lock: nobody seeded its thread."""
        with self._failing(model, run):
            checked = self._check(model, run)
        run_log.decided(model, run, checked)
        if after_decide(checked) not in ("retrain", "rollback"):
            return False
        # A check takes its time: somebody may have stopped the model meanwhile.
        with self._stopping(model, run):
            self.require_running(model)
            self._advance(model, run, thread.Position("unseeded"))
        return True

    def _check(self, model: str, run: str) -> State:
        if "observe" in self._elsewhere:
            raise Elsewhere("observe")
        state: State = {"schema_version": SCHEMA_VERSION, "run": run, "model": model}
        with self._traced(model, run, "check") as extra:
            if not extra:
                return check(self._parts, state)
            return cast(State, self._looker.invoke(dict(state), cast(RunnableConfig, extra)))

    def _reconsider(self, active: str, check: str) -> None:
        """Void what waits when a later check takes its reason away. What a person asked for stands."""
        if active == check or outcomes.asked_by_person(self._book.decision(active)):
            return
        reason = rollout.undone_reason(self._book.decision(check))
        if reason:
            self._book.runs.void(active, reason, self._clock.now())

    def _advance(self, model: str, run: str, at: thread.Position) -> None:
        where = thread.config(model, run)
        for _ in range(_STEPS):
            if at.at == "finished":
                return self._ended(model, run, at.outcome)
            at = self._step(at, where, model, run)
            if at.at == "waiting":
                # It began to wait just now. Whoever brings the answer carries the run on.
                run_log.waits(model, run, at.kind)
                return None
        raise Misconfigured(f"run {run} of {model} does not get on: its thread asks for the same thing again and again")

    def _step(self, at: thread.Position, where: Json, model: str, run: str) -> thread.Position:
        """Take one step of the thread and return where it then stands."""
        if at.at == "unseeded":
            seeded = thread.seed(self._graph, where, self._seed(model, run))
            self._book.boundary("thread.seeded")
            return seeded
        self._require_hands(where)
        with self._traced(model, run, at.kind or "carry on") as extra:
            if at.at == "runnable":
                return thread.go_on(self._graph, where, extra, self._elsewhere)
            return thread.answer(self._graph, where, at.interrupt, extra, self._elsewhere)

    def _require_hands(self, where: Json) -> None:
        """Raise Elsewhere where the thread's next node is not for this process."""
        node = thread.next_node(self._graph, where) if self._elsewhere else None
        if node in self._elsewhere:
            raise Elsewhere(NEEDS[str(node)])

    def _seed(self, model: str, run: str) -> State:
        decision = self._book.decision(run)
        state: State = {
            "schema_version": SCHEMA_VERSION,
            "run": run,
            "model": model,
            "verdict": decision.verdict,
            "cause": decision.cause,
            "action": decision.action,
            "reason": decision.reason,
        }
        return {**state, "challenger": decision.return_to} if decision.return_to else state

    def _answered(self, row: Row, kind: str, changed: str | None) -> bool:
        """Tell whether what the thread waits for has come."""
        if kind == "training":
            return self._job_ended(self._parts(row["model"]), row)
        if row["approval"] != "pending":
            return True
        approval = self._book.approval(str(row["run"]))
        void = row["void_reason"] or changed
        return approval is None or self._approving.overtaken(approval, void).state != "pending"

    def _job_ended(self, deps: Deps, row: Row) -> bool:
        job = deps.pipeline.find(row["job"]["key"])
        if job and row["void_reason"] and job.state in outcomes.ACTIVE:
            job = deps.pipeline.cancel(job.key) or job
        if job:
            self._book.note_job(str(row["run"]), job, self._clock.now())
        return job is None or job.state not in outcomes.ACTIVE

    @contextmanager
    def _failing(self, model: str, run: str) -> Iterator[None]:
        """End a check that could not be made: it has touched nothing, and the next check looks anew."""
        try:
            yield
        except AutopilotError as error:
            if self._book.runs.row(run)["action"] is None:
                now = self._note_error(model, run, error)
                self._book.finish(run, "failed", in_words(error), now)
                self._book.unclaim(model)
                add_hint(error, f"the check is recorded as failed: autopilot explain {run}")
            raise

    @contextmanager
    def _stopping(self, model: str, run: str) -> Iterator[None]:
        """Keep why a run stands still. A refusal before anything was judged ends it: repeating changes nothing.

        That is no error any more: the run tells what became of it, as after any other failed training.
        """
        try:
            yield
        except Paused:
            # Nothing began, and nothing is wrong with the run: it goes on from here once the pause is lifted.
            return
        except AutopilotError as error:
            now = self._note_error(model, run, error)
            if isinstance(error, Refused) and self._book.validation(run) is None:
                self._book.finish(run, "failed", in_words(error), now)
                # What was refused before a job was seen was not started. Money is for who trains to write.
                if "train" in self.can:
                    self._book.costs.release(run, now)
                self._sweep(run)
                return
            add_hint(error, f"then carry on with: autopilot resume {run}")
            raise

    def _note_error(self, model: str, run: str, error: AutopilotError) -> datetime:
        """Write down why the run does not go on; an attempt without an error clears that again. Return when."""
        now = self._clock.now()
        self._book.runs.note_error(run, {"kind": error.kind, "message": error.message, "hint": error.hint}, now)
        run_log.stood_still(model, run, error)
        return now

    def _ended(self, model: str, run: str, outcome: str | None) -> None:
        # A node that ends the run says so in the ledger before it says so in the state.
        outcome = outcome or self._book.runs.row(run)["outcome"]
        if outcome is None:
            raise Misconfigured(
                f"the thread of run {run} of {model} ended without an outcome, as after a node was renamed",
                f"end it with: autopilot cancel {run}",
            )
        run_log.ended(model, run, outcome)
        self._sweep(run)

    def _sweep(self, run: str) -> None:
        """Remove the files that lived as long as the run."""
        shutil.rmtree(self._workspace / run, ignore_errors=True)
