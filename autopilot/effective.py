"""One entry of the file as the brain sees it: frozen values, and the fingerprint that approvals are sealed to."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from autopilot import spec as written
from autopilot.budget import Budget as BudgetPart
from autopilot.budget import FleetBudget
from autopilot.cron import longest_pause
from autopilot.fleet_part import Fleet
from autopilot.people import Approval
from graph.codec import digest
from graph.spec import ApprovalSpec, Budget, FleetSpec, ModelSpec, Policy, Prices, Training, ValidationSpec
from tools.plugins import Cost as CostPart

_LABELS = ("tags", "owner", "group")


def model_specs(file: written.File, here: Path) -> dict[str, ModelSpec]:
    """Return what rules depend on, of every model of a file."""
    return {name: spec_of(file, name, entry, here) for name, entry in file.models.items()}


def spec_of(file: written.File, name: str, entry: written.Model, here: Path) -> ModelSpec:
    """Return what rules depend on, of one model of a file: with what it shares with the others."""
    fleet = file.fleet
    shared = FleetSpec(fleet.slots, fleet.false_retrains, len(file.models)) if fleet else None
    return replace(
        model_spec(name, entry, here, file.budget), fleet=shared, incident_from=(fleet or Fleet()).incident_from
    )


def model_spec(name: str, entry: written.Model, here: Path, fleet_budget: FleetBudget | None = None) -> ModelSpec:
    """Return the part of an entry that rules depend on. `here` is the folder that its relative paths start from.

    The budget of all models, how people are told and the model's labels are no part of the fingerprint: they change
    nothing about what was judged. What a group brings is: it is as if the entry said it.
    """
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
        cost=entry.pipeline.cost.price if entry.pipeline.cost else None,
        deadline=entry.pipeline.deadline,
        fleet_budget=Budget(**fleet_budget.model_dump()) if fleet_budget else None,
        tags=tuple(entry.tags),
        stands_for=2 * (longest_pause(entry.schedule) if entry.schedule else timedelta(days=1)),
        digest=digest(entry.model_dump(mode="json", by_alias=True, exclude={"notify", *_LABELS})),
    )


def _policy(entry: written.Model) -> Policy:
    given = entry.policy.model_dump()
    prices = Prices(**given["prices"]) if given["prices"] else None
    budget = _budget(entry.policy.budget, entry.pipeline.cost)
    own = {"prices": prices, "budget": budget, **_positives(entry, given["min_positives"])}
    return Policy(**{**given, **own}, mode=entry.mode)


def _budget(part: BudgetPart | None, cost: CostPart | None) -> Budget | None:
    return Budget(part.amount, cost.currency, part.per) if part and cost else None


def _positives(entry: written.Model, asked: int) -> dict[str, int]:
    """Return how many positives are asked for: the labels of a regression have none."""
    return {"min_positives": 0 if entry.task == "regression" else asked}


def _validation(entry: written.Model, here: Path) -> ValidationSpec:
    part = entry.validation
    given = {**part.model_dump(), **_positives(entry, part.min_positives)}
    # The command runs in a folder of its own, so what it names beside the file must be named in full.
    command = tuple(str(here / word) if (here / word).is_file() else word for word in part.metric_command)
    return ValidationSpec(**{**given, "slices": tuple(given["slices"]), "metric_command": command})


def _approval(part: Approval) -> ApprovalSpec:
    return ApprovalSpec(
        approvers=tuple(part.approvers),
        quorum=part.quorum,
        expires_after=part.expires_after,
        channels=tuple(part.channels),
    )
