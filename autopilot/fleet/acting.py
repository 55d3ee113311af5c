"""Carries one run on, as far as this process may, and says who looks at it next and when."""

from autopilot.capabilities import Elsewhere
from autopilot.defects import defect
from autopilot.desk import Desk
from autopilot.fleet.lapsing import lapse
from autopilot.fleet.queues import APPROVALS, TRAIN, taken_over
from checkpoints.database import Occupied
from graph.errors import AutopilotError

_WAITING_S = 60.0
"""Between two looks at what waits for a person: each reads the challenger's files again."""
_BUSY_S = 5.0
_FAILED_S, _FAILED_LONGEST_S = 15.0, 600.0
_TRAINING_S, _TRAINING_LONGEST_S = 5.0, 60.0


def carry_on(desk: Desk, queue: str, run: str, looks: int) -> None:
    """Carry a run on; `looks` counts those before this one that found nothing new.

    Its error is the run's, in its row; it is tried again, less and less often.
    """
    _carry_on(desk, queue, run, looks)
    lapse(desk.office, run, desk.clock.now())


def _carry_on(desk: Desk, queue: str, run: str, looks: int) -> None:
    try:
        desk.office.engine.carry_on(run, patience_s=0)
    except Occupied:
        # Somebody is at it. What they do not see any more, such as an answer just now, is looked at afterwards.
        _again(desk, queue, run, looks, _BUSY_S)
    except Elsewhere as other:
        _again(desk, taken_over(other.capability), run, 0, 0.0)
    except AutopilotError:
        _again(desk, queue, run, looks + 1, backoff(looks, _FAILED_S, _FAILED_LONGEST_S))
    except Exception as error:  # noqa: BLE001 - not hidden: it is the run's error, and ends no other run
        desk.office.book.runs.note_error(run, defect(error), desk.clock.now())
        _again(desk, queue, run, looks + 1, backoff(looks, _FAILED_S, _FAILED_LONGEST_S))
    else:
        _look_again(desk, run, looks)


def _look_again(desk: Desk, run: str, looks: int) -> None:
    """Have a run that waits looked at later: one that trains often at first; its pipeline ends it at its deadline."""
    if desk.office.book.runs.row(run)["status"] == "training":
        _again(desk, TRAIN, run, looks + 1, backoff(looks, _TRAINING_S, _TRAINING_LONGEST_S))
    else:
        _again(desk, APPROVALS, run, 0, _WAITING_S)


def _again(desk: Desk, queue: str, run: str, looks: int, after_s: float) -> None:
    """Put the next job of a run; an ended one gets none."""
    desk.office.book.queue.put_run(queue, run, looks, after_s)


def backoff(tries: int, first_s: float, longest_s: float) -> float:
    """Return how many seconds to wait after so many tries: twice as long each time."""
    return min(first_s * 2.0 ** min(tries, 16), longest_s)
