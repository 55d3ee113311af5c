"""What was tried before: judgements on labelled rows since the last promotion, and the version approved first."""

from checkpoints.database import Database, Row
from checkpoints.queries import query
from graph.attempt import Attempt
from graph.codec import load
from graph.model import ModelRef
from graph.spec import ModelSpec


class Attempts:
    """Reads the judgements that later ones must reckon with; the validations are what is written."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def since_promotion(self, spec: ModelSpec) -> tuple[Attempt, ...]:
        """Return every judgement on labelled rows since the model's last promotion, oldest first."""
        rows = self._database.rows(query("attempts", "attempts"), model=spec.name, registry=spec.registry)
        return tuple(_attempt(row) for row in rows)

    def origin(self, registry: str) -> ModelRef | None:
        """Return the version that the first promotion of a registered model made champion, with its digest."""
        row = self._database.row(query("attempts", "origin"), registry=registry)
        return ModelRef(row["model"], row["to_version"], None, row["digest"]) if row else None


def _attempt(row: Row) -> Attempt:
    return Attempt(
        run=str(row["run"]),
        challenger=load(ModelRef, row["challenger"]),
        champion=row["champion"],
        origin=row["origin"],
        holdout=row["holdout"],
        start=row["starts_at"],
        end=row["ends_at"],
        outcome=row["outcome"],
        superiority=row["superiority"],
        alpha=row["alpha"],
        at=row["at"],
    )
