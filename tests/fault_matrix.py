"""Faults on the way to a model that is trained elsewhere: how each is played on one run, and how that run must end."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

from graph.errors import AutopilotError
from tests.conformance.remote_systems import HURRIED, SLOW
from tests.fakes.faulty_server import FaultName
from tests.house import MODEL, House

MOST_RESUMES = 4
PLANTED = {"model.skops": b"better"}


@dataclass
class Bench:
    """One run of one model that a system elsewhere trains."""

    home: House
    system: Any
    lost: int = 0
    """Jobs that the system was made to start and has forgotten."""
    said: list[str] = field(default_factory=list)
    """What the errors said on the way, with all that they were raised from."""

    @property
    def run(self) -> str:
        """The model's newest run."""
        (row,) = self.home.book.runs.recent(MODEL, 1)
        return str(row["run"])

    @property
    def key(self) -> str:
        """The key of its training job."""
        return self.home.key(self.run)

    @property
    def started(self) -> int:
        """How many jobs the system was made to start for the run."""
        return self.lost + int(self.system.starts(self.key))

    def check(self) -> None:
        """Check the model as `autopilot run` does; what it says of a fault is not the end of the run."""
        with self._noting():
            self.home.engine.run(MODEL)

    def resume(self, times: int = 1) -> None:
        """Carry the run on as `autopilot resume` does, so many times."""
        for _ in range(times):
            with self._noting():
                self.home.engine.carry_on(self.run)

    def end(self, key: str | None = None, files: dict[str, bytes] | None = PLANTED) -> None:
        """Let the job end well, having logged a model under a key, and carry the run on."""
        if files is not None:
            self.home.registry.log_run(key or self.key, files=files)
        self.system.end(self.key, well=True)
        self.resume()

    @contextmanager
    def dying(self, point: str) -> Iterator[None]:
        """Let the process die at a point between an effect and its record."""

        def dies(passed: str) -> None:
            if passed == point:
                raise ZeroDivisionError(point)

        self.home.book.effects._boundary = dies
        with suppress(ZeroDivisionError):
            yield
        self.home.book.effects._boundary = lambda _: None

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except AutopilotError as error:
            self.said += ["".join(traceback.format_exception(error)), error.hint]


def answered(fault: FaultName, method: str = "POST") -> Callable[[Bench], None]:
    """Return what meets a fault with the first request of a method, is resumed until the job is there, and trains."""

    def play(bench: Bench) -> None:
        bench.system.server.fail(fault, method)
        bench.check()
        bench.resume(MOST_RESUMES)
        bench.end()

    return play


def died(point: str) -> Callable[[Bench], None]:
    """Return what dies at a point of starting the job, is resumed, and trains."""

    def play(bench: Bench) -> None:
        with bench.dying(point):
            bench.check()
        bench.resume()
        bench.end()

    return play


def resumed_at_once(bench: Bench) -> None:
    """Die before the job is started, then resume from eight threads at once."""
    with bench.dying("training.intended"):
        bench.check()
    together = Barrier(8)

    def resume() -> None:
        together.wait()
        bench.resume()

    threads = [Thread(target=resume) for _ in range(together.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bench.end()


def vanished(bench: Bench) -> None:
    """Let the system lose the job before it left a model."""
    bench.check()
    bench.lost = bench.started
    bench.system.forget()
    bench.resume()


def puzzling(bench: Bench) -> None:
    """Let the system show a state that nobody knows, then the end."""
    bench.check()
    bench.system.server.end(bench.key, "PONDERING")
    bench.resume()
    bench.end()


def without_a_model(bench: Bench) -> None:
    """Let the job end well and leave nothing."""
    bench.check()
    bench.end(files=None)


def with_anothers_model(bench: Bench) -> None:
    """Let the job log its model under another key."""
    bench.check()
    bench.end(key=f"{MODEL}.another-run")


def skewed(by: timedelta) -> Callable[[Bench], None]:
    """Return what trains on a system whose clock differs from ours by more than any deadline."""

    def play(bench: Bench) -> None:
        bench.system.server.skew = by
        bench.check()
        bench.resume()
        bench.end()

    return play


@dataclass(frozen=True)
class Fault:
    """A row of the matrix. `ends` is the run's outcome, or its status where it goes on."""

    name: str
    play: Callable[[Bench], None]
    ends: str = "awaiting_approval"
    patience: dict[str, Any] = field(default_factory=lambda: HURRIED)
    """How long the adapter waits."""


FAULTS = (
    Fault("reply lost after create", answered("reply lost")),
    Fault("500 after create", answered("500 after")),
    Fault("500 before create", answered("500 before")),
    Fault("409 after create", answered("409 after")),
    Fault("429 before create", answered("429 before")),
    Fault("time-out, created", answered("slow"), patience=SLOW),
    Fault("half a reply, created", answered("half a body")),
    Fault("503 to the look before", answered("503 before", "GET")),
    Fault("death between intent and call", died("training.intended")),
    Fault("death between call and record", died("training.called")),
    Fault("eight resumes at once", resumed_at_once),
    Fault("the job vanishes", vanished, "failed"),
    Fault("a state that is not known", puzzling),
    Fault("a result without a model", without_a_model, "failed"),
    Fault("a result of another key", with_anothers_model, "failed"),
    Fault("its clock 9 h ahead", skewed(timedelta(hours=9))),
    Fault("its clock 9 h behind", skewed(timedelta(hours=-9))),
)
