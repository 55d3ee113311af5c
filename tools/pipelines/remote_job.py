"""What every pipeline elsewhere does alike: look before sending, adopt after an unclear answer, keep the deadlines."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from graph.errors import Refused, Unavailable
from graph.model import TrainingJob, TrainingOrder
from graph.policy.outcomes import ACTIVE
from tools.pipelines.remote import Busy, Remote, Unclear
from tools.plugins import Finding

_STARTS = 3
PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Between looks: for a job after an unclear answer, for its end after it was told to stop."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long a job may wait for its turn, and how long it may run."""

    queued: timedelta
    running: timedelta


@dataclass(frozen=True, slots=True)
class Seen:
    """A job as its system shows it, and how long it has waited or run by that system's own clock."""

    job: TrainingJob
    queued: timedelta | None = None
    """None where it is not waiting any more, or the system does not say."""
    ran: timedelta | None = None
    """None for one that has only waited, and where the system does not say."""


class RemotePipeline(ABC):
    """Implements graph.ports.Pipeline over five questions to a system: look, may it start, send, stop, is all well.

    The key is the job's own there, so that looking needs no memory of ours.
    """

    kind: str

    def __init__(
        self,
        remote: Remote,
        deadlines: Deadlines,
        pauses_s: Sequence[float] = PAUSES_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._remote = remote
        self._deadlines = deadlines
        self._pauses_s = tuple(pauses_s)
        self._sleep = sleep
        self._stopped_in_queue: dict[str, TrainingJob] = {}
        """Some systems forget what never left the queue."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._remote!r})"

    def find(self, key: str) -> TrainingJob | None:
        """Return the job of this key, None when there is surely none. One that is past its deadline is stopped."""
        seen = self._looked(key)
        if seen is None:
            return self._stopped_in_queue.get(key)
        if seen.job.state in ACTIVE and self._is_late(seen):
            return self._stop_and_wait(seen)
        return self._judged(seen)

    def start(self, order: TrainingOrder) -> TrainingJob:
        """Start the job of `order.key`, or return the one there is. Refused when something must be changed there."""
        for left in reversed(range(_STARTS)):
            found = self.find(order.key)
            if found is not None:
                return found
            with self._known_form():
                self._require_ready(order)
            try:
                with self._known_form():
                    return self._send(order)
            except Unclear as unclear:
                return self._adopted(order, unclear)
            except Refused:
                # A refusal of what is there after all is none: "exists already", or said after it was done.
                found = self.find(order.key)
                if found is None:
                    raise
                return found
            except Busy:
                # Nothing was done. The next look waits until the system may be asked again.
                if not left:
                    raise
        raise AssertionError("unreachable")

    def cancel(self, key: str) -> TrainingJob | None:
        """Stop the job and return its state, None when there is none. Unavailable when it did not stop in time."""
        seen = self._looked(key)
        if seen is None:
            return self._stopped_in_queue.get(key)
        return self._stop_and_wait(seen) if seen.job.state in ACTIVE else self._judged(seen)

    @abstractmethod
    def examine(self, now: datetime) -> Iterable[Finding]:
        """Look at the system and at what our login may do there, changing nothing: for `autopilot doctor`."""

    @abstractmethod
    def _look(self, key: str) -> Seen | None:
        """Return the job of this key, None when the system surely has none."""

    @abstractmethod
    def _require_ready(self, order: TrainingOrder) -> None:
        """Raise Refused when a started job could not be followed or would never run."""

    @abstractmethod
    def _send(self, order: TrainingOrder) -> TrainingJob:
        """Start the job: one request that is never repeated. Unclear when it may have been done."""

    @abstractmethod
    def _stop(self, job: TrainingJob) -> None:
        """Ask for the job's end; asking again is harmless. Misconfigured without the right."""

    def _looked(self, key: str) -> Seen | None:
        with self._known_form():
            return self._look(key)

    @contextmanager
    def _known_form(self) -> Iterator[None]:
        """Put into words that an answer has other fields than it should: what was sent may have been done."""
        try:
            yield
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            said = f"answers in a form that is not known ({type(error).__name__}: {error})"
            raise Unclear(self._remote.words(said), "check pipeline.url; is it another release?") from None

    def _adopted(self, order: TrainingOrder, unclear: Unclear) -> TrainingJob:
        """Return the job that an unclear answer started after all."""
        for pause_s in self._pauses_s:
            self._sleep(pause_s)
            found = self._found_if_answered(order.key)
            if found is not None:
                return found
        raise Unavailable(
            f"{unclear.message}; whether it started job {order.key} is not known, and it shows none so far",
            "nothing was sent again: wait a few minutes, then `autopilot resume`, which looks first and starts the job"
            " only if there is still none",
        )

    def _found_if_answered(self, key: str) -> TrainingJob | None:
        try:
            return self.find(key)
        except Unavailable:
            # Said at the end in the words of the answer that matters: the one to what was sent.
            return None

    def _stop_and_wait(self, seen: Seen) -> TrainingJob:
        problem: Unavailable | None = None
        for pause_s in (0.0, *self._pauses_s):
            self._sleep(pause_s)
            try:
                with self._known_form():
                    self._stop(seen.job)
                later, problem = self._looked(seen.job.key), None
            except Unavailable as error:
                problem = error
                continue
            if later is None:
                gone = replace(seen.job, state="cancelled", detail="taken out of the queue on request")
                return self._stopped_in_queue.setdefault(seen.job.key, self._judged(replace(seen, job=gone)))
            if later.job.state not in ACTIVE:
                return self._judged(later)
            seen = later
        raise problem or Unavailable(
            f"{self._remote.model}: job {seen.job.key} ({seen.job.detail}) was told to stop and has not yet",
            f"see {seen.job.log or self._remote.url}, then repeat the command",
        )

    def _is_late(self, seen: Seen) -> bool:
        return self._ran_too_long(seen) or (seen.queued is not None and seen.queued > self._deadlines.queued)

    def _ran_too_long(self, seen: Seen) -> bool:
        return seen.ran is not None and seen.ran > self._deadlines.running

    def _judged(self, seen: Seen) -> TrainingJob:
        """Return the job with how long it ran once it has ended.

        What was stopped at its deadline is a failure, also where somebody else, or the job itself, stopped it.
        """
        if seen.job.state in ACTIVE:
            return seen.job
        job = replace(seen.job, ran_s=_ran_s(seen))
        if job.state != "cancelled" or not self._is_late(seen):
            return job
        if self._ran_too_long(seen):
            why = f"stopped at its deadline of {self._deadlines.running}"
        else:
            why = f"never got its turn within {self._deadlines.queued}, so it was taken back"
        return replace(job, state="failed", detail=f"{why}; {job.detail}")


def between(start: datetime | None, end: datetime | None) -> timedelta | None:
    """Return how much time lies between two moments, None where one of them is not known."""
    return end - start if start and end else None


def _ran_s(seen: Seen) -> float | None:
    """Return how long an ended job ran: not at all where it only waited, None where its system does not say."""
    if seen.ran is None:
        return None if seen.queued is None else 0.0
    return max(0.0, seen.ran.total_seconds())
