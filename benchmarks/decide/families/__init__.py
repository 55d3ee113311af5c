"""Families of streams, by what ought to be done: nothing, retrain, ask the owner of the data or of the labels."""

from benchmarks.decide.families import data, drift, labels, quiet
from benchmarks.decide.plan import Families

ROOMS: tuple[Families, ...] = (quiet.QUIET, drift.DRIFT, data.DATA, labels.LABELS)
ALL = {name: family for room in ROOMS for name, family in room.by_name.items()}
GROUP = {name: room.group for room in ROOMS for name in room.by_name}
