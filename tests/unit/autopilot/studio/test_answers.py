"""Answers in the forms that clients of LangGraph send them; and what is no answer."""

import pytest

from autopilot.studio.answers import Said, read

QUESTION = "4f9c"
YES, NO = Said("approve"), Said("deny")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        # Agent Inbox: a list of one; an accepted action brings its arguments back.
        ([{"type": "accept", "args": None}], YES),
        ([{"type": "accept", "args": {"action": "promote", "args": {"challenger": "3"}}}], YES),
        ([{"type": "ignore", "args": None}], NO),
        ([{"type": "response", "args": "not before Monday"}], Said("deny", "not before Monday")),
        # agent-chat-ui, and LangChain's middleware.
        ({"decisions": [{"type": "approve"}]}, YES),
        ({"decisions": [{"type": "reject", "message": "too early"}]}, Said("deny", "too early")),
        ({"type": "respond", "message": "why?"}, Said("deny", "why?")),
        # Our API's words, and the bare one.
        ({"decision": "approve", "comment": "good"}, Said("approve", "good")),
        ({"decision": "deny", "token": "ap_1"}, Said("deny", token="ap_1")),
        ("deny", NO),
        # Addressed to the question, in any of the forms.
        ({QUESTION: [{"type": "accept"}]}, YES),
        ({QUESTION: "approve"}, YES),
    ],
)
def test_an_answer_is_read_in_every_form(value, said):
    assert read(value, QUESTION) == said


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        1,
        "",
        "yes",
        "APPROVE",
        {},
        [],
        [None],
        {"carry_on": True},
        {"another": "approve"},
        # Nothing can be edited.
        [{"type": "edit", "args": {"action": "promote", "args": {"challenger": "9"}}}],
        # Two answers, alike or not, and two words or comments for one.
        [{"type": "accept"}, {"type": "accept"}],
        {"decisions": [{"type": "approve"}, {"type": "reject"}]},
        {"decision": "approve", "type": "reject"},
        {"decision": "deny", "comment": "a", "message": "b"},
        {"decisions": []},
        {"decision": ["approve"]},
        {"decision": "approve", "token": 1},
        {"decision": "approve", "comment": "x" * 2001},
        {"decision": "approve", "comment": "a\x00b"},
        [[{"type": "accept"}]],
    ],
)
def test_what_is_not_understood_is_no_answer(value):
    assert read(value, QUESTION) is None


def test_a_token_is_not_shown():
    assert "ap_1" not in repr(read({"decision": "approve", "token": "ap_1"}))
