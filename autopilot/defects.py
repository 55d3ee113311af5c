"""What becomes of an error that is nobody's but ours: it is kept where the model's people look, and the rest goes on.

Only where it came from is told: what an unforeseen error says may hold anything.
"""

import traceback
from pathlib import Path

from graph.model import Json

KIND = "defect"


def defect(error: Exception) -> Json:
    """Return the error as runs keep it."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}:{last.lineno}"
    return {
        "kind": KIND,
        "message": f"a defect of Autopilot: {type(error).__name__} in {last.name} ({place})",
        "hint": "report it; nothing was decided by it",
    }
