"""Who may answer, where answers leave a request, and what an approval stands for."""

from dataclasses import fields, replace

import pytest

from graph.errors import Refused
from graph.model import Sealed
from graph.policy.approval import difference, fingerprint, may_answer, names, reason, reason_to_expire, state_after
from graph.spec import ApprovalSpec
from tests.unit.graph.policy.builders import APPROVAL, DAY, HOUR, NOW, SEALED, SPEC, answer

RULES = SPEC.approval
TWO = ApprovalSpec(approvers=("ana", "ben", "eve"), quorum=2)
LATE = NOW + 2 * DAY
BY_ANA = (answer(),)
DENIED = replace(APPROVAL, state="denied", answers=(answer("ben", "deny"),))


@pytest.mark.parametrize(
    ("approval", "given", "spec", "now", "words"),
    [
        # Somebody was first: who, and when.
        (replace(APPROVAL, state="approved", answers=BY_ANA), answer("ben"), RULES, NOW,
         "is approved already: approved by ana through cli at 2026-03-01T10:30:00Z"),
        (DENIED, answer("ana"), RULES, NOW, "is denied already: denied by ben"),
        # Closed without an answer.
        (replace(APPROVAL, state="voided", reason="the champion alias moved from 3 to 5"), answer(), RULES, NOW,
         "is voided already: voided: the champion alias moved"),
        (replace(APPROVAL, state="expired"), answer(), RULES, NOW, "is expired already: expired: nobody answered"),
        # Too late, to the second.
        (APPROVAL, answer(), RULES, APPROVAL.expires_at, "expired at 2026-03-02T10:30:00Z; silence is a deny"),
        # Too late to deny as well: it is denied by then.
        (APPROVAL, answer("ana", "deny"), RULES, LATE, "expired"),
        # Through a channel that the owner excludes.
        (APPROVAL, answer(channel="cli"), ApprovalSpec(("ana",), channels=("slack",)), NOW, "no answers through cli"),
        # Not an approver, not even to deny.
        (APPROVAL, answer("mallory"), RULES, NOW, "mallory is not an approver of fraud"),
        (APPROVAL, answer("mallory", "deny"), RULES, NOW, "mallory is not an approver"),
        # Names are compared as written.
        (APPROVAL, answer("Ana"), RULES, NOW, "Ana is not an approver"),
        # Nobody is named.
        (APPROVAL, answer(), ApprovalSpec(), NOW, "ana is not an approver"),
        # Whoever asked for the run cannot approve it, however they spelled their name.
        (replace(APPROVAL, requested_by="ana"), answer("ana"), RULES, NOW, "ana asked for run r1 of fraud and cannot"),
        (replace(APPROVAL, requested_by=" ANA"), answer("ana"), RULES, NOW, "ana asked for run r1"),
        # One person is not two.
        (replace(APPROVAL, quorum=2, answers=BY_ANA), answer("ana"), TWO, NOW, "ana has answered run r1 of fraud"),
    ],
)  # fmt: skip
def test_an_answer_is_refused_with_the_rule(approval, given, spec, now, words):
    with pytest.raises(Refused) as refused:
        may_answer(approval, given, spec, now)

    assert words in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize(("approvers", "who"), [(("ana", "ben"), "ben"), (("ana",), "there is none: name one")])
def test_who_asked_is_told_who_else_may_approve(approvers, who):
    with pytest.raises(Refused) as refused:
        may_answer(replace(APPROVAL, requested_by="ana"), answer("ana"), ApprovalSpec(approvers), NOW)

    assert f"another approver must ({who}" in refused.value.hint


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        (ApprovalSpec(("ana", "ben"), channels=("slack", "jira")), "answer through: slack, jira"),
        (ApprovalSpec(("ana", "ben"), channels=()), "answer through: no channel is set in approval.channels"),
        (RULES, "approvers are: ana, ben, eve"),
        (ApprovalSpec(), "approvers are: nobody; name them in approval.approvers"),
    ],
)
def test_a_refusal_says_who_or_what_else_would_do(spec, hint):
    with pytest.raises(Refused) as refused:
        may_answer(APPROVAL, answer("mallory"), spec, NOW)

    assert refused.value.hint == hint


@pytest.mark.parametrize(
    ("approval", "given"),
    [
        (APPROVAL, answer("ana")),
        (APPROVAL, answer("ben", "deny")),
        # Whoever asked may change their mind.
        (replace(APPROVAL, requested_by="ana"), answer("ana", "deny")),
        # A return to what a person approved before.
        (replace(APPROVAL, requested_by="ana", returns_to_approved=True), answer("ana")),
        # The second of two.
        (replace(APPROVAL, quorum=2, answers=BY_ANA), answer("ben")),
    ],
)
def test_an_answer_is_taken(approval, given):
    may_answer(approval, given, RULES, NOW)


