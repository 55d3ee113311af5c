"""The Jira channel under faults: one issue whatever happens, an answer or none, and no token anywhere."""

import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any, get_args

import httpx
import pytest

from graph.errors import AutopilotError, Misconfigured, Unavailable
from tests.conformance.jira_system import ANA, SECRETS, JiraSystem, jira, notice
from tests.fakes.faulty_server import WITHOUT_EFFECT, FaultName
from tools.approvals.channel import Notice
from tools.approvals.jira import JiraChannel

FAULTS: tuple[FaultName, ...] = get_args(FaultName)
WRONG = "wrong-0-planted"
SLOW = {"timeout_s": 0.5, "pauses_s": (0.1, 0.3, 0.6, 0.8)}


@pytest.fixture
def system() -> Iterator[JiraSystem]:
    with jira() as there:
        yield there


def patience(fault: FaultName) -> dict[str, Any]:
    return SLOW if fault == "slow" else {}


def carried_on(system: JiraSystem, fault: FaultName, act: Callable[[JiraChannel], Any]) -> tuple[Any, list[Any]]:
    """Return what came of as many attempts, each in a process of its own, as it takes; and what they were told."""
    errors: list[AutopilotError] = []
    for _ in range(4):
        try:
            return act(system.another(**patience(fault))), errors
        except AutopilotError as error:
            errors.append(error)
    raise AssertionError([error.message for error in errors])


def once(request: Notice) -> Callable[[JiraChannel], Any]:
    """Do as the outbox does: look, and post where there is nothing."""
    return lambda channel: channel.find(request) or channel.post(request)


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


@pytest.mark.parametrize("kind", ["CREATE", "SEARCH"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_makes_one_issue_and_shows_no_token(
    system: JiraSystem, fault: FaultName, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    request = notice()
    system.server.fault(fault, kind)
    known, errors = carried_on(system, fault, once(request))
    assert [issue.key for issue in system.server.of(request.nonce)] == [known["id"]]
    assert system.another().find(request) == known
    assert len(errors) <= 1
    assert all(isinstance(error, Unavailable | Misconfigured) for error in errors)
    assert all("fraud-v1: " in error.message and error.hint for error in errors)
    said = texts(errors) + caplog.text + repr(known) + repr(system.channel) + repr(vars(system.channel))
    lines = "\n".join(request.line for request in system.server.asked)
    assert [secret for secret in (*SECRETS, "Basic ") if secret in said + lines] == []


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault not in WITHOUT_EFFECT])
def test_what_was_made_after_all_is_adopted_at_once(system: JiraSystem, fault: FaultName) -> None:
    system.server.fault(fault, "CREATE")
    request = notice()
    known = system.another(**patience(fault)).post(request)
    assert [issue.key for issue in system.server.of(request.nonce)] == [known["id"]]


def test_an_index_that_is_behind_is_waited_for(system: JiraSystem) -> None:
    system.server.index_lag = 2
    system.server.fault("reply lost", "CREATE")
    request = notice()
    known = system.another(pauses_s=(0.0, 0.0, 0.0)).post(request)
    assert [issue.key for issue in system.server.of(request.nonce)] == [known["id"]]


def test_where_it_never_shows_nothing_is_sent_again_and_said_so(system: JiraSystem) -> None:
    system.server.index_lag = 100
    system.server.fault("500 after", "CREATE")
    request = notice()
    with pytest.raises(Unavailable, match="whether it made the issue is not known"):
        system.channel.post(request)
    assert len(system.server.of(request.nonce)) == 1


def test_a_lost_reply_is_looked_for_through_an_outage(system: JiraSystem) -> None:
    system.server.fault("reply lost", "CREATE")
    system.server.fault("503 before", "SEARCH")
    request = notice()
    assert system.channel.post(request)["id"] == "ML-1"
    assert len(system.server.of(request.nonce)) == 1


@pytest.mark.parametrize("kind", ["COMMENT", "GET"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_says_it_once(system: JiraSystem, fault: FaultName, kind: str) -> None:
    known = system.channel.post(notice())
    system.server.fault(fault, kind)
    carried_on(system, fault, lambda channel: channel.say(known, "nonce", "still waiting", ()))
    assert len(system.issue(known).comments) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_never_an_answer(system: JiraSystem, fault: FaultName) -> None:
    request = notice()
    known = system.channel.post(request)
    system.server.move(system.issue(known), "Approved", ANA.account)
    system.server.fault(fault, "GET")
    with pytest.raises(Unavailable if fault != "sent elsewhere" else Misconfigured) as refusal:
        try:
            # A reply that is late by a second is late for a client that waits half of one.
            pytest.fail(repr(system.another(**patience(fault)).heard(known, request)))
        except Misconfigured as error:
            assert fault in ("sent elsewhere", "409 after")
            raise (error if fault == "sent elsewhere" else Unavailable(error.message, error.hint)) from None
    assert refusal.value.message.startswith("fraud-v1: Jira at")
    assert [each.decision for each in system.another().heard(known, request)] == ["approve"]


def test_a_site_that_is_too_busy_is_waited_for_as_long_as_it_says(system: JiraSystem) -> None:
    request = notice()
    system.server.fault("429 before", "CREATE", times=2)
    for _ in range(2):
        with pytest.raises(Unavailable, match="429 Too Many Requests"):
            system.channel.post(request)
    assert system.channel.post(request)["id"] == "ML-1"
    assert system.patience.slept == [7.0, 7.0]


def test_a_site_that_asks_for_an_hour_is_not_asked_meanwhile(system: JiraSystem) -> None:
    system.server.retry_after = "3600"
    system.server.fault("429 before", "SEARCH")
    with pytest.raises(Unavailable, match="429"):
        system.channel.find(notice())
    with pytest.raises(Unavailable, match="asked us to wait, for another 3600 s"):
        system.channel.find(notice())
    assert (len(system.server.asked), system.patience.slept) == (1, [])


def test_a_wrong_token_is_for_a_person_to_change(system: JiraSystem) -> None:
    with pytest.raises(Misconfigured, match="answers 401 Unauthorized") as refusal:
        system.another(token=WRONG).find(notice())
    assert "AUTOPILOT_JIRA_TOKEN" in refusal.value.hint
    assert WRONG not in texts([refusal.value])


def test_a_wrong_token_that_finds_nothing_found_nothing_out(system: JiraSystem) -> None:
    system.server.lets_strangers_look = True
    with pytest.raises(Misconfigured, match="answers 401 Unauthorized"):
        system.another(token=WRONG).find(notice())


@pytest.mark.parametrize("text", ["[" * 100_000, "{" * 100_000, "9" * 100_000, "NaN", "nul", "\x00", '{"issues": '])
def test_an_answer_that_no_reader_takes_is_no_answer(system: JiraSystem, text: str) -> None:
    system.server.text = text
    with pytest.raises(Unavailable):
        system.channel.find(notice())
    with pytest.raises(Unavailable):
        system.channel.post(notice())


def test_a_site_that_nobody_answers_for_is_away(system: JiraSystem) -> None:
    channel = system.channel
    with jira() as other:
        gone = other.channel
    with pytest.raises(Unavailable, match="cannot be reached"):
        gone.find(notice())
    assert channel.find(notice()) is None
