"""One entry of the file as the brain sees it: frozen values, and the fingerprint that approvals are sealed to."""

from datetime import timedelta

from autopilot import spec as written
from graph.codec import digest
from graph.model import ApprovalSpec, ModelSpec, Policy, Training, ValidationSpec


def model_spec(name: str, entry: written.Model) -> ModelSpec:
    """Return the part of an entry that rules depend on."""
    return ModelSpec(
        name=name,
        registry=entry.registry.model,
        features=tuple(entry.monitor.features),
        label_delay=entry.monitor.labels.delay if entry.monitor.labels else timedelta(0),
        policy=Policy(**entry.policy.model_dump(), mode=entry.mode),
        training=Training(**entry.training.model_dump()),
        validation=_validation(entry.validation),
        approval=_approval(entry.approval),
        digest=digest(entry.model_dump(mode="json", by_alias=True)),
    )


def _validation(part: written.Validation) -> ValidationSpec:
    given = part.model_dump()
    return ValidationSpec(
        **{**given, "slices": tuple(given["slices"]), "metric_command": tuple(given["metric_command"])}
    )


def _approval(part: written.Approval) -> ApprovalSpec:
    return ApprovalSpec(
        approvers=tuple(part.approvers),
        quorum=part.quorum,
        expires_after=part.expires_after,
        channels=tuple(part.channels),
    )
