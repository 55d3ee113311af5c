"""What a user writes in autopilot.yaml: its only shapes, its defaults, and errors that name file, line and field."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import AfterValidator, Field, SerializeAsAny, ValidationError, model_validator
from yaml.constructor import SafeConstructor

from autopilot.budget import Budget, FleetBudget
from autopilot.cron import five_fields
from autopilot.fleet_part import Fleet
from autopilot.inheriting import with_defaults
from autopilot.people import Approval, Inbox, Notify, Person, unknown_channels
from autopilot.retention import Retention
from autopilot.spec_problem import line, problem
from graph.errors import Misconfigured, NotFound
from graph.policy import money
from graph.spec import ClassMetric, LossMetric, Metric, Task
from tools import catalogue
from tools.approvals.channel import ChannelPart
from tools.fields import Duration, Name, Part, Share, Span
from tools.log_part import LogPart
from tools.plugins import MonitorPart, PipelinePart


def _not_candidates(value: str) -> str:
    if value.endswith("-candidates"):
        raise ValueError("names that end in -candidates are where challengers are registered; name the model itself")
    return value


class Registry(Part):
    """Where the model is registered in MLflow."""

    model: Annotated[Name, AfterValidator(_not_candidates)]


class Prices(Part):
    """What an action costs, in units of one avoidable wrong decision."""

    train: Annotated[float, Field(ge=0)]
    promote: Annotated[float, Field(ge=0)]
    alert: Annotated[float, Field(ge=0)]


class Policy(Part):
    """When to act."""

    metric: Metric = "roc_auc"
    max_drop: Annotated[float, Field(ge=0)] = 0.02
    max_drift: Annotated[float, Field(gt=0)] | None = None
    false_alarms_per_month: Annotated[float, Field(gt=0)] = 1.0
    cooldown: Duration = timedelta(hours=12)
    retrains_per_week: Annotated[int, Field(ge=0)] = 3
    retrains_per_month: Annotated[int, Field(ge=0)] = 6
    min_rows: Annotated[int, Field(ge=1)] = 200
    min_labels: Annotated[int, Field(ge=1)] = 200
    min_positives: Annotated[int, Field(ge=1)] = 20
    breaker_after: Annotated[int, Field(ge=1)] = 3
    breaker_window: Span = timedelta(days=30)
    prices: Prices | None = None
    horizon: Span = timedelta(days=30)
    budget: Budget | None = None


class Training(Part):
    """Which rows a challenger is trained and judged on; without a window the policy chooses it."""

    window: Span | None = None
    holdout: Span = timedelta(days=14)


class Validation(Part):
    """What a challenger must show before anybody is asked."""

    kind: Literal["holdout", "reported"] = "holdout"
    margin: Annotated[float, Field(ge=0)] = 0.005
    slices: list[str] = Field(default_factory=list)
    max_latency_ms: Annotated[float, Field(gt=0)] | None = None
    minimum: dict[str, float] = Field(default_factory=dict)
    min_rows: Annotated[int, Field(ge=1)] = 200
    min_positives: Annotated[int, Field(ge=1)] = 20
    metric_command: list[str] = Field(default_factory=list)
    trust_model_code: bool = False
    max_negative_flips: Share | None = None

    @model_validator(mode="after")
    def _measured(self) -> "Validation":
        unknown = sorted(set(self.minimum) - set(get_args(Metric)))
        if unknown and not self.metric_command:
            known = ", ".join(get_args(Metric))
            raise ValueError(f"minimum names {', '.join(unknown)}; without a metric_command there are {known}")
        return self


class Rollout(Part):
    """How a promoted version reaches serving: it follows the alias."""

    kind: Literal["alias"] = "alias"


# The one in C reads thousands of entries ten times as fast; not every build of the library has it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Written = SerializeAsAny[MonitorPart]


class Model(Part):
    """One model's effective entry: its own fields over the defaults."""

    task: Task
    group: Name | None = None
    """Whose defaults it has, over those of all models."""
    tags: list[Name] = Field(default_factory=list)
    owner: Name | None = None
    """Who answers for it, by name under people."""
    mode: Literal["supervised", "shadow"] = "supervised"
    schedule: Annotated[str, AfterValidator(five_fields)] | None = None
    """When it is checked: a line of cron, in UTC."""
    advice: bool = True
    """Whether the language model, where there is one, is asked about this model."""
    registry: Registry
    monitor: Written | Annotated[list[Written], Field(min_length=1)]
    policy: Policy = Policy()
    training: Training = Training()
    pipeline: SerializeAsAny[PipelinePart]
    validation: Validation = Validation()
    approval: Approval
    notify: Notify = Notify()
    rollout: Rollout = Rollout()

    @property
    def monitors(self) -> list[MonitorPart]:
        """Every monitor, whether one or several were written."""
        return self.monitor if isinstance(self.monitor, list) else [self.monitor]

    @property
    def log(self) -> LogPart | None:
        """The monitor that reads rows, if one does."""
        return next((part for part in self.monitors if isinstance(part, LogPart)), None)

    @model_validator(mode="after")
    def _named_apart(self) -> "Model":
        names = [name for part in self.monitors for name in part.watched_names]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"monitor: two entries watch {', '.join(twice)}; give each value its own name")
        return self

    @model_validator(mode="after")
    def _one_log(self) -> "Model":
        logs = sum(isinstance(part, LogPart) for part in self.monitors)
        if logs > 1:
            raise ValueError("monitor: two entries read rows; a model has one prediction log")
        if not logs and self.validation.kind == "holdout":
            raise ValueError("no monitor reads rows to compare two models on: write validation: {kind: reported}")
        return self

    @model_validator(mode="after")
    def _slices_are_features(self) -> "Model":
        unknown = sorted(set(self.validation.slices) - set(self.log.features if self.log else ()))
        if unknown:
            raise ValueError(f"validation.slices names {', '.join(unknown)}, which monitor.features does not list")
        return self

    @model_validator(mode="after")
    def _budget_has_a_price(self) -> "Model":
        if self.policy.budget and not self.pipeline.cost:
            raise ValueError("policy.budget needs pipeline.cost: what has no price cannot be counted")
        if self.policy.budget and self.most > self.policy.budget.amount:
            raise ValueError(f"policy.budget has never room: one training may cost {self.most:g}")
        return self

    @property
    def most(self) -> float:
        """What one training may cost at most; 0 without a price."""
        cost = self.pipeline.cost
        return money.most(cost.price, self.pipeline.deadline) if cost else 0.0

    @model_validator(mode="after")
    def _fits_its_task(self) -> "Model":
        own, other = get_args(ClassMetric), get_args(LossMetric)
        if self.task == "regression":
            own, other = other, own
        foreign = sorted(set(self.validation.minimum) & set(other))
        if self.policy.metric not in own:
            raise ValueError(f"task: {self.task} has no policy.metric {self.policy.metric}; it has {', '.join(own)}")
        if foreign:
            raise ValueError(f"task: {self.task} has no validation.minimum of {', '.join(foreign)}")
        if self.task == "regression":
            self._whole_regression()
        return self

    def _whole_regression(self) -> None:
        """Raise ValueError for what a regression cannot have, and for what only its owner can know."""
        refused = {
            "policy.prices: they count wrong decisions": self.policy.prices,
            "validation.max_negative_flips: it counts wrong decisions": self.validation.max_negative_flips,
            "monitor.score: it says how to get a probability": (self.log and "score" in self.log.model_fields_set)
            or None,
        }
        for what, given in refused.items():
            if given is not None:
                raise ValueError(f"task: regression cannot have {what}")
        if "max_drop" not in self.policy.model_fields_set:
            raise ValueError("task: regression needs policy.max_drop: it is in units of the label, so no default fits")
        if "margin" not in self.validation.model_fields_set:
            raise ValueError("task: regression needs validation.margin: in units of the label, so no default fits")


