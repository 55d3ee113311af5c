"""Two workers that meet before every act, do it both at once, and print what they were told, a line of JSON per act."""

import json
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from autopilot.bootstrap import Office, office
from autopilot.settings import Settings, load
from graph.errors import AutopilotError
from graph.model import Answer

STEP_S = 0.004
"""Every few rounds one side starts a little later than before, so that the two meet at every place of an act."""
STEPS = 8


def answers(number: int) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return who answers what in this round, by side: two approvals in even rounds, approval and denial in odd ones."""
    return (("ana", "approve"), ("ben", "deny" if number % 2 else "approve"))


def race(side: int, models: Sequence[str]) -> None:
    """Take part in every act of the models' runs. The other side's worker must do so too."""
    settings = load()
    with office(settings) as at_work:
        other = Other(side)
        for number, model in enumerate(models):
            late = number // 2 % STEPS * STEP_S if number // 2 // STEPS % 2 == side else 0.0
            _round(at_work, settings, model, answers(number)[side], partial(other.meet, late))


def _round(at_work: Office, settings: Settings, model: str, says: tuple[str, str], meet: Callable[[], None]) -> None:
    engine = at_work.engine
    meet()
    run = engine.run(model)
    _tell(model, "run", run)
    wait_for_training(at_work, model, run)
    meet()
    engine.carry_on(run)
    _tell(model, "resume", at_work.book.runs.row(run)["status"])
    meet()
    try:
        engine.answer(run, answer(*says, settings))
    except AutopilotError as error:
        _tell(model, "answer", f"{error.kind}: {error.message}")
    else:
        _tell(model, "answer", "taken")


def answer(person: str, decision: str, settings: Settings) -> Answer:
    return Answer(person, "deny" if decision == "deny" else "approve", "cli", settings.clock.now())


def wait_for_training(at_work: Office, model: str, run: str) -> None:
    key = at_work.book.runs.row(run)["job"]["key"]
    while (job := at_work.parts(model).pipeline.find(key)) and job.state in ("queued", "running"):
        time.sleep(0.01)


def _tell(model: str, act: str, said: str) -> None:
    print(json.dumps([model, act, said]), flush=True)


class Other:
    """The worker of the other side, behind two named pipes in our folder: `0` is written by side 0, `1` by side 1."""

    def __init__(self, side: int) -> None:
        # Both sides open the same pipe first: each open waits for the other end's.
        ends = {name: os.open(Path(name), os.O_WRONLY if int(name) == side else os.O_RDONLY) for name in ("0", "1")}
        self._tell, self._hear = ends[str(side)], ends[str(1 - side)]

    def meet(self, late: float) -> None:
        """Return when the other worker has come to its `meet` too, `late` seconds after it does."""
        os.write(self._tell, b".")
        assert os.read(self._hear, 1), "the other worker is gone"
        time.sleep(late)
