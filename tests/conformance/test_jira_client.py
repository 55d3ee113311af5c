"""The played Jira, driven by the public `jira` client: what is needed is there, and means what it is taken for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jira as public
import pytest

from tests.conformance.jira_system import ANA, BEN, BOT, JiraSystem, jira, notice
from tests.fakes.jira_server import PROJECT, User
from tools.approvals.jira_document import description, remark


@pytest.fixture
def system() -> Iterator[JiraSystem]:
    with jira() as there:
        yield there


@contextmanager
def client(system: JiraSystem, user: User) -> Iterator[Any]:
    options: dict[str, Any] = {"rest_api_version": "3"}
    found = public.JIRA(system.server.url, options, basic_auth=(user.email, user.token), max_retries=0)
    try:
        yield found
    finally:
        found.close()


def test_it_creates_searches_moves_comments_and_reads_the_history(system: JiraSystem) -> None:
    request = notice()
    with client(system, BOT) as bot, client(system, ANA) as ana:
        made = bot.create_issue(
            project={"key": PROJECT},
            issuetype={"name": "Task"},
            summary="fraud-v1: promote",
            description=description(request, ["Approved"], ["Denied"]),
            labels=["autopilot", f"autopilot-{request.nonce}"],
        )
        asked = f'project = "{PROJECT}" AND labels = "autopilot-{request.nonce}" AND creator = currentUser()'
        for use_post in (True, False):
            (found,) = bot.enhanced_search_issues(asked, fields=["created"], use_post=use_post)
            assert (found.key, found.id) == (made.key, made.id)
        assert list(ana.enhanced_search_issues(asked)) == []
        assert bot.transitions(made.key) == []
        bot.add_comment(made.key, remark("what became of it"))
        ana.transition_issue(made.key, "To Approved", comment=remark("looks right"))
        seen = ana.issue(made.key, expand="changelog")
        (entry,) = seen.changelog.histories
        assert (entry.author.accountId, entry.items[0].field) == (ANA.account, "status")
        assert (entry.items[0].fromString, entry.items[0].toString) == ("To Do", "Approved")
        assert seen.fields.status.name == "Approved"
        assert [each.author.accountId for each in ana.comments(made.key)] == [BOT.account, ANA.account]


def test_our_own_issue_is_what_it_sees_and_its_answer_is_what_we_hear(system: JiraSystem) -> None:
    request = notice()
    known = system.channel.post(request)
    system.channel.say(known, "n", "still waiting", (BEN.account,))
    with client(system, BEN) as ben:
        seen = ben.issue(known["id"])
        assert seen.fields.summary.startswith("fraud-v1: ")
        assert request.nonce in "".join(seen.fields.labels)
        (said,) = ben.comments(known["id"], expand="properties")
        assert said.properties[0].key == "autopilot"
        ben.transition_issue(known["id"], "To Denied", comment=remark("too soon"))
    (answer,) = system.channel.heard(known, request)
    assert (answer.who, answer.decision, answer.comment, answer.doubt) == (BEN.account, "deny", "too soon", "")


def test_it_turns_pages(system: JiraSystem) -> None:
    system.server.page = 2
    for _ in range(5):
        system.channel.post(notice())
    with client(system, ANA) as ana:
        found = ana.enhanced_search_issues(f'project = "{PROJECT}" AND labels = "autopilot"', maxResults=0)
        assert [each.key for each in found] == [f"ML-{number}" for number in range(1, 6)]


def test_it_is_told_what_we_are_told(system: JiraSystem) -> None:
    with client(system, BOT) as bot:
        rights = bot.my_permissions(projectKey=PROJECT, permissions="CREATE_ISSUES,TRANSITION_ISSUES")["permissions"]
        assert {name: each["havePermission"] for name, each in rights.items()} == {
            "CREATE_ISSUES": True,
            "TRANSITION_ISSUES": False,
        }
        assert bot.myself()["accountId"] == BOT.account
        with pytest.raises(public.JIRAError) as gone:
            bot._get_json("search")
        assert gone.value.status_code == 410
        with pytest.raises(public.JIRAError) as wrong:
            bot.create_issue(project={"key": "HR"}, issuetype={"name": "Task"}, summary="x", description=remark("x"))
        assert wrong.value.status_code == 400
