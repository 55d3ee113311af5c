"""Pipelines elsewhere under faults: one job whatever happens, the right outcome, and no token anywhere."""

import logging
import re
import traceback
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, get_args

import httpx
import pytest

from graph.errors import AutopilotError, Misconfigured, Unavailable
from graph.model import TrainingJob
from tests.conformance.remote_systems import HURRIED, SECRETS, SLOW, found
from tests.conformance.systems import SYSTEMS
from tests.fakes.faulty_server import WITHOUT_EFFECT, FaultName
from tests.local_jobs import order
from tools.pipelines.remote import Busy
from tools.pipelines.remote_job import RemotePipeline

KEY = "run-1:retrain"
FAULTS: tuple[FaultName, ...] = get_args(FaultName)
WRONG = "wrong-0-planted"
MINUTE = timedelta(minutes=1)


@pytest.fixture(params=SYSTEMS)
def system(request: pytest.FixtureRequest) -> Iterator[Any]:
    with SYSTEMS[request.param]() as remote:
        yield remote


def once(pipeline: RemotePipeline) -> TrainingJob:
    """Do as the ledger does: look, and start where there is none."""
    return pipeline.find(KEY) or pipeline.start(order(KEY))


def stopped_in_the_queue(system: Any, ask: Callable[[], TrainingJob]) -> TrainingJob:
    """Return the job after it was told to stop before its turn. Some systems do so only when its turn comes."""
    if not system.stops_what_waits:
        with pytest.raises(Unavailable, match="was told to stop and has not yet"):
            ask()
        system.hold_back(False)
    return ask()


def patience(fault: FaultName) -> dict[str, Any]:
    return SLOW if fault == "slow" else HURRIED


def carried_on(system: Any, fault: FaultName) -> tuple[TrainingJob, list[AutopilotError]]:
    """Return the job after as many resumes, each in a process of its own, as it takes; and what they were told."""
    errors: list[AutopilotError] = []
    for _ in range(4):
        try:
            return once(system.another(**patience(fault))), errors
        except AutopilotError as error:
            errors.append(error)
    raise AssertionError([error.message for error in errors])


def texts(errors: list[AutopilotError]) -> str:
    """Return all that anybody could print of them, whatever they were raised from."""
    shown = []
    for error in errors:
        shown += [repr(error), error.hint, *traceback.format_exception(error)]
        below: BaseException | None = error
        while below is not None:
            # It carries the request, and that the login, to whoever keeps the error.
            assert not isinstance(below, httpx.HTTPError)
            shown += [repr(below), repr(vars(below)), *map(str, below.args)]
            below = below.__cause__ or below.__context__
    return "\n".join(shown)


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_starts_one_job_and_shows_no_token(
    system: Any, fault: FaultName, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    system.server.fail(fault, method)
    job, errors = carried_on(system, fault)
    assert system.starts(KEY) == 1
    assert found(system.another(), KEY).id == job.id
    assert system.end(KEY, well=True).state == "succeeded"
    assert len(errors) <= 1
    assert all(isinstance(error, Unavailable | Misconfigured) for error in errors)
    said = texts(errors) + caplog.text + repr(job) + repr(system.pipeline) + repr(vars(system.pipeline))
    lines = "\n".join(request.line for request in system.server.asked)
    assert [secret for secret in (*SECRETS, "Basic ") if secret in said + lines] == []
    assert all("fraud-v1: " in error.message and error.hint for error in errors)


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault not in WITHOUT_EFFECT])
def test_what_was_done_after_all_is_adopted_at_once(system: Any, fault: FaultName) -> None:
    system.server.fail(fault)
    job = once(system.another(**patience(fault)))
    assert job.state in ("queued", "running")
    posts = [request for request in system.server.asked if request.method == "POST"]
    assert (system.starts(KEY), len(posts)) == (1, 1)


def test_a_second_start_sends_nothing(system: Any) -> None:
    once(system.pipeline)
    sent = len(system.server.asked)
    system.another().start(order(KEY))
    later = system.server.asked[sent:]
    assert [request.path for request in later if request.method == "POST" and "token" not in request.path] == []


@pytest.mark.parametrize("fault", ["500 before", "503 before", "408 before", "a page instead", "sent elsewhere"])
def test_what_may_have_been_done_is_not_sent_again_and_said_so(system: Any, fault: FaultName) -> None:
    system.server.fail(fault)
    with pytest.raises(Unavailable, match="whether it started job run-1:retrain is not known") as refusal:
        once(system.pipeline)
    posts = [request for request in system.server.asked if request.method == "POST"]
    assert (system.starts(KEY), len(posts)) == (0, 1)
    assert "autopilot resume" in refusal.value.hint


