"""One entry of the file as the brain sees it: frozen values, and the fingerprint that approvals are sealed to."""

from datetime import timedelta
from pathlib import Path

from autopilot import spec as written
from graph.codec import digest
from graph.spec import ApprovalSpec, ModelSpec, Policy, Prices, Training, ValidationSpec


def model_spec(name: str, entry: written.Model, here: Path) -> ModelSpec:
    """Return the part of an entry that rules depend on. `here` is the folder that its relative paths start from."""
    return ModelSpec(
        name=name,
        registry=entry.registry.model,
        features=tuple(entry.log.features) if entry.log else (),
        label_delay=entry.log.labels.delay if entry.log and entry.log.labels else timedelta(0),
        policy=_policy(entry),
        training=Training(**entry.training.model_dump()),
        validation=_validation(entry, here),
        approval=_approval(entry.approval),
        task=entry.task,
        digest=digest(entry.model_dump(mode="json", by_alias=True)),
    )


def _policy(entry: written.Model) -> Policy:
    given = entry.policy.model_dump()
    prices = Prices(**given["prices"]) if given["prices"] else None
    return Policy(**{**given, **_positives(entry, given["min_positives"]), "prices": prices}, mode=entry.mode)


def _positives(entry: written.Model, asked: int) -> dict[str, int]:
    """Return how many positives are asked for: the labels of a regression have none."""
    return {"min_positives": 0 if entry.task == "regression" else asked}


def _validation(entry: written.Model, here: Path) -> ValidationSpec:
    part = entry.validation
    given = {**part.model_dump(), **_positives(entry, part.min_positives)}
    # The command runs in a folder of its own, so what it names beside the file must be named in full.
    command = tuple(str(here / word) if (here / word).is_file() else word for word in part.metric_command)
    return ValidationSpec(**{**given, "slices": tuple(given["slices"]), "metric_command": command})


def _approval(part: written.Approval) -> ApprovalSpec:
    return ApprovalSpec(
        approvers=tuple(part.approvers),
        quorum=part.quorum,
        expires_after=part.expires_after,
        channels=tuple(part.channels),
    )
