"""The last line of every benchmark: one JSON object, and the exit code that goes with it."""

import json
from typing import Literal

Mark = tuple[str, Literal["gate", "goal"], float, float]
"""(figure, gate or goal, largest value allowed, value measured)."""


def report(bench: str, figures: dict[str, float], marks: list[Mark]) -> int:
    """Print the object; return 1 when a gate is missed, 0 when only goals are."""
    missed = [f"{kind} {name} <= {limit}: {value:.4g}" for name, kind, limit, value in marks if value > limit]
    gates = [name for name, kind, limit, value in marks if kind == "gate" and value > limit]
    document = {
        "bench": bench,
        "figures": {name: round(value, 4) for name, value in figures.items()},
        "marks": [{"figure": name, "kind": kind, "at_most": limit} for name, kind, limit, _ in marks],
        "missed": missed,
    }
    print(json.dumps(document))
    return 1 if gates else 0
