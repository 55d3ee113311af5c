"""A model's stored past under several policies at once: every evidence is read once and judged by each of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from autopilot.backtest.harm import Ground, Served
from autopilot.backtest.line import Line, Parting, Seen, Step, again, as_it_was, recorded
from autopilot.backtest.record import Check, Record
from graph.errors import NotFound
from graph.evidence import Evidence
from graph.model import Decision
from graph.policy.words import moment
from graph.spec import ModelSpec

Read = Callable[[str], Evidence]
"""Returns what the check of a run measured."""


@dataclass(frozen=True, slots=True)
class Change:
    """A stored decision that its own policy does not reach today, on the same evidence."""

    run: str
    at: datetime
    stored: Decision
    now: Decision

    @property
    def differs_in(self) -> tuple[str, ...]:
        """Name what differs."""
        names = [each.name for each in fields(Decision)]
        return tuple(name for name in names if getattr(self.stored, name) != getattr(self.now, name))


@dataclass(frozen=True, slots=True)
class Replay:
    """What each policy made of the checks: first the record itself, then the policies in the order given."""

    checks: tuple[Check, ...]
    steps: dict[str, tuple[Step, ...]]
    specs: dict[str, ModelSpec]
    """Of the replayed policies; the record has none of its own."""
    parted: dict[str, Parting]
    served: tuple[Served, ...]
    changed: tuple[Change, ...]
    left_out: int
    """Decisions in the range whose evidence is gone."""
    folded: int
    """Those of them that upkeep has kept by reference, and whose windows have folded since."""
    other_metric: int
    """Checks that measured another metric than a replayed policy names."""


RECORDED, PRESENT, OTHER = "recorded", "present", "other"


def replay(record: Record, specs: Mapping[str, ModelSpec], read: Read) -> Replay:
    """Judge every stored evidence of a record by every policy. NotFound when there is none."""
    checks = [each for each in record.checks if each.measured]
    if not checks:
        raise _nothing(record)
    lines = {name: Line(spec, record) for name, spec in specs.items()}
    past, ground, steps, changed, foreign = as_it_was(record), Ground(record.since), [], [], 0
    for check in checks:
        seen = Seen(read(check.run))
        ground.add(seen.evidence)
        steps.append(recorded(check, seen.evidence.champion, record))
        today = again(check, seen, past)
        if today != check.decision:
            changed.append(Change(check.run, check.at, check.decision, today))
        for line in lines.values():
            line.take(check, seen)
        foreign += any(_foreign(seen.evidence, spec) for spec in specs.values())
    return Replay(
        tuple(checks),
        {RECORDED: tuple(steps), **{name: tuple(line.steps) for name, line in lines.items()}},
        dict(specs),
        {name: line.parting for name, line in lines.items() if line.parting},
        ground.served(),
        tuple(changed),
        sum(not each.measured and not _by_person(each) for each in record.checks),
        sum(each.folded for each in record.checks),
        foreign,
    )


def _foreign(evidence: Evidence, spec: ModelSpec) -> bool:
    return evidence.labels is not None and evidence.labels.metric != spec.policy.metric


def _by_person(check: Check) -> bool:
    return check.decision.return_to is not None


def _nothing(record: Record) -> NotFound:
    model = record.model
    if record.known is None:
        return NotFound(f"{model} was never checked: nothing can be replayed", f"check it with: autopilot run {model}")
    if record.checks and all(each.folded or _by_person(each) for each in record.checks):
        return NotFound(
            f"no check of {model} in this range replays any more: their windows have folded",
            f"what was decided is kept: autopilot runs {model}; or choose a later range with --from",
        )
    if record.checks:
        return NotFound(
            f"no check of {model} in this range still has its evidence", "choose another range with --from and --to"
        )
    first, last = map(moment, record.known)
    return NotFound(
        f"{model} was not checked in this range", f"choose --from and --to among its checks of {first} to {last}"
    )
