"""Run rows: opened by a check, carried by the nodes, closed once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from checkpoints.database import Database, Row
from checkpoints.ledger.costs import Costs
from checkpoints.queries import query
from graph.codec import dump, load
from graph.errors import NotFound
from graph.model import Candidate, History, Json, Question, TrainingJob
from graph.policy.outcomes import ACTIVE


class Runs:
    """Everything that is one row per run, and what can be read off many of them."""

    def __init__(self, database: Database, costs: Costs) -> None:
        self._database = database
        self._costs = costs

    def open(
        self, run: str, model: str, now: datetime, requested_by: str | None = None, os_user: str | None = None
    ) -> None:
        """Insert the run's row; an existing one is left as it is."""
        self._database.execute(
            query("runs", "open_run"), run=run, model=model, requested_by=requested_by, os_user=os_user, now=now
        )

    def request(self, run: str, model: str, now: datetime, requested_by: str | None) -> None:
        """Insert the row of a run that is wanted, with the job that makes its check."""
        self._database.execute(query("runs", "request_run"), run=run, model=model, requested_by=requested_by, now=now)

    def row(self, run: str) -> Row:
        """Return one run's row. NotFound when there is none."""
        return self._one("one_run", run)

    def standing(self, run: str) -> Row:
        """Return what carrying a run on has to know, with the state of its approval. NotFound when there is none."""
        return self._one("standing", run)

    def matching(self, prefix: str) -> list[Row]:
        """Return at most three runs whose id starts with `prefix`."""
        return self._database.rows(query("runs", "matching_runs"), prefix=prefix.lower())

    def latest(self, model: str) -> Row | None:
        """Return the newest run of a model."""
        return self._database.row(query("runs", "latest_run"), model=model)

    def recent(self, model: str | None, limit: int) -> list[Row]:
        """Return the newest runs, of one model or of all."""
        return self._database.rows(query("runs", "list_runs"), model=model, limit=limit)

    def page(self, model: str | None, after: str | None, limit: int) -> list[Row]:
        """Return runs, newest first, of one model or of all; with `after`, those that come after that run."""
        return self._database.rows(query("runs", "page_of_runs"), model=model, after=after, limit=limit)

    def asking(self, pending: bool, limit: int, skip: int = 0) -> list[Row]:
        """Return the runs whose approval waits, longest first; or those whose approval is closed, newest first."""
        return self._database.rows(query("runs", "waiting_runs"), pending=pending, limit=limit, skip=skip)

    def unfinished(self) -> list[Row]:
        """Return every run without an outcome, oldest first."""
        return self._database.rows(query("runs", "open_runs"))

    def ready(self) -> list[Row]:
        """Return every run without an outcome with the state of its approval: run, model, status, action, approval."""
        return self._database.rows(query("runs", "ready_runs"))

    def active(self, model: str) -> Row | None:
        """Return the model's one acting run, if it has one."""
        return self._database.row(query("runs", "active_run"), model=model)

    def note_job(self, run: str, job: TrainingJob, now: datetime) -> str | None:
        """Store the last known state of the run's training job; its first sighting counts as one retrain.

        While it is active the run is `training`; when it has ended, its price is settled. Return why the run's reason
        was taken away, or None.
        """
        active = job.state in ACTIVE
        row = self._database.row(
            query("runs", "note_job"),
            run=run,
            job=Jsonb(dump(job)),
            active=active,
            price=None if active else self._costs.price(run, job),
            seconds=job.ran_s,
            now=now,
        )
        reason: str | None = row["void_reason"] if row else None
        return reason

    def note_challenger(self, run: str, version: str, candidate: Candidate | None, now: datetime) -> None:
        """Store which version the run judges, and the candidate behind it if it was trained."""
        document = Jsonb(dump(candidate)) if candidate else None
        self._database.execute(query("runs", "note_challenger"), run=run, version=version, candidate=document, now=now)

    def void_reason(self, run: str) -> str | None:
        """Return why the run's reason was taken away, or None. NotFound when there is no such run."""
        reason: str | None = self._one("void_reason", run)["void_reason"]
        return reason

    def void(self, run: str, reason: str, now: datetime) -> bool:
        """Take an open run's reason away; the first reason stays. False when the run is closed or already void."""
        return self._database.execute(query("runs", "void"), run=run, reason=reason, now=now) == 1

    def note_error(self, run: str, error: Json, now: datetime) -> None:
        """Store why an open run stands still; `goes_on` and finishing it clear that."""
        self._database.execute(query("runs", "note_error"), run=run, error=Jsonb(error), now=now)

    def goes_on(self, run: str) -> None:
        """Say that nothing keeps an open run any more, as far as the newest attempt can tell."""
        self._database.execute(query("runs", "goes_on"), run=run)

    def finish(self, run: str, outcome: str, reason: str, now: datetime) -> None:
        """Close a run; a closed one stays as it was closed."""
        self._database.execute(query("runs", "finish"), run=run, outcome=outcome, reason=reason, now=now)

    def history(self, model: str, registry: str, run: str | None = None) -> History:
        """Return what rules need to know about the past of a model, registered under `registry`.

        Without what `run` asked: a check that died after its question is to come to the same decision again.
        """
        found = self._database.row(query("runs", "history"), model=model, registry=registry, run=run) or {}
        return History(
            active_run=str(found["active_run"]) if found["active_run"] else None,
            retrains=tuple(found["trainings"]),
            failures=tuple(found["failures"]),
            last_promotion=found["promoted_at"],
            kept=load(Candidate, found["kept"]) if found["kept"] else None,
            learned=load(Candidate, found["serving"]).learned if found["serving"] else None,
            questions=tuple(load(Question, asked) for asked in found["questions"]),
            demoted=str(found["demoted"]) if found["demoted"] else None,
        )

    def failed(self, since: datetime) -> list[Row]:
        """Return what acted and led to nothing since then, as the circuit breaker counts it, oldest first.

        Of each: run, model, action, outcome, reason, updated_at.
        """
        return self._database.rows(query("runs", "failed_since"), since=since)

    def note_trace(self, run: str, trace: str, place: str, now: datetime) -> None:
        """Store the id of one trace of the run's thread, and in which place it is to be found."""
        self._database.execute(query("runs", "note_trace"), run=run, trace=trace, place=place, now=now)

    def note_trace_place(self, place: str, url: str) -> None:
        """Store at which address people find the traces of a place."""
        self._database.execute(query("runs", "note_trace_place"), place=place, url=url)

    def trace_links(self, runs: list[str]) -> dict[str, str]:
        """Return the link to the first trace of each run that has one whose place is known."""
        rows = self._database.rows(query("runs", "trace_links"), runs="{" + ",".join(runs) + "}")
        return {str(row["run"]): row["link"] for row in rows}

    def traces(self, run: str) -> list[str]:
        """Return the run's trace ids, oldest first."""
        return [str(row["trace"]) for row in self._database.rows(query("runs", "traces"), run=run)]

    def audit(
        self, actor: str, act: str, now: datetime, model: str, run: str | None, detail: Mapping[str, Any]
    ) -> None:
        """Append one line to the audit trail."""
        self._database.execute(
            query("runs", "audit"), at=now, actor=actor, act=act, model=model, run=run, detail=Jsonb(dict(detail))
        )

    def _one(self, name: str, run: str) -> Row:
        row = self._database.row(query("runs", name), run=run)
        if row is None:
            raise NotFound(f"no run {run}", "list them with: autopilot runs")
        return row

    def audit_of(self, run: str) -> list[Row]:
        """Return the audit trail of one run, oldest first."""
        return self._database.rows(query("runs", "audit_of"), run=run)