class File(Part):
    """The whole file."""

    people: dict[Name, Person] = Field(default_factory=dict)
    channels: dict[str, SerializeAsAny[ChannelPart]] = Field(default_factory=dict)
    inbox: Inbox = Inbox()
    budget: FleetBudget | None = None
    fleet: Fleet | None = None
    retention: Retention = Retention()
    defaults: dict[str, Any] = Field(default_factory=dict)
    groups: dict[Name, dict[str, Any]] = Field(default_factory=dict)
    models: Annotated[dict[Name, Model], Field(min_length=1)]

    @model_validator(mode="after")
    def _known_people(self) -> "File":
        for name, model in self.models.items():
            escalated = model.notify.escalate.to if model.notify.escalate else []
            owner = [model.owner] if model.owner else []
            named = {"approval.approvers": model.approval.approvers, "notify.escalate.to": escalated, "owner": owner}
            for field, people in named.items():
                if unknown := sorted(set(people) - set(self.people)):
                    raise ValueError(f"models.{name}.{field} names {', '.join(unknown)}, who is not under people")
        return self

    @model_validator(mode="after")
    def _known_channels(self) -> "File":
        for name, model in self.models.items():
            unknown = unknown_channels(model.approval, set(self.channels))
            if unknown:
                raise ValueError(
                    f"models.{name}.approval.channels names {', '.join(unknown)}, which is not under channels"
                )
        return self

    @model_validator(mode="after")
    def _one_currency(self) -> "File":
        """Amounts of two currencies have no sum."""
        if self.budget is None:
            return self
        priced = {name: model.pipeline.cost for name, model in self.models.items() if model.pipeline.cost}
        if not priced:
            raise ValueError("budget needs pipeline.cost of a model: what has no price cannot be counted")
        for name, model in self.models.items():
            if model.most > self.budget.amount:
                raise ValueError(f"the budget of all models never has room for models.{name}: up to {model.most:g}")
        for name, cost in priced.items():
            if cost.currency != self.budget.currency:
                raise ValueError(
                    f"models.{name}.pipeline.cost is in {cost.currency}, the budget of all models in "
                    f"{self.budget.currency}: write both in one currency"
                )
        return self

    @model_validator(mode="after")
    def _one_server_per_token(self) -> "File":
        """There is one login for each kind of server: it must not be sent to another one."""
        servers: dict[str, set[str]] = {}
        for model in self.models.values():
            parts: list[PipelinePart | MonitorPart] = [model.pipeline, *model.monitors]
            for part in parts:
                if hasattr(part, "url"):
                    servers.setdefault(part.kind, set()).add(part.url)
        for kind, urls in servers.items():
            if len(urls) > 1:
                several = " or ".join(sorted(urls))
                raise ValueError(f"all of kind {kind} share a login, so also the server: {several}")
        return self

    def model(self, name: str) -> Model:
        """Return one model's entry. NotFound lists the names there are."""
        if name not in self.models:
            raise NotFound(f"no model {name!r} in the configuration", f"it has: {', '.join(sorted(self.models))}")
        return self.models[name]