@pytest.mark.parametrize(
    ("approval", "spec", "now", "state"),
    [
        (APPROVAL, RULES, NOW, "pending"),
        (replace(APPROVAL, answers=BY_ANA), RULES, NOW, "approved"),
        # One of two.
        (replace(APPROVAL, quorum=2, answers=BY_ANA), TWO, NOW, "pending"),
        (replace(APPROVAL, quorum=2, answers=(answer("ana"), answer("ben"))), TWO, NOW, "approved"),
        # Whichever asks for more: the file may have changed since.
        (replace(APPROVAL, answers=BY_ANA), TWO, NOW, "pending"),
        # The same person twice is one.
        (replace(APPROVAL, quorum=2, answers=(answer("ana"), answer("ana"))), TWO, NOW, "pending"),
        # One who is no longer an approver does not count.
        (replace(APPROVAL, answers=BY_ANA), ApprovalSpec(approvers=("ben",)), NOW, "pending"),
        # A deny wins over any number of approvals.
        (
            replace(APPROVAL, quorum=2, answers=(answer("ana"), answer("ben"), answer("eve", "deny"))),
            TWO,
            NOW,
            "denied",
        ),
        # Silence, and half an answer, expire.
        (APPROVAL, RULES, APPROVAL.expires_at, "expired"),
        (APPROVAL, RULES, APPROVAL.expires_at - HOUR, "pending"),
        (replace(APPROVAL, quorum=2, answers=BY_ANA), TWO, LATE, "expired"),
        # Approved in time, looked at later.
        (replace(APPROVAL, answers=BY_ANA), RULES, LATE, "approved"),
        # Given too late, to the second.
        (replace(APPROVAL, answers=(answer(at=APPROVAL.expires_at),)), RULES, LATE, "expired"),
        (replace(APPROVAL, answers=(answer(at=LATE),)), RULES, LATE, "expired"),
        # A quorum of nobody is still one.
        (replace(APPROVAL, quorum=0), ApprovalSpec(("ana",), quorum=0), NOW, "pending"),
        # Closed stays closed.
        (replace(APPROVAL, state="voided", answers=BY_ANA), RULES, NOW, "voided"),
        (replace(APPROVAL, state="approved"), RULES, LATE, "approved"),
    ],
)
def test_where_the_answers_leave_a_request(approval, spec, now, state):
    assert state_after(approval, spec, now) == state


@pytest.mark.parametrize(
    ("approval", "words"),
    [
        (APPROVAL, "0 of 1 approved, until 2026-03-02T10:30:00Z"),
        (replace(APPROVAL, quorum=2, answers=BY_ANA), "1 of 2 approved, until 2026-03-02T10:30:00Z"),
        (
            replace(APPROVAL, state="approved", answers=(replace(answer(), comment="looks right"),)),
            'approved by ana through cli at 2026-03-01T10:30:00Z "looks right"',
        ),
        # Of a denied one, the deny.
        (
            replace(APPROVAL, state="denied", answers=(answer("ana"), answer("ben", "deny"))),
            "denied by ben through cli at 2026-03-01T10:30:00Z",
        ),
        (replace(APPROVAL, state="expired"), "expired: nobody answered in time"),
        (replace(APPROVAL, state="voided", reason="bytes changed"), "voided: bytes changed"),
        (replace(APPROVAL, state="voided"), "voided"),
        # Closed by hand, without an answer.
        (replace(APPROVAL, state="approved"), "approved"),
    ],
)
def test_what_became_of_a_request_in_words(approval, words):
    assert reason(approval) == words


@pytest.mark.parametrize(
    ("unheard", "after", "said"),
    [
        ([], 0 * HOUR, "nobody answered in time; silence is a deny"),
        (["jira"], 0 * HOUR, None),
        (["jira"], 0.99 * HOUR, None),
        (["jira", "slack"], 1 * HOUR,
         "nobody answered in time; silence is a deny; jira and slack could not be read for 60 minutes after it"),
    ],
)  # fmt: skip
def test_silence_counts_when_every_channel_was_read_or_stayed_away_for_an_hour(unheard, after, said):
    assert reason_to_expire(APPROVAL, unheard, APPROVAL.expires_at + after) == said


def test_a_fingerprint_stands_for_every_field():
    prints = {fingerprint(SEALED)} | {fingerprint(replace(SEALED, **{field.name: "other"})) for field in fields(Sealed)}

    assert len(prints) == len(fields(Sealed)) + 1
    assert fingerprint(SEALED) == fingerprint(replace(SEALED))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, None),
        ({"champion": "5"}, "the champion alias moved from 3 to 5"),
        # Another version has other bytes: said once.
        ({"champion": "5", "champion_digest": "x"}, "the champion alias moved from 3 to 5"),
        ({"champion": None}, "the champion alias moved from 3 to none"),
        ({"champion_digest": "x"}, "the champion's bytes changed"),
        ({"challenger": "8"}, "the challenger changed from version 7 to 8"),
        ({"challenger_digest": "x"}, "the challenger's bytes changed"),
        ({"holdout_digest": None}, "the rows it was judged on changed"),
        ({"validation_digest": "x"}, "the validation it was approved on changed"),
        ({"policy_digest": "x"}, "the model's policy in autopilot.yaml changed"),
        ({"model": "other"}, "the registered model changed from fraud-v1 to other"),
        (
            {"champion": "5", "policy_digest": "x"},
            "the champion alias moved from 3 to 5; the model's policy in autopilot.yaml changed",
        ),
    ],
)
def test_what_changed_is_said_in_words(changes, words):
    assert difference(SEALED, replace(SEALED, **changes)) == words


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("a" * 64, True),  # the whole of it
        ("a" * 12, True),  # as it is shown in short
        ("a" * 11, False),  # too short to mean one thing
        ("b" * 12, False),  # another one
        ("", False),  # nothing names nothing
    ],
)
def test_a_fingerprint_may_be_given_short_but_not_wrong(given, named):
    assert names(given, replace(APPROVAL, fingerprint="a" * 64)) is named
