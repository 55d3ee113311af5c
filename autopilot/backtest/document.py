"""A replay as one JSON document: what the table, the page and `--json` all show."""

from dataclasses import asdict
from pathlib import Path

from autopilot.backtest.harm import split
from autopilot.backtest.line import Step
from autopilot.backtest.notes import notes
from autopilot.backtest.replay import PRESENT, RECORDED, Change, Replay
from autopilot.backtest.tally import Tally, cost, tally
from graph.codec import dump
from graph.model import Decision, Json
from graph.policy.words import moment
from graph.spec import Prices


def document(model: str, found: Replay, sources: dict[str, str]) -> Json:
    """Return the document. `sources`: the file that each replayed policy was read from, by its name."""
    labels = {name: _label(name, sources) for name in found.steps}
    priced = next((name for name, spec in found.specs.items() if spec.policy.prices), None)
    prices = found.specs[priced].policy.prices if priced else None
    tallies = {name: tally(steps) for name, steps in found.steps.items()}
    first = _first_difference(found)
    return {
        "model": model,
        "from": moment(found.checks[0].at),
        "to": moment(found.checks[-1].at),
        "checks": len(found.checks),
        "reproduced": len(found.checks) - len(found.changed),
        "prices": {**asdict(prices), "of": priced} if prices else None,
        "policies": [
            {"name": name, "label": labels[name], "source": sources.get(name), **_policy(name, found, counted, prices)}
            for name, counted in tallies.items()
        ],
        "decisions": [_decisions(found, place) for place in range(len(found.checks))],
        "windows": [{**asdict(each), "start": moment(each.start), "end": moment(each.end)} for each in found.served],
        "promotions": [
            {"run": step.run, "at": moment(step.course.ended_at or step.at), "version": step.course.promoted}
            for step in found.steps[RECORDED]
            if step.course and step.course.promoted
        ],
        "changed": [_change(each) for each in found.changed],
        "first_difference": _explained(found, first) if first is not None else None,
        "notes": notes(found, tallies, labels, priced),
    }


def compared(found: Replay) -> tuple[str, str]:
    """Return the two policies whose difference is asked about: the newest of three, else the record and the present."""
    names = list(found.steps)
    return names[-2], names[-1]


def _first_difference(found: Replay) -> int | None:
    one, other = compared(found)
    pairs = zip(found.steps[one], found.steps[other], strict=True)
    return next((place for place, (a, b) in enumerate(pairs) if differ(a.decision, b.decision)), None)


def differ(one: Decision, other: Decision) -> bool:
    """Tell whether two decisions do something else, not only say it otherwise."""
    return _does(one) != _does(other)


def _does(decision: Decision) -> tuple[object, ...]:
    reused = decision.reuse.version if decision.reuse else None
    trained = (decision.train_from, decision.train_until, decision.exclude)
    return (decision.verdict, decision.cause, decision.action, decision.return_to, reused, trained)


def _policy(name: str, found: Replay, counted: Tally, prices: Prices | None) -> Json:
    parting = found.parted.get(name)
    harm, steps = split(found.served, found.steps[name]), found.steps[name]
    own = next((place + 1 for place, step in enumerate(steps) if parting and step.run == parting.run), len(steps))
    return {
        "digest": found.specs[name].digest if name in found.specs else None,
        **asdict(counted),
        "harm": asdict(harm) if harm else None,
        "cost": asdict(cost(counted, prices)) if prices else None,
        "parting": {"run": parting.run, "at": moment(parting.at), "why": parting.why} if parting else None,
        "checks_on_own_way": own,
    }


def _decisions(found: Replay, place: int) -> Json:
    check = found.checks[place]
    one, other = compared(found)
    a, b = found.steps[one][place], found.steps[other][place]
    return {
        "run": check.run,
        "at": moment(check.at),
        "champion": a.champion,
        "differs": differ(a.decision, b.decision),
        "policies": {name: _said(steps[place]) for name, steps in found.steps.items()},
    }


def _said(step: Step) -> Json:
    decision = step.decision
    return {
        "verdict": decision.verdict,
        "cause": decision.cause,
        "action": decision.action,
        "reason": decision.reason,
        "acts": step.course is not None,
        "known": step.course.known if step.course else None,
        "promoted": step.course.promoted if step.course else None,
        "asks": step.asks,
    }


def _explained(found: Replay, place: int) -> Json:
    check = found.checks[place]
    return {
        "run": check.run,
        "at": moment(check.at),
        "policies": {name: dump(found.steps[name][place].decision) for name in compared(found)},
    }


def _change(each: Change) -> Json:
    return {
        "run": each.run,
        "at": moment(each.at),
        "differs_in": list(each.differs_in),
        "stored": {"verdict": each.stored.verdict, "cause": each.stored.cause, "action": each.stored.action},
        "now": {"verdict": each.now.verdict, "cause": each.now.cause, "action": each.now.action},
    }


def _label(name: str, sources: dict[str, str]) -> str:
    """Return what people call a policy: the present one by that word, another by its file."""
    return name if name in (RECORDED, PRESENT) or name not in sources else Path(sources[name]).name
