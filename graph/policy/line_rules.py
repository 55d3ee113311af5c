"""What holds a wanted retrain back although nothing of its own does: the rest of the fleet."""

from graph.fleet import Place, Want
from graph.policy.restraint import RestraintFinding, Wish, wait
from graph.policy.rules import Finding, Step
from graph.policy.slots import worth
from graph.policy.words import moment, number, percent

_NAMED = 5
_IN_SHADOW = "takes no slot: nothing is trained of it"


def false_retrains(wish: Wish) -> RestraintFinding:
    """Block a harm that is not sure enough for a fleet of this size: among many models some alarm by chance."""
    place = wish.history.place
    if place is None:
        return Finding(detail=_IN_SHADOW)
    log_e, asked = place.want.log_e, place.log_e_asked
    if log_e is None or asked is None:
        return Finding(detail="it does not rest on the sequential test for harm: nothing is asked of how sure it is")
    among = f"among {place.hypotheses:,} models and trainings begun lately"
    most = f"at most {percent(place.level)} of retrains may be for nothing"
    if place.number is not None:
        return Finding(log_e, asked, f"{place.sure:,} are sure together {among}; {most}")
    reason = (
        f"not sure enough for all models together: log e {number(log_e)}, {number(asked)} asked for {among}; {most}"
    )
    return wait(reason, log_e, asked)


def slots(wish: Wish) -> RestraintFinding:
    """Block while the free slots are for others, or while others of the round may still ask."""
    place = wish.history.place
    if place is None:
        return Finding(detail=_IN_SHADOW)
    if place.slots is None:
        return Finding(detail="fleet.slots is not set: as many trainings at a time as wish for one")
    free = max(place.slots - len(place.in_use), 0)
    if place.granted:
        return Finding(place.number, free, _told(place))
    return wait(f"waiting for a slot: {_told(place)}", place.number, free)


def _told(place: Place) -> str:
    used = f"{len(place.in_use)} of {place.slots} in use{_by(place.in_use)}"
    said = f"{used}; {ordinal(place.number or 0)} of {place.of} in line, because {_because(place)}"
    free = (place.number or 0) <= (place.slots or 0) - len(place.in_use)
    if place.granted or not free:
        return said
    return f"{said}; given from {moment(place.first_from)} on, when the others of its round have asked"


def _by(models: tuple[str, ...]) -> str:
    more = f" and {len(models) - _NAMED} more" if len(models) > _NAMED else ""
    return f" by {', '.join(models[:_NAMED])}{more}" if models else ""


def _because(place: Place) -> str:
    behind = f", after {place.ahead}" if place.ahead else ""
    if place.behind_until:
        until = moment(place.behind_until)
        return f"it gave a slot back with which nothing began: all others go first until {until}{behind}"
    return f"{_worth(place.want)}{behind}"


def _worth(wanted: Want) -> str:
    if wanted.basis == "unknown":
        return "what a training would save is not known"
    if wanted.basis == "loss":
        return f"its unexplained loss is {number(wanted.gain)} over the horizon, and it has no prices"
    per = f"{number(worth(wanted))} for one of its price"
    return f"a cure saves at most {number(wanted.gain)} wrong decisions for a price of {number(wanted.cost)}: {per}"


def ordinal(value: int) -> str:
    """Return `1st`, `2nd`, `3rd`, `11th`."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th") if value % 100 not in (11, 12, 13) else "th"
    return f"{value}{ending}"


FLEET_RULES = (Step("false_retrains", false_retrains), Step("slots", slots))
