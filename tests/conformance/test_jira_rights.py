"""What `autopilot doctor` says of Jira."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from graph.errors import Misconfigured
from tests.conformance.jira_system import BOT, JiraSystem, jira
from tests.fakes.jira_server import ASKS, MOVES
from tools.approvals.jira import CHANNEL
from tools.approvals.jira_callbacks import SECRET
from tools.approvals.jira_site import TOKEN


@pytest.fixture
def system() -> Iterator[JiraSystem]:
    with jira() as there:
        yield there
    BOT.permissions = ASKS


def examined(system: JiraSystem, logins: dict[str, str] | None = None, **changes: Any) -> list[tuple[str, str]]:
    now = system.server.now() - system.server.skew
    found = CHANNEL.examine(system.part(**changes), system.given(**(logins or {})), now)
    return [(each.state, each.detail) for each in found]


def problems(system: JiraSystem, **changes: Any) -> list[tuple[str, str]]:
    return [found for found in examined(system, **changes) if found[0] != "ok"]


def test_a_bot_that_may_ask_and_not_answer_is_well(system: JiraSystem) -> None:
    assert problems(system) == []
    said = " ".join(detail for _, detail in examined(system))
    assert "knows us as Bot-1" in said
    assert "has the statuses Approved, Denied" in said
    assert "has Browse Projects, Create Issues, Add Comments" in said
    assert f"{SECRET} is set" in said
    assert f"{SECRET} is not set" in " ".join(detail for _, detail in examined(system, {SECRET: ""}))


def test_it_changes_nothing(system: JiraSystem) -> None:
    examined(system)
    assert {request.method for request in system.server.asked} == {"GET"}


def test_a_bot_that_could_approve_is_warned_of(system: JiraSystem) -> None:
    BOT.permissions = MOVES
    ((state, said),) = problems(system)
    assert state == "warning"
    assert "could approve by itself" in said


def test_an_administrator_is_warned_of(system: JiraSystem) -> None:
    BOT.permissions = ASKS | {"ADMINISTER", "EDIT_ISSUES"}
    assert problems(system) == [
        ("warning", "the bot's account may do more than it needs: Edit Issues, Administer Jira"),
    ]


def test_a_right_that_is_missing_is_named(system: JiraSystem) -> None:
    BOT.permissions = ASKS - {"CREATE_ISSUES"}
    assert problems(system) == [("failed", "the bot's account lacks Create Issues")]


def test_a_project_that_is_not_shown_is_named(system: JiraSystem) -> None:
    assert problems(system, project="HR") == [("failed", "Jira shows no project HR")]


def test_a_status_or_a_type_that_is_not_there_is_named(system: JiraSystem) -> None:
    assert problems(system, approved=["Approved", "Signed"]) == [
        ("failed", "the workflow of Task has no status Signed")
    ]
    assert problems(system, issue_type="Epic") == [("failed", "the project has no issue type Epic")]


def test_a_clock_that_is_wrong_is_warned_of(system: JiraSystem) -> None:
    system.server.skew = timedelta(minutes=5)
    ((state, said),) = problems(system)
    assert state == "warning"
    assert "s ahead of ours" in said


def test_a_login_that_is_wrong_is_for_a_person_to_change(system: JiraSystem) -> None:
    with pytest.raises(Misconfigured, match="401"):
        examined(system, {TOKEN: "wrong"})
