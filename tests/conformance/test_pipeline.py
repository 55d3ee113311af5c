"""What every Pipeline promises, whatever system is behind it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from graph.model import TrainingJob
from graph.ports import Pipeline
from tests.conformance.systems import SYSTEMS
from tests.fakes.pipeline import FakePipeline
from tests.local_jobs import Workshop, order, workshop

KEY = "run-1:retrain"


class System(Protocol):
    """A pipeline and a hand on the system behind it."""

    @property
    def failure(self) -> str:
        """What a failed job's detail says."""

    @property
    def pipeline(self) -> Pipeline: ...

    def end(self, key: str, well: bool) -> TrainingJob: ...

    def starts(self, key: str) -> int: ...


class FakeSystem:
    failure = "exit code 3"

    def __init__(self) -> None:
        self.pipeline = FakePipeline()

    def end(self, key: str, well: bool) -> TrainingJob:
        self.pipeline.end(key, "succeeded" if well else "failed", "" if well else "exit code 3")
        job = self.pipeline.find(key)
        assert job is not None
        return job

    def starts(self, key: str) -> int:
        return [started.key for started in self.pipeline.starts].count(key)


class LocalSystem:
    failure = "exit code 3"

    def __init__(self, place: Workshop) -> None:
        self._place = place
        self.pipeline = place.python(
            "key = os.environ['AUTOPILOT_KEY']; say(key); f = 'end ' + key; wait_for(f); sys.exit(int(open(f).read()))"
        )

    def end(self, key: str, well: bool) -> TrainingJob:
        draft = self._place.root / "draft"
        draft.write_text("0" if well else "3")
        draft.rename(self._place.root / f"end {key}")
        return self._place.ended(self.pipeline, key)

    def starts(self, key: str) -> int:
        return self._place.said().count(key)


@pytest.fixture(params=["fake", "local", *SYSTEMS])
def system(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[System]:
    if request.param in SYSTEMS:
        with SYSTEMS[request.param]() as remote:
            yield remote
        return
    if request.param == "fake":
        yield FakeSystem()
        return
    with workshop(tmp_path) as place:
        yield LocalSystem(place)


def test_an_unknown_key_has_no_job(system: System) -> None:
    assert system.pipeline.find(KEY) is None
    assert system.pipeline.cancel(KEY) is None
    assert system.pipeline.find(KEY) is None


def test_a_started_job_lives_and_is_found_by_its_key(system: System) -> None:
    job = system.pipeline.start(order(KEY))
    assert job.state in ("queued", "running")
    assert (job.key, job.pipeline, job.ran_s) == (KEY, system.pipeline.kind, None)
    found = system.pipeline.find(KEY)
    assert found is not None
    assert (found.id, found.key) == (job.id, KEY)
    assert system.pipeline.find("another:key") is None


@pytest.mark.parametrize(("well", "state"), [(True, "succeeded"), (False, "failed")])
def test_the_end_is_seen(system: System, well: bool, state: str) -> None:
    job = system.pipeline.start(order(KEY))
    ended = system.end(KEY, well)
    assert (ended.id, ended.state) == (job.id, state)
    assert well or system.failure in ended.detail
    assert ended.ran_s is not None
    assert ended.ran_s >= 0
    assert system.pipeline.find(KEY) == ended


def test_a_second_start_finds_the_running_job(system: System) -> None:
    first = system.pipeline.start(order(KEY))
    second = system.pipeline.start(order(KEY))
    assert second.id == first.id
    system.end(KEY, well=True)
    assert system.starts(KEY) == 1


@pytest.mark.parametrize("well", [True, False])
def test_a_second_start_finds_the_ended_job(system: System, well: bool) -> None:
    system.pipeline.start(order(KEY))
    ended = system.end(KEY, well)
    assert system.pipeline.start(order(KEY)) == ended
    assert system.starts(KEY) == 1


def test_a_cancelled_job_stays_cancelled(system: System) -> None:
    system.pipeline.start(order(KEY))
    cancelled = system.pipeline.cancel(KEY)
    assert cancelled is not None
    assert cancelled.state == "cancelled"
    assert cancelled.ran_s is not None
    assert system.pipeline.cancel(KEY) == cancelled
    assert system.pipeline.find(KEY) == cancelled
    assert system.pipeline.start(order(KEY)) == cancelled
    assert system.starts(KEY) <= 1


def test_a_cancel_after_the_end_changes_nothing(system: System) -> None:
    system.pipeline.start(order(KEY))
    ended = system.end(KEY, well=True)
    assert system.pipeline.cancel(KEY) == ended


def test_two_keys_are_two_jobs(system: System) -> None:
    one, two = system.pipeline.start(order("run-1:a")), system.pipeline.start(order("run-1:b"))
    assert one.id != two.id
    system.pipeline.cancel("run-1:a")
    assert system.end("run-1:b", well=True).state == "succeeded"
