"""What the numbers of a replay do not say by themselves."""

from collections.abc import Iterator, Mapping

from autopilot.backtest.line import Parting
from autopilot.backtest.replay import Replay
from autopilot.backtest.tally import Tally
from graph.policy.words import moment, plural


def notes(found: Replay, tallies: Mapping[str, Tally], labels: Mapping[str, str], priced: str | None) -> list[str]:
    """Return one sentence per gap. `labels`: what people call each policy; `priced`: whose prices the cost is in."""
    said = []
    for name, counted in tallies.items():
        said += [f"{labels[name]}: {note}" for note in _about(counted, found.parted.get(name))]
    said += _of_the_record(found)
    if priced:
        said.append(f"cost: at the prices of {labels[priced]}, for every column")
    return said


def _about(counted: Tally, parting: Parting | None) -> Iterator[str]:
    if counted.promotions_unknown:
        yield (
            f"{plural(counted.promotions_unknown, 'attempt')} of which the record does not tell the end; whether a "
            "promotion would have come of it is not known, and none is counted"
        )
    if parting:
        yield (
            f"from {moment(parting.at)} on the evidence is no longer what this policy would have seen: {parting.why}"
        )
    if counted.unadvised:
        yield (
            f"{plural(counted.unadvised, 'decision')} would have been shown to the language model; what it would have "
            "said is not known, and the rules stand alone"
        )
    if counted.unlooked:
        yield (
            f"{plural(counted.unlooked, 'decision')} would have been preceded by a look back at the rows since the "
            "change; what it would have found is not known, and the owner might have been asked instead"
        )


def _of_the_record(found: Replay) -> Iterator[str]:
    if found.changed:
        yield (
            f"{plural(len(found.changed), 'stored decision')} would be another today under the policy of its time: the "
            "rules changed since, see `changed`"
        )
    if found.folded:
        yield (
            f"{plural(found.folded, 'decision')} left out: kept with verdict, rules and values, they no longer replay "
            "since their windows have folded"
        )
    if found.left_out > found.folded:
        yield f"{plural(found.left_out - found.folded, 'decision')} left out: the evidence is no longer stored"
    if found.other_metric:
        yield (
            f"{plural(found.other_metric, 'check')} measured another metric than a policy here names, and is judged by "
            "the one that was measured"
        )
    if not found.served:
        yield "harm: the stored evidence counts no wrong decisions, so nothing is said of it"
