"""The queues, the jobs in them, and which worker serves which."""

from collections.abc import Iterable

from autopilot.capabilities import ALL, Capability

CHECKS, APPROVALS, UPKEEP, RETENTION = "checks", "approvals", "upkeep", "retention"
TRAIN, PROMOTE = "actions:train", "actions:promote"
QUEUES = (CHECKS, APPROVALS, TRAIN, PROMOTE, UPKEEP, RETENTION)
_SERVED: dict[Capability, tuple[str, ...]] = {"observe": (CHECKS, APPROVALS), "train": (TRAIN,), "promote": (PROMOTE,)}
_NEXT: dict[Capability, str] = {"observe": APPROVALS, "train": TRAIN, "promote": PROMOTE}


def served(can: Iterable[Capability]) -> list[str]:
    """Return the queues of a worker. Upkeep plans and sweeps rows only, so anybody may do it.

    Retention deletes: it is for who may do everything. Where nobody may, the owner types `autopilot db prune`.
    """
    can = frozenset(can)
    return [*sorted(queue for each in can for queue in _SERVED[each]), UPKEEP, *([RETENTION] if can == ALL else [])]


def lanes(can: Iterable[Capability]) -> list[list[str]]:
    """Return the queues of a worker in groups that do not wait for each other.

    Slow checks keep nobody's answer, and long validations keep nobody from planning.
    """
    queues = served(can)
    own = ([CHECKS], [each for each in queues if each not in (CHECKS, UPKEEP)], [UPKEEP])
    return [lane for lane in own if lane and lane[0] in queues]


def taken_over(needed: Capability) -> str:
    """Return the queue of those who may execute a node that needs this."""
    return _NEXT[needed]
