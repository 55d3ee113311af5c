"""Jira as a place where people are asked: one issue, whatever happens; whose answer it is, and what must not count."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from graph.errors import Misconfigured, Refused, Unavailable
from tests.conformance.jira_system import ANA, BEN, BOT, RULE, JiraSystem, jira, notice
from tests.fakes.jira_server import ASKS
from tools import catalogue
from tools.approvals.channel import ChannelSite, Notice
from tools.approvals.jira import CHANNEL, JiraPart, make
from tools.approvals.jira_document import lines, shown
from tools.approvals.jira_site import TOKEN, USER
from tools.limiter import Limiter

MINUTE = timedelta(minutes=1)


@pytest.fixture
def system() -> Iterator[JiraSystem]:
    with jira() as there:
        yield there


@pytest.fixture
def asked(system: JiraSystem) -> tuple[Notice, Any, Any]:
    """A request, what it is known as, and its issue."""
    request = notice()
    known = system.channel.post(request)
    return request, known, system.issue(known)


def heard(system: JiraSystem, asked: Any, **changes: Any) -> list[tuple[str, str, str]]:
    """Return who answered what, and why it must not count."""
    request, known, _ = asked
    return [(each.who, each.decision, each.doubt) for each in system.another(**changes).heard(known, request)]


def test_the_catalogue_has_it() -> None:
    assert catalogue.channel("jira") is CHANNEL
    assert CHANNEL.person == "jira"


def test_an_issue_shows_what_is_asked_and_how_to_answer(asked: Any) -> None:
    request, known, issue = asked
    assert known["id"] == issue.key == "ML-1"
    said = "\n".join(lines(issue.fields["description"]))
    for part in (request.headline, "roc_auc: +0.021", "the slice merchant=gas", "version 3", "candidate 7"):
        assert part in said
    for part in (request.fingerprint[:12], f"<{request.link}>", "2026-12-01T00:00:00Z", "“Approved”", "“Denied”"):
        assert part in said
    assert issue.fields["summary"] == f"fraud-v1: {request.headline}"
    assert issue.fields["labels"] == ["autopilot", f"autopilot-{request.nonce}"]
    json.dumps(known)


def test_a_request_without_a_champion_a_link_or_doubts_is_shown_as_well(system: JiraSystem) -> None:
    bare = notice(champion=None, link=None, doubts=(), numbers=())
    said = "\n".join(lines(system.issue(system.channel.post(bare)).fields["description"]))
    assert "no version serves now" in said
    assert "Doubts" not in said
    assert "report" not in said


def test_markup_in_names_is_text(system: JiraSystem) -> None:
    hostile = notice(
        model="<b>x</b> *bold* [a|http://evil] {code}",
        headline="line\nbreak\u202eturned \ud800<script>alert(1)</script>",
        numbers=(("h1. <i>f</i>", "!image.png!"),),
        doubts=("[~accountid:ana-2] @ana", ""),
        call=("ana-2",),
    )
    known = system.channel.post(hostile)
    issue = system.issue(known)
    assert issue.fields["summary"] == (
        "<b>x</b> *bold* [a|http://evil] {code}: line breakturned <script>alert(1)</script>"
    )
    said = lines(issue.fields["description"])
    assert "h1. <i>f</i>: !image.png!" in said
    assert "[~accountid:ana-2] @ana" in said
    assert said[-1] == "@ana-2"
    kinds = {node["type"] for node in nodes(issue.fields["description"])}
    assert kinds == {"doc", "paragraph", "heading", "bulletList", "listItem", "text", "mention"}
    system.server.move(issue, "Approved", ANA.account)
    assert [each.doubt for each in system.channel.heard(known, hostile)] == [""]


def nodes(node: Any) -> Iterator[Any]:
    yield node
    for each in node.get("content", []):
        yield from nodes(each)


def test_a_request_as_long_as_a_book_is_cut_to_what_jira_takes(system: JiraSystem) -> None:
    long = notice(headline="h" * 3000, doubts=tuple(f"doubt {number} " + "d" * 3000 for number in range(500)))
    issue = system.issue(system.channel.post(long))
    assert len(issue.fields["summary"]) == 255
    said = lines(issue.fields["description"])
    assert "and 480 more: see the report" in said
    assert sum(map(len, said)) < 32_767


def test_it_is_found_again_by_its_label_and_nobody_elses_is(system: JiraSystem, asked: Any) -> None:
    request, known, _ = asked
    assert system.another().find(request) == known
    assert system.another().find(notice()) is None
    system.server.issues[0].creator = BEN
    assert system.another().find(request) is None


def test_the_oldest_counts_and_its_twin_says_so(system: JiraSystem, asked: Any) -> None:
    request, known, _ = asked
    system.server.page = 1
    twin = system.another().post(request)
    assert twin["id"] != known["id"]
    assert system.another().find(request) == known
    for _ in range(2):
        system.another().update(known, notice(nonce=request.nonce, state="approved", said="approved by ana"))
    (said,) = system.issue(twin).comments
    assert lines(said["body"]) == ["This is the same request as ML-1, which counts: approved by ana"]


def test_an_approver_who_moves_it_has_answered(system: JiraSystem, asked: Any) -> None:
    request, known, issue = asked
    assert heard(system, asked) == []
    system.server.remark(issue, BEN.account, "not mine to say")
    system.server.remark(issue, ANA.account, "long ago", -20 * MINUTE)
    system.server.remark(issue, ANA.account, "looked at\nthe slices", -3 * MINUTE)
    system.server.move(issue, "Approved", ANA.account)
    system.server.remark(issue, ANA.account, "much later", 20 * MINUTE)
    (answer,) = system.channel.heard(known, request)
    assert (answer.who, answer.decision, answer.comment, answer.doubt) == (
        "ana-2",
        "approve",
        "looked at the slices",
        "",
    )
    assert abs(answer.at - system.server.now()) < MINUTE
    assert answer.at.utcoffset() == timedelta(0)


def test_one_who_denies_has_answered(system: JiraSystem, asked: Any) -> None:
    system.server.move(asked[2], "Denied", BEN.account)
    assert heard(system, asked) == [("ben-3", "deny", "")]


def test_another_status_says_nothing(system: JiraSystem, asked: Any) -> None:
    system.server.move(asked[2], "Done", ANA.account)
    assert heard(system, asked) == []


def test_names_of_statuses_are_compared_as_people_read_them(system: JiraSystem, asked: Any) -> None:
    system.server.move(asked[2], "Approved once", ANA.account)
    assert heard(system, asked, approved=["approved  ONCE"]) == [("ana-2", "approve", "")]


def test_what_was_moved_before_the_request_says_nothing(system: JiraSystem, asked: Any) -> None:
    system.server.move(asked[2], "Approved", ANA.account, -MINUTE)
    assert heard(system, asked) == []


def test_two_people_on_two_steps_are_two_answers(system: JiraSystem, asked: Any) -> None:
    system.server.move(asked[2], "Approved once", ANA.account)
    system.server.move(asked[2], "Approved", BEN.account, timedelta(seconds=1))
    both = heard(system, asked, approved=["Approved once", "Approved"])
    assert both == [("ana-2", "approve", ""), ("ben-3", "approve", "")]


@pytest.mark.parametrize(
    ("who", "why"),
    [
        (BOT.account, "Autopilot's own account moved the issue, and it is no person"),
        (RULE.account, "an app moved the issue, and it is no person"),
        (None, "Jira does not say who moved the issue"),
    ],
)
def test_what_no_person_moved_does_not_count(system: JiraSystem, asked: Any, who: str | None, why: str) -> None:
    system.server.move(asked[2], "Approved", who)
    assert heard(system, asked) == [(who or "", "approve", why)]


@pytest.mark.parametrize("name", ["summary", "description"])
@pytest.mark.parametrize("is_noted", [True, False])
def test_an_answer_to_other_words_does_not_count(system: JiraSystem, asked: Any, name: str, is_noted: bool) -> None:
    issue = asked[2]
    other = json.loads(json.dumps(issue.fields[name]).replace("0.021", "0.9"))
    system.server.edit(issue, name, other, BEN.account, is_noted)
    system.server.move(issue, "Approved", ANA.account)
    ((_, _, doubt),) = heard(system, asked)
    assert doubt.startswith(f"its {name} was changed at" if is_noted else "its summary or description is not what")


def test_words_that_were_changed_back_after_the_answer_are_other_words_all_the_same(
    system: JiraSystem, asked: Any
) -> None:
    issue = asked[2]
    before = issue.fields["description"]
    system.server.edit(issue, "description", None, BEN.account)
    system.server.move(issue, "Approved", ANA.account)
    system.server.edit(issue, "description", before, BEN.account)
    ((_, _, doubt),) = heard(system, asked)
    assert doubt.startswith("its description was changed at")


def test_a_link_that_leads_elsewhere_is_other_words(system: JiraSystem, asked: Any) -> None:
    issue = asked[2]
    text = json.dumps(issue.fields["description"])
    other = text.replace('"href": "https://autopilot.example', '"href": "https://evil.example')
    assert other != text
    system.server.edit(issue, "description", json.loads(other), BEN.account, is_noted=False)
    system.server.move(issue, "Approved", ANA.account)
    ((_, _, doubt),) = heard(system, asked)
    assert doubt == "its summary or description is not what Autopilot wrote"


def test_what_jira_adds_to_a_document_is_no_other_words(system: JiraSystem, asked: Any) -> None:
    issue = asked[2]
    for node in nodes(issue.fields["description"]):
        if node["type"] in ("paragraph", "heading"):
            node["attrs"] = {**node.get("attrs", {}), "localId": "a1"}
    system.server.move(issue, "Approved", ANA.account)
    assert heard(system, asked) == [("ana-2", "approve", "")]


def test_a_document_of_any_form_has_words_or_none() -> None:
    deep: Any = {"type": "text", "text": "end"}
    for _ in range(20_000):
        deep = {"type": "paragraph", "content": [deep]}
    assert lines(deep) == ["end"]
    assert lines({"type": "doc", "content": [None, 7, {"type": "text"}, {"content": "x", "marks": 3}]}) == []


def test_a_field_of_the_owner_that_is_called_description_says_nothing(system: JiraSystem, asked: Any) -> None:
    item = {"field": "Description", "fieldtype": "custom", "from": None, "to": None, "toString": "x"}
    system.server.note(asked[2], BEN.account, [item])
    system.server.move(asked[2], "Approved", ANA.account)
    assert heard(system, asked) == [("ana-2", "approve", "")]


def test_an_issue_that_went_to_another_project_does_not_count(system: JiraSystem, asked: Any) -> None:
    system.server.transfer(asked[2], "EVIL", BEN.account)
    system.server.move(asked[2], "Approved", ANA.account)
    assert heard(system, asked) == [("ana-2", "approve", "it was moved to another project")]


def test_an_approval_that_was_taken_back_by_anybody_does_not_count(system: JiraSystem, asked: Any) -> None:
    system.server.move(asked[2], "Approved", ANA.account)
    system.server.move(asked[2], "To Do", BEN.account, timedelta(seconds=1))
    ((_, _, doubt),) = heard(system, asked)
    assert doubt.startswith("it was moved on at")
    system.server.move(asked[2], "Approved", ANA.account, timedelta(seconds=2))
    assert [doubt == "" for _, _, doubt in heard(system, asked)] == [False, True]


def test_a_no_is_taken_back_by_nobody_but_who_said_it(system: JiraSystem, asked: Any) -> None:
    system.server.move(asked[2], "Denied", ANA.account)
    system.server.move(asked[2], "Approved", BEN.account, timedelta(seconds=1))
    assert heard(system, asked) == [("ana-2", "deny", ""), ("ben-3", "approve", "")]
    system.server.move(asked[2], "To Do", ANA.account, timedelta(seconds=2))
    (ana, _) = heard(system, asked)
    assert ana[2].startswith("it was moved on at")


@pytest.mark.parametrize("page", [1, 2, 3, 100])
def test_every_page_of_the_history_is_read(system: JiraSystem, asked: Any, page: int) -> None:
    system.server.page = page
    issue = asked[2]
    system.server.move(issue, "Denied", ANA.account)
    for number in range(4):
        item = {"field": "priority", "fieldtype": "jira", "from": "1", "to": str(number), "toString": str(number)}
        system.server.note(issue, BEN.account, [item], timedelta(seconds=1))
    system.server.move(issue, "Approved", BEN.account, timedelta(seconds=2))
    assert heard(system, asked) == [("ana-2", "deny", ""), ("ben-3", "approve", "")]


def test_an_issue_that_was_moved_while_it_was_read_is_read_again(system: JiraSystem, asked: Any) -> None:
    system.server.move(asked[2], "Approved", ANA.account)
    asked[2].status = "10000"
    with pytest.raises(Unavailable, match="changed ML-1 while it was read"):
        heard(system, asked)


@pytest.mark.parametrize("created", ["yesterday", "2026-11-27T10:00:00", "2026-13-27T10:00:00.000+0000", None, 7])
def test_a_time_that_is_none_is_no_answer(system: JiraSystem, asked: Any, created: Any) -> None:
    system.server.move(asked[2], "Approved", ANA.account)
    asked[2].histories[0]["created"] = created
    with pytest.raises(Unavailable, match="form that is not known") as refusal:
        heard(system, asked)
    assert refusal.value.message.startswith("fraud-v1: Jira at")


@pytest.mark.parametrize("answer", [[], {}, "text", {"fields": []}, {"fields": None, "changelog": {}}, {"issues": [3]}])
def test_an_answer_of_another_form_is_no_answer(system: JiraSystem, asked: Any, answer: Any) -> None:
    request, known, _ = asked
    system.server.instead = answer
    with pytest.raises(Unavailable):
        system.channel.heard(known, request)
    with pytest.raises(Unavailable):
        system.channel.update(known, request)
    with pytest.raises(Unavailable):
        system.channel.post(notice())


def test_an_issue_that_is_gone_is_for_a_person_to_see_to(system: JiraSystem, asked: Any) -> None:
    request, known, _ = asked
    system.server.issues.clear()
    for act in (
        lambda: system.channel.heard(known, request),
        lambda: system.channel.update(known, request),
        lambda: system.channel.say(known, "n", "waiting", ()),
    ):
        with pytest.raises(Refused, match="does not show ML-1 any more"):
            act()


def test_what_became_of_it_is_said_once_and_the_description_stays(system: JiraSystem, asked: Any) -> None:
    request, known, issue = asked
    before = shown(issue.fields["summary"], issue.fields["description"])
    for said, state in (("1 of 2 approved", "pending"), ("voided: the champion alias moved", "voided")):
        for _ in range(2):
            system.another().update(known, notice(nonce=request.nonce, said=said, state=state))
    assert [lines(each["body"]) for each in issue.comments] == [
        ["1 of 2 approved"],
        ["voided: the champion alias moved Moving this issue changes nothing any more."],
    ]
    assert shown(issue.fields["summary"], issue.fields["description"]) == before
    assert issue.histories == []


def test_people_are_called_by_account_and_a_repeated_call_is_one(system: JiraSystem, asked: Any) -> None:
    _, known, issue = asked
    for nonce in ("first", "first", "second"):
        system.another().say(known, nonce, "Still waiting <b>", ("ana-2", "ben-3"))
    assert [lines(each["body"]) for each in issue.comments] == [["@ana-2 @ben-3 Still waiting <b>"]] * 2


def test_a_digest_makes_no_issue(system: JiraSystem) -> None:
    system.channel.tell("nonce", "three requests wait", ("ana-2",))
    assert system.server.asked == []


def test_a_field_that_the_project_demands_is_named(system: JiraSystem) -> None:
    system.server.demands["customfield_10010"] = "Risk is required."
    with pytest.raises(Refused, match=r"fraud-v1: .*customfield_10010: Risk is required\."):
        system.channel.post(notice())


def test_a_missing_right_is_named(system: JiraSystem, asked: Any) -> None:
    known = asked[1]
    system.server.users[BOT.account].permissions = ASKS - {"ADD_COMMENTS"}
    try:
        with pytest.raises(Misconfigured, match="403 Forbidden") as refusal:
            system.channel.say(known, "n", "waiting", ())
    finally:
        system.server.users[BOT.account].permissions = ASKS
    assert "Add Comments" in refusal.value.hint


def test_the_old_search_is_gone_there(system: JiraSystem) -> None:
    site = system.channel._site
    with pytest.raises(Misconfigured, match="410 Gone: The requested API has been removed") as refusal:
        site.get("/rest/api/3/search")
    assert "newer release" in refusal.value.hint


def test_without_a_login_nothing_is_made(system: JiraSystem) -> None:
    part = system.part()
    for logins in ({}, {USER: BOT.email}, {USER: BOT.email, TOKEN: "line\nend"}, {USER: "a:b", TOKEN: "t"}):
        with pytest.raises(Misconfigured, match="AUTOPILOT_JIRA_") as refusal:
            make(part, ChannelSite(Limiter(), logins))
        assert "line\nend" not in refusal.value.message


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://jira.example"},
        {"url": "https://me:secret@jira.example"},
        {"project": 'ML" OR project = "HR'},
        {"approved": []},
        {"approved": ["Same"], "denied": ["same"]},
        {"ca": "relative.pem"},
        {"webhook": "x"},
    ],
)
def test_what_its_owner_writes_is_checked(wrong: dict[str, Any]) -> None:
    usual: dict[str, Any] = {"url": "https://jira.example", "project": "ML", "approved": ["Yes"], "denied": ["No"]}
    assert JiraPart(**usual).issue_type == "Task"
    with pytest.raises(ValidationError):
        JiraPart(**{**usual, **wrong})
