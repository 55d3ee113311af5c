"""The line for training slots: wishes and what was granted, changed by one process at a time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from psycopg.types.json import Jsonb

from checkpoints.database import Database, Row
from checkpoints.ledger.pauses import Pauses
from checkpoints.queries import query
from graph.codec import dump, load
from graph.fleet import Begun, Claim, Holder, Place, Want
from graph.policy import slots
from graph.policy.pausing import holding
from graph.spec import FleetSpec, ModelSpec


class Line:
    """At most one wish per model, and one grant per run."""

    def __init__(self, database: Database, pauses: Pauses) -> None:
        self._database = database
        self._pauses = pauses

    def claim(self, run: str, spec: ModelSpec, want: Want, now: datetime) -> Place:
        """Write the wish down and judge it beside all others; a granted one leaves the line.

        A run that was granted before it died is granted again.
        """
        # One lock for all models: the slots are theirs together.
        with self._database.locked("slots"):
            self._write(run, spec, want, now)
            claims, fleet = self._all(), spec.fleet or FleetSpec()
            mine = next(each for each in claims if each.model == spec.name)
            found = slots.place(mine, self._free(claims), self.in_use(run), self.begun(now, run), fleet, now)
            if self._database.row(query("line", "granted"), run=run):
                found = replace(found, granted=True)
            if found.granted:
                self._database.execute(query("line", "grant"), run=run, model=spec.name, now=now, log_e=want.log_e)
        return found

    def _write(self, run: str, spec: ModelSpec, want: Want, now: datetime) -> None:
        self._database.execute(
            query("line", "claim"),
            run=run,
            model=spec.name,
            now=now,
            stands_for=spec.stands_for,
            tags=Jsonb(list(spec.tags)),
            want=Jsonb(dump(want)),
        )

    def leave(self, model: str) -> None:
        """Take a model's wish out of the line, if it has one."""
        self._database.execute(query("line", "leave"), model=model)

    def keep(self, models: Sequence[str]) -> None:
        """Take the wishes of all other models out of the line: their entries are gone."""
        self._database.execute(query("line", "keep"), models=list(models))

    def called(self, fleet: FleetSpec, now: datetime) -> dict[str, str]:
        """Return who would be granted a training if looked at now, with the run of its last look; best first."""
        known = {each.model: each for each in self._free(self._all())}
        if not known:
            return {}
        names = slots.called(list(known.values()), self.in_use(), self.begun(now), fleet, now)
        return {name: known[name].run for name in names}

    def in_use(self, but: str | None = None) -> list[str]:
        """Return the models that train now or are about to, but for this run."""
        return slots.occupied(self._holders(but))

    def late(self, now: datetime) -> list[Holder]:
        """Return the runs that were given a slot and have not begun for so long that they give it back."""
        return slots.late(self._holders(), now)

    def _holders(self, but: str | None = None) -> list[Holder]:
        return [_holder(row) for row in self._database.rows(query("line", "holders"), run=but)]

    def begun(self, now: datetime, but: str | None = None) -> list[Begun]:
        """Return the trainings that were granted lately, but for this run."""
        rows = self._database.rows(query("line", "begun"), since=now - slots.REMEMBERED, run=but)
        return [Begun(row["model"], row["at"], row["log_e"]) for row in rows]

    def _all(self) -> list[Claim]:
        return [_claim(row) for row in self._database.rows(query("line", "claims"))]

    def _free(self, claims: Sequence[Claim]) -> list[Claim]:
        """Return the wishes that no pause holds: what may not begin keeps no slot from others."""
        pauses = self._pauses.standing() if claims else ()
        return [each for each in claims if not holding(each.model, each.tags, pauses)]


def _holder(row: Row) -> Holder:
    return Holder(
        run=str(row["run"]),
        model=row["model"],
        decided=row["decided"],
        since=row["since"],
        called=row["called"],
        job=row["job"],
    )


def _claim(row: Row) -> Claim:
    return Claim(
        model=row["model"],
        run=str(row["run"]),
        since=row["since"],
        seen_at=row["seen_at"],
        stands_for=row["stands_for"],
        want=load(Want, row["want"]),
        tags=tuple(row["tags"]),
        gave_back_at=row["gave_back_at"],
    )