def test_a_lost_reply_is_looked_for_through_an_outage(system: Any) -> None:
    system.server.fail("reply lost")
    system.server.outage_after_post = 1
    assert once(system.pipeline).key == KEY
    assert system.starts(KEY) == 1


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_host_that_is_too_busy_is_waited_for_as_long_as_it_says(system: Any, method: str) -> None:
    system.server.fail("429 before", method, times=2)
    assert once(system.pipeline).state in ("queued", "running")
    assert system.patience.slept == [7.0, 7.0]
    assert system.starts(KEY) == 1


def test_a_host_that_asks_for_an_hour_is_not_asked_meanwhile(system: Any) -> None:
    system.server.retry_after = "3600"
    system.server.fail("429 before", "GET")
    for _ in range(2):
        with pytest.raises(Busy, match="asked us to wait, for another 3600 s"):
            system.pipeline.find(KEY)
    assert (len(system.server.asked), system.patience.slept) == (1, [])


@pytest.mark.parametrize("busy", [True, False])
def test_a_job_of_another_with_our_key_is_not_ours(system: Any, busy: bool) -> None:
    system.hold_back(busy)
    system.put_foreign(KEY)
    assert system.pipeline.find(KEY) is None
    ours = once(system.pipeline)
    if busy:
        cancelled = stopped_in_the_queue(system, lambda: system.pipeline.cancel(KEY))
    else:
        cancelled = system.pipeline.cancel(KEY)
    assert cancelled == found(system.pipeline, KEY)
    assert cancelled.id == ours.id


def test_a_job_that_runs_past_its_deadline_is_stopped_and_has_failed(system: Any) -> None:
    once(system.pipeline)
    assert found(system.pipeline, KEY).state == "running"
    system.grow_older(KEY, timedelta(hours=2) - MINUTE)
    assert found(system.pipeline, KEY).state == "running"
    system.grow_older(KEY, 2 * MINUTE)
    late = found(system.pipeline, KEY)
    assert late.state == "failed"
    assert "stopped at its deadline of 2:00:00" in late.detail
    assert late.ran_s is not None
    assert late.ran_s >= timedelta(hours=2).total_seconds()
    assert found(system.another(), KEY) == late


def test_a_job_that_never_gets_its_turn_is_taken_back_and_has_failed(system: Any) -> None:
    system.hold_back()
    assert once(system.pipeline).state == "queued"
    system.grow_older(KEY, timedelta(hours=4) - MINUTE)
    assert found(system.pipeline, KEY).state == "queued"
    system.grow_older(KEY, 2 * MINUTE)
    late = stopped_in_the_queue(system, lambda: found(system.pipeline, KEY))
    assert late.state == "failed"
    assert re.search("never got its turn within 4:00:00|stopped at its deadline of 2:00:00", late.detail)
    assert found(system.pipeline, KEY) == late


def test_a_job_that_is_cancelled_before_its_turn_stays_cancelled(system: Any) -> None:
    system.hold_back()
    once(system.pipeline)
    cancelled = stopped_in_the_queue(system, lambda: system.pipeline.cancel(KEY))
    assert cancelled.state == "cancelled"
    assert cancelled.ran_s is not None
    assert cancelled.ran_s < MINUTE.total_seconds()
    system.hold_back(False)
    assert system.pipeline.cancel(KEY) == cancelled == found(system.pipeline, KEY)
    assert system.pipeline.start(order(KEY)) == cancelled
    assert system.starts(KEY) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_a_cancel_that_meets_a_fault_is_repeated(system: Any, fault: FaultName) -> None:
    once(system.pipeline)
    system.server.fail(fault, system.stops_by)
    assert system.another(**patience(fault)).cancel(KEY).state == "cancelled"
    assert system.starts(KEY) == 1


def test_a_job_that_does_not_stop_is_not_called_cancelled(system: Any) -> None:
    once(system.pipeline)
    system.be_stubborn()
    with pytest.raises(Unavailable, match="was told to stop and has not yet"):
        system.pipeline.cancel(KEY)
    assert found(system.pipeline, KEY).state == "running"


def test_a_job_that_has_vanished_is_none(system: Any) -> None:
    once(system.pipeline)
    system.forget()
    assert system.another().find(KEY) is None


def test_a_wrong_token_is_for_a_person_to_change(system: Any) -> None:
    with pytest.raises(Misconfigured, match=r"answers 40[13]") as refusal:
        system.another(token=WRONG).find(KEY)
    assert "AUTOPILOT_" in refusal.value.hint
    assert WRONG not in texts([refusal.value])
