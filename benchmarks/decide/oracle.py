"""What somebody would do who knows cause and time but must wait for labels: the best of a set of schedules."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.decide.plan import Kind, Plan
from benchmarks.decide.stream import Stream
from benchmarks.decide.world import World


@dataclass(frozen=True)
class Step:
    """At tick `t`: ask the owner of `alert`, or train `model` on `ticks` if there are any, and promote it."""

    t: int
    alert: Kind | None = None
    model: str = "v0"
    ticks: tuple[int, ...] = ()
    reference: bool = False


Schedule = tuple[Step, ...]


def oracle(stream: Stream) -> World:
    """Return the cheapest world."""
    alert = asked(stream.plan)
    worlds = [played(stream, ()), *([played(stream, alert)] if alert else [])]
    if stream.plan.changes:
        firsts = [(schedule, played(stream, schedule)) for schedule in _first(stream, alert)]
        worlds += [world for _, world in firsts]
        best = min(firsts, key=lambda pair: pair[1].cost)[0] if firsts else ()
        worlds += [played(stream, schedule) for schedule in _again(stream, best)]
    return min(worlds, key=lambda world: world.cost)


def played(stream: Stream, schedule: Schedule) -> World:
    """Return the world after a schedule."""
    world = World(stream)
    for t in range(len(stream.ticks)):
        world.tick()
        for step in schedule:
            if step.t == t:
                _take(world, step)
    return world


def _take(world: World, step: Step) -> None:
    if step.alert:
        world.alert(step.alert)
        return
    if step.ticks:
        world.train(step.model, list(step.ticks), step.reference)
    world.promote(step.model)


def asked(plan: Plan) -> Schedule:
    """Ask at once where something is broken."""
    return (Step(plan.bug.start, alert=plan.bug.kind),) if plan.bug else ()


def _first(stream: Stream, alert: Schedule) -> Iterator[Schedule]:
    """Train once after the change, on the labels of 1, 2, 4 … ticks; where a concept comes back, so does its model."""
    (start, _), *later = stream.plan.changes
    counts = (1, 3, 7) if later or stream.plan.family != "gradual" else (4, 10, 18, 26)
    for count in counts:
        for reference in (False, True):
            t = start + stream.plan.delay + count - 1
            ticks = tuple(range(max(start, t - stream.plan.delay - 11), t - stream.plan.delay + 1))
            if t < len(stream.ticks):
                train = Step(t, model="after", ticks=ticks, reference=reference)
                yield (*alert, train)
                if later:
                    yield (*alert, train, *_turns(stream, later))


def _turns(stream: Stream, later: list[tuple[int, int]]) -> Iterator[Step]:
    """Bring back the model of the concept that has come back, as soon as a tick of it is labelled."""
    for start, concept in later:
        t = start + stream.plan.delay
        if t < len(stream.ticks):
            yield Step(t, model="after" if concept else "v0")


def _again(stream: Stream, schedule: Schedule) -> Iterator[Schedule]:
    """Train a second time, on all that is labelled of the new concept by then."""
    if not schedule or len(stream.plan.changes) > 1:
        return
    start, train = stream.plan.changes[0][0], schedule[-1]
    for wait in (10, 24):
        t = train.t + wait
        since = max(start, t - stream.plan.delay - 11) if stream.plan.family == "gradual" else start
        if t < len(stream.ticks):
            ticks = tuple(range(since, t - stream.plan.delay + 1))
            yield (*schedule, Step(t, model="again", ticks=ticks, reference=train.reference))
