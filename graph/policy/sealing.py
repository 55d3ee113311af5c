"""What an approval names: made when a validation is done, compared with the present before anything is used."""

from dataclasses import replace

from graph.codec import digest, dump
from graph.model import Sealed, Validation
from graph.spec import ModelSpec


def seal(validation: Validation, spec: ModelSpec) -> Sealed:
    """Return what an approval of this validation names: versions, bytes, rows and numbers as judged, policy."""
    champion, challenger = validation.champion, validation.challenger
    return Sealed(
        model=spec.registry,
        champion=champion.version if champion else None,
        champion_digest=champion.digest if champion else None,
        challenger=challenger.version,
        challenger_digest=challenger.digest or "",
        holdout_digest=validation.holdout.digest if validation.holdout else None,
        validation_digest=digest(dump(validation)),
        policy_digest=spec.digest,
    )


def as_found(sealed: Sealed, champion: str | None, challenger_digest: str, spec: ModelSpec) -> Sealed:
    """Return what the approval would name now. The rows and numbers as judged are a snapshot and do not age."""
    return replace(sealed, champion=champion, challenger_digest=challenger_digest, policy_digest=spec.digest)
