"""Remembers what does not depend on the policy (nobody, who knows all, peers) while the world's code is the same."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from benchmarks.decide.world import Action, World

FOLDER = Path(__file__).parent
# At import, since a file may change while a run goes on. What only scores and prints is not part of the world.
CODE = b"".join(
    path.read_bytes() for path in sorted(FOLDER.rglob("*.py")) if path.stem not in ("score", "tell", "pipe", "memory")
)


@dataclass(frozen=True)
class Run:
    """What one policy did in one stream and what that cost."""

    cost: float
    actions: tuple[Action, ...]
    harm: tuple[float, ...]


def run_of(world: World) -> Run:
    """Return what happened in a world."""
    return Run(world.cost, tuple(world.actions), tuple(world.harm))


def remembered(folder: Path | None, key: str, play: Callable[[], dict[str, World]]) -> dict[str, Run]:
    """Return the runs under this key, played only if they are not in the folder."""
    if folder is None:
        return {name: run_of(world) for name, world in play().items()}
    path = folder / f"{sha256(CODE + key.encode()).hexdigest()[:32]}.json"
    if not path.exists():
        runs = {name: asdict(run_of(world)) for name, world in play().items()}
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(runs))
    return {name: _read(run) for name, run in json.loads(path.read_text()).items()}


def _read(run: dict[str, object]) -> Run:
    actions, harm = run["actions"], run["harm"]
    assert isinstance(actions, list) and isinstance(harm, list)  # noqa: S101
    return Run(float(str(run["cost"])), tuple(Action(**action) for action in actions), tuple(harm))