def read(path: Path) -> File:
    """Return the file at `path`. Misconfigured in one line that says where and what is wrong."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise Misconfigured(
            f"no configuration at {path}", "write one with: autopilot init, or name it with --config"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path} cannot be read: {error}") from None
    return parse(text, str(path))


def parse(text: str, source: str) -> File:
    """Return the configuration that `text` holds; `source` names it in errors."""
    try:
        tree = yaml.compose(text, Loader=_LOADER)
        document = SafeConstructor().construct_document(tree) if tree else None
    except (yaml.YAMLError, ValueError) as error:  # a date such as 2026-02-30 is an error of neither kind
        mark = getattr(error, "problem_mark", None)
        where = f"{source}:{mark.line + 1}" if mark else source
        raise Misconfigured(f"{where}: not YAML: {getattr(error, 'problem', None) or error}") from None
    if not isinstance(document, dict):
        raise Misconfigured(f"{source}: the file holds no mapping", "it begins with people:, defaults: or models:")
    document = with_defaults(document, tree, source)
    for name, entry in _mappings(document.get("models")):
        entry["pipeline"] = _written(entry.get("pipeline"), _pipeline, tree, source, ["models", name, "pipeline"])
        entry["monitor"] = _monitors(entry.get("monitor"), tree, source, ["models", name, "monitor"])
    for kind, part in _mappings(document.get("channels")):
        document["channels"][kind] = _channel(kind, part, tree, source)
    try:
        return File.model_validate(document)
    except ValidationError as error:
        raise problem(error, tree, source) from None


def _channel(kind: str, given: dict[str, Any], tree: yaml.Node | None, source: str) -> ChannelPart:
    path = ["channels", kind]
    try:
        return catalogue.channel(kind).written.model_validate(given)
    except Misconfigured as error:
        where = f"{source}:{line(tree, path)}: {'.'.join(path)}"
        raise Misconfigured(f"{where}: {error.message}", error.hint) from None
    except ValidationError as error:
        raise problem(error, tree, source, path) from None


def _pipeline(given: dict[str, Any]) -> type[PipelinePart]:
    return catalogue.pipeline(str(given["kind"])).written


def _monitor(given: dict[str, Any]) -> type[MonitorPart]:
    return catalogue.monitor(str(given["kind"])).shape(given)


def _monitors(given: object, tree: yaml.Node | None, source: str, path: list[str]) -> object:
    if not isinstance(given, list) or not given:
        return _written(given, _monitor, tree, source, path)
    return [_written(each, _monitor, tree, source, [*path, str(at)]) for at, each in enumerate(given)]


def _written(
    given: object, shape: Callable[[dict[str, Any]], type[Part]], tree: yaml.Node | None, source: str, path: list[str]
) -> object:
    """Return what its kind makes of a mapping: only kinds that are used are loaded. What is left out is missing."""
    if given is None and path[-1] in ("pipeline", "monitor"):
        return given
    if not isinstance(given, dict) or "kind" not in given:
        where = f"{source}:{line(tree, path)}: {'.'.join(path)}"
        raise Misconfigured(f"{where}: has no kind", "write a mapping with kind: and its fields")
    try:
        return shape(given).model_validate(given)
    except Misconfigured as error:
        where = f"{source}:{line(tree, [*path, 'kind'])}: {'.'.join(path)}"
        raise Misconfigured(f"{where}: {error.message}", error.hint) from None
    except ValidationError as error:
        raise problem(error, tree, source, path) from None


def _mappings(found: object) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(found, dict):
        yield from ((str(name), entry) for name, entry in found.items() if isinstance(entry, dict))
