"""One stream from its name to its result: drawn, played by the policy, by nobody, by the one who knows, by peers."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.decide import families, own_order
from benchmarks.decide.draw import draw, seed_of
from benchmarks.decide.ground import ground
from benchmarks.decide.memory import Run, remembered, run_of
from benchmarks.decide.oracle import oracle, played
from benchmarks.decide.peers import PEERS, played_by
from benchmarks.decide.pipe import PolicyFailed, play
from benchmarks.decide.plan import NotHere, Setting
from benchmarks.decide.stream import Stream
from benchmarks.decide.world import World


@dataclass(frozen=True)
class Job:
    """A stream to play: the first of `bases` on which the family makes sense."""

    family: str
    bases: tuple[str, ...]
    seed: int
    setting: Setting
    command: tuple[str, ...]
    peers: bool = True
    memory: Path | None = None

    @property
    def name(self) -> str:
        """Name the stream, shortly and uniquely within a setting."""
        return f"{self.family}/{self.bases[0]}/{self.seed}"


@dataclass(frozen=True)
class Result:
    """All runs of one stream: `policy`, `never`, `oracle` and the peers. Ticks are as in the plan."""

    job: Job
    right: frozenset[str]
    starts: int | None
    change: int | None
    delay: int
    detail: str
    runs: dict[str, Run]
    records: list[dict[str, Any]]
    seconds: float


@dataclass(frozen=True)
class NoResult:
    """Why there is no result: skipped, or the policy failed."""

    reason: str
    failed: bool


def run(job: Job) -> Result | NoResult:
    """Return the result, or why there is none."""
    reasons = []
    for at in range(len(job.bases)):
        one = replace(job, bases=job.bases[at:])
        try:
            return _played(one, _stream(one))
        except NotHere as reason:
            reasons.append(f"{one.bases[0]}: {reason}")
        except PolicyFailed as error:
            return NoResult(f"FAILED {error}", failed=True)
    return NoResult(f"{job.family} skipped: {'; '.join(reasons)}", failed=False)


def _stream(job: Job) -> Stream:
    base = job.bases[0]
    if job.family == own_order.FAMILY:
        return own_order.stream(base, job.setting)
    ground_ = ground(base)
    if ground_ is None:
        raise NotHere("its data are not on this machine")
    seed = seed_of(job.family, base, job.seed)
    plan = families.ALL[job.family](ground_, np.random.default_rng([seed, 0]), job.setting)
    return draw(job.name, seed, ground_, plan, job.setting)


def _played(job: Job, stream: Stream) -> Result:
    began = time.monotonic()
    world = World(stream)
    records = play(world, list(job.command))
    seconds = time.monotonic() - began

    def others() -> dict[str, World]:
        known = {} if job.family == own_order.FAMILY else {"oracle": oracle(stream)}
        peers = {name: played_by(peer(stream), stream) for name, peer in PEERS.items()} if job.peers else {}
        return {"never": played(stream, ())} | known | peers

    runs = {"policy": run_of(world)} | remembered(job.memory, f"{job.name} {job.setting} {job.peers}", others)
    plan = stream.plan
    return Result(job, plan.right, plan.starts, plan.change, plan.delay, plan.detail, runs, records, seconds)
